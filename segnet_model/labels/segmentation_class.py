"""One class of a label set: its name, color and flags.

A class is ground if it lies in the plane of the robot: road, pavement, grass. The place of such a
pixel follows from the pixel alone; other classes rise from the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segnet_model.base.documents import check_names, flag, named_value, plain_text, whole_number
from segnet_model.base.errors import SettingsError

MAX_NAME = 100  # characters
CLASS_KEYS = ("name", "color", "drivable", "ground", "id")


@dataclass(frozen=True)
class SegmentationClass:
    """One class.

    Attributes:
        name: unique in its set.
        color: RGB, 0 to 255.
        drivable: whether the robot may drive on it.
        ground: whether it is flat ground; drivable classes always are.
    """

    name: str
    color: tuple[int, int, int]
    drivable: bool = False
    ground: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "ground", self.ground or self.drivable)
        # Names are printed to terminals, where control characters are dangerous.
        if not 0 < len(self.name) <= MAX_NAME or not self.name.isprintable():
            raise SettingsError(f"class name {self.name[:20]!r}: give 1 to {MAX_NAME} letters")
        check_color(self.color, f"class {self.name!r}")


def check_color(color: tuple[int, ...], owner: str) -> None:
    """Raise SettingsError unless a color is three numbers from 0 to 255."""
    if len(color) != 3 or not all(0 <= value <= 255 for value in color):
        raise SettingsError(f"color {color} of {owner} is not three numbers from 0 to 255")


def read_class(values: dict[str, Any], place: int) -> SegmentationClass:
    """The class of plain values, at its place in a label set.

    Raises:
        SettingsError: a value has the wrong form, or no meaning.
        TypeError: the name or the color is missing.
    """
    name = plain_text(named_value(values, "name", "a class"))
    owner = f"class {name[:MAX_NAME]!r}"
    check_names(values, CLASS_KEYS, owner)
    if whole_number(values.get("id", place), f"id of {owner}") != place:
        raise SettingsError(
            f"{owner} has the id {values['id']}, but place {place} in the list, which is its id in "
            "label images; put the classes in the order of their ids, from 0"
        )
    color = read_color(named_value(values, "color", owner), owner)
    return SegmentationClass(
        name, color, flag(values, "drivable", owner), flag(values, "ground", owner)
    )


def read_color(values: Any, owner: str) -> tuple[int, int, int]:
    """Three whole numbers; SettingsError if they are none."""
    if not isinstance(values, list | tuple) or len(values) != 3:
        raise SettingsError(f"color of {owner} is no list of three numbers, [red, green, blue]")
    red, green, blue = (whole_number(value, f"color of {owner}") for value in values)
    return red, green, blue
