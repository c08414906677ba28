"""The argument that says what names of elsewhere mean."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from segnet_model.base.errors import SettingsError


def add_argument(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add `--map NAME=CLASS`, which may be given again and again."""
    parser.add_argument("--map", action="append", default=[], metavar="NAME=CLASS", help=help_text)


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
