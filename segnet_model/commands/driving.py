"""The arguments of every command that says where the robot may drive."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segnet_model.driving.rule import Driving


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them; the defaults are the node's."""
    from segnet_model.driving.rule import Driving

    usual = Driving()
    group = parser.add_argument_group("where the robot may drive")
    group.add_argument(
        "--max-uncertainty", type=float, default=usual.max_uncertainty, metavar="U",
        help="a pixel that is less sure is not drivable, 0 to 1 (%(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--min-area",
        type=float,
        default=usual.min_area,
        metavar="SHARE",
        help="of the image: smaller specks vanish, smaller holes are filled (%(default)s)",
    )
    group.add_argument(
        "--margin", type=int, default=usual.margin, metavar="PIXELS",
        help="to keep away from what is not drivable (%(default)s)",
    )  # fmt: skip


def settings(args: argparse.Namespace) -> Driving:
    """What the arguments say."""
    from segnet_model.driving.rule import Driving

    return Driving(args.max_uncertainty, args.min_area, args.margin)
