"""A label set of names alone: colors and flags are those of shipped classes of these names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from segnet_model.base.choices import LABEL_SETS
from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import SettingsError
from segnet_model.labels.label_set import LabelSet
from segnet_model.labels.segmentation_class import SegmentationClass

_FIRST = "outdoor"  # where several shipped sets have a name


def label_set_of(names: Sequence[str], name: str) -> LabelSet:
    """A label set of these names, in this order.

    Args:
        names: of the classes. One that a shipped label set has, in any case, has its flags, and its
            color where that is free. Others are not drivable.
        name: of the set.

    Raises:
        SettingsError: a name is empty, given twice, or may be more than a name.

    Example:
        >>> yard = label_set_of(["path", "beehive"], "yard")
        >>> [(each.name, each.color, each.drivable) for each in yard.classes]
        [('path', (214, 172, 110), True), ('beehive', (128, 0, 0), False)]
    """
    _check(names)
    shipped = _shipped()
    found = [shipped.get(each.lower()) for each in names]
    taken = {(0, 0, 0)} | {each.color for each in found if each}  # black is unlabeled
    free = (color for color in voc_colors() if color not in taken)
    classes, used = [], set()
    for each, like in zip(names, found, strict=True):
        color = like.color if like and like.color not in used else next(free)
        used.add(color)
        classes.append(replace(like or SegmentationClass(each, color), name=each, color=color))
    if name in (*LABEL_SETS, "scenes"):  # maps of these names ship
        name = f"my_{name}"
    return LabelSet(name if name.isprintable() and name else "own", tuple(classes))


def _check(names: Sequence[str]) -> None:
    if not names or not all(names) or any(set(each) & set("=;") for each in names):
        raise SettingsError(f"classes {','.join(names)!r}: give names, as in path,grass,person")
    if IGNORE in map(str.lower, names):
        raise SettingsError(
            f"classes {','.join(names)!r}: {IGNORE!r} is what counts nowhere, as pixels without a "
            "class do; leave it out"
        )


def _shipped() -> dict[str, SegmentationClass]:
    """The shipped classes by name in small letters."""
    sets = [LabelSet.load(each) for each in sorted(LABEL_SETS, key=lambda each: each == _FIRST)]
    return {one.name.lower(): one for labels in sets for one in labels.classes}


def voc_colors() -> Iterator[tuple[int, int, int]]:
    """Colors that differ, Pascal VOC's from id 1 on.

    Bits 0, 1 and 2 of each octal digit of the id, the lowest first, go to red, green and blue.
    """
    for index in range(1, 1 << 24):
        red, green, blue = (
            sum((index >> 3 * digit + channel & 1) << 7 - digit for digit in range(8))
            for channel in range(3)
        )
        yield red, green, blue
