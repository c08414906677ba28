"""Arguments that several commands have: names of other tools, a part of a source, a folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.errors import SettingsError

if TYPE_CHECKING:
    from segnet_model.datasets.sources import Source


def add_map(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add `--map NAME=CLASS`, which may be repeated."""
    parser.add_argument(
        "--map", action="append", default=[], metavar="NAME=CLASS",
        help=f"{help_text} (may be repeated)",
    )  # fmt: skip


def meanings(pairs: Sequence[str]) -> dict[str, str]:
    """Read "NAME=CLASS" pairs; SettingsError where one is none, or two are for one name."""
    found: dict[str, str] = {}
    for pair in pairs:
        # A class's name may hold "=" less likely than a label's, so the last one counts.
        name, equals, meaning = pair.rpartition("=")
        if not (name and equals and meaning):
            raise SettingsError(f"--map {pair} is not NAME=CLASS, as in --map lawn=Grass")
        if name in found:
            raise SettingsError(f"--map {name}=... is given twice; give it once")
        found[name] = meaning
    return found


def add_part(parser: argparse.ArgumentParser) -> None:
    """Add those of a part of a source."""
    group = parser.add_argument_group("part; an image of a folder lasts one second")
    group.add_argument(
        "--start", type=float, default=0.0, metavar="S",
        help="start of the part in seconds (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "--seconds", type=float, metavar="S", help="duration of the part in seconds (default: all)"
    )
    group.add_argument(
        "--every", type=float, default=0.0, metavar="S",
        help="shortest time between two images in seconds (default: 0)",
    )  # fmt: skip


def part_of(source: Source, args: argparse.Namespace) -> Source:
    """The part of an open source that the arguments ask for."""
    return source.part(args.start, args.seconds, args.every)


def make_folder(folder: Path) -> None:
    """Make a folder, before anything is worked out that would be lost without it.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot make the folder {folder}: {error}; give another --out"
        ) from None
