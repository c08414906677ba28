"""One class of a label set: its name, color and flags.

A class has a cost of driving on it, as in nav_msgs/OccupancyGrid: 0 to 99 where it is drivable, 100
where it is lethal.

A class is ground if it lies in the plane of the robot: road, pavement, grass. The place of such a
pixel follows from the pixel alone; other classes rise from the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segnet_model.base.class_costs import LETHAL, UNKNOWN, WORDS, is_drivable
from segnet_model.base.class_maps import IGNORE
from segnet_model.base.documents import check_names, flag, named_value, plain_text, whole_number
from segnet_model.base.errors import SettingsError

MAX_NAME = 100  # characters
CLASS_KEYS = ("name", "color", "drivable", "ground", "cost", "id")


@dataclass(frozen=True)
class SegmentationClass:
    """One class.

    Attributes:
        name: unique in its set.
        color: RGB, 0 to 255.
        drivable: whether the robot may drive on it.
        ground: whether it is flat ground; drivable classes always are.
        cost: of driving on it, 0 to 99 where it is drivable, else 100, or -1 to leave its place
            unknown; None is 0 or 100.
    """

    name: str
    color: tuple[int, int, int]
    drivable: bool = False
    ground: bool = False
    cost: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "ground", self.ground or self.drivable)
        # Names are printed to terminals, where control characters are dangerous.
        if not 0 < len(self.name) <= MAX_NAME or not self.name.isprintable():
            raise SettingsError(f"class name {self.name[:20]!r}: give 1 to {MAX_NAME} letters")
        check_color(self.color, f"class {self.name!r}")
        self._check_cost()

    @property
    def known_cost(self) -> int:
        """The cost of driving on it, also where it follows from `drivable`."""
        if self.cost is not None:
            return self.cost
        return 0 if self.drivable else LETHAL

    def to_dict(self) -> dict[str, Any]:
        """Plain values; without a cost where it follows from `drivable`."""
        values = {**vars(self), "color": list(self.color)}
        return {name: value for name, value in values.items() if value is not None}

    def _check_cost(self) -> None:
        if self.cost is None:
            return
        if not UNKNOWN <= self.cost <= LETHAL:
            raise SettingsError(
                f"cost {self.cost} of class {self.name!r}; give 0 to {LETHAL}, {' or '.join(WORDS)}"
            )
        if is_drivable(self.cost) != self.drivable:
            state = "is drivable" if self.drivable else "is not drivable"
            raise SettingsError(
                f"class {self.name!r} {state} and has the cost {self.cost}; drivable classes have "
                f"0 to {LETHAL - 1}, and others {LETHAL} or unknown"
            )


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
    if name.isprintable() and name != name.strip():
        raise SettingsError(f"{owner} has a space at its begin or end; remove it")
    if name == IGNORE:
        raise SettingsError(
            f"{owner} has the name that means no class in --map; leave it out, as pixels of no "
            "class have the ignore_id, or call it otherwise"
        )
    if whole_number(values.get("id", place), f"id of {owner}") != place:
        raise SettingsError(
            f"{owner} has the id {values['id']}, but place {place} in the list, which is its id in "
            "label images; put the classes in the order of their ids, from 0"
        )
    color = read_color(named_value(values, "color", owner), owner)
    return SegmentationClass(
        name, color, flag(values, "drivable", owner), flag(values, "ground", owner),
        _read_cost(values["cost"], owner) if "cost" in values else None,
    )  # fmt: skip


def _read_cost(value: Any, owner: str) -> int:
    """A whole number, or one of its words; SettingsError if it is neither."""
    if isinstance(value, str) and value in WORDS:
        return WORDS[value]
    return whole_number(value, f"cost of {owner}")


def read_color(values: Any, owner: str) -> tuple[int, int, int]:
    """Three whole numbers; SettingsError if they are none."""
    if not isinstance(values, list | tuple) or len(values) != 3:
        raise SettingsError(f"color of {owner} is no list of three numbers, [red, green, blue]")
    red, green, blue = (whole_number(value, f"color of {owner}") for value in values)
    return red, green, blue
