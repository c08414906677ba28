"""The arguments of every command that takes a part of a source."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segnet_model.datasets.sources import Source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    group = parser.add_argument_group("which part; an image of a folder counts as a second")
    group.add_argument(
        "--start", type=float, default=0.0, metavar="S", help="seconds to leave out at the begin"
    )
    group.add_argument("--seconds", type=float, metavar="S", help="length of the part (all)")
    group.add_argument(
        "--every", type=float, default=0.0, metavar="S", help="least seconds between images (0)"
    )


def of(source: Source, args: argparse.Namespace) -> Source:
    """The part of an open source that the arguments ask for."""
    return source.part(args.start, args.seconds, args.every)
