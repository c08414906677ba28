"""Class maps as texts: NAME=CLASS, the class of one label set for a class of another."""

from __future__ import annotations

from collections.abc import Sequence

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
