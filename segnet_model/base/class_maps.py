"""Class maps as texts and files: the class of one label set for a class of another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segnet_model.base.documents import kind_of, load_yaml, plain_text
from segnet_model.base.errors import SettingsError

IGNORE = "ignore"  # as the class of a name: the ignored id


def read_map(pairs: Sequence[str]) -> dict[str, str]:
    """Read "NAME=CLASS" pairs.

    Raises:
        SettingsError: a text is no pair, or two pairs have one name.
    """
    classes: dict[str, str] = {}
    for pair in pairs:
        # A label's name may hold "="; a class's name hardly does, so the last one separates.
        name, equals, meaning = pair.rpartition("=")
        if not (name and equals and meaning):
            raise SettingsError(f"--map {pair} is not NAME=CLASS, as in --map lawn=Grass")
        if name in classes:
            raise SettingsError(f"--map {name}=... is given twice; give it once")
        classes[name] = meaning
    return classes


def load_map(path: Path) -> dict[str, str]:
    """Read a YAML file with lines "NAME: CLASS", or with these under `classes`.

    Raises:
        SettingsError: there is no such file, or it is no such table.
    """
    try:
        values = load_yaml(path)
        if isinstance(values, dict) and isinstance(values.get("classes"), dict):
            values = values["classes"]
        if not isinstance(values, dict) or not values:
            raise SettingsError(
                f"it is {kind_of(values)}; write a line NAME: CLASS for each name, "
                "and colors in quotes, '#ff0000': CLASS"
            )
        return {plain_text(name): plain_text(meaning) for name, meaning in values.items()}
    except (OSError, TypeError, SettingsError) as error:
        raise SettingsError(f"--map-file {path}: {error}") from None
