"""A label set read from plain values, with a reason where they are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from segnet_model.base.documents import (
    check_names,
    kind_of,
    named_value,
    plain_text,
    whole_number,
)
from segnet_model.base.errors import SettingsError
from segnet_model.labels.segmentation_class import SegmentationClass, read_class, read_color

MAX_CLASSES = 255  # ids are bytes, and one is the ignored id
KEYS = ("name", "ignore_id", "ignore_color", "classes")


@contextmanager
def naming_form() -> Iterator[None]:
    """Turn errors about values of the wrong form into SettingsError that names the right one."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(
            f"not a label set ({error}); expected name, ignore_id and classes with name and color "
            "each"
        ) from None


def read_parts(
    values: dict[str, Any],
) -> tuple[str, tuple[SegmentationClass, ...], int, tuple[int, int, int]]:
    """Name, classes, ignored id and ignored color of a label set.

    Raises:
        SettingsError: a key is unknown, or there are too many classes.
        TypeError, ValueError, OverflowError: a value has the wrong form; see `naming_form`.
    """
    if isinstance(values, dict):
        check_names(values, KEYS, "a label set")
    listed = named_value(values, "classes")
    if not isinstance(listed, list):
        raise TypeError(f"classes is {kind_of(listed)} and no list")
    if len(listed) > MAX_CLASSES:
        many = len(listed)
        raise SettingsError(f"a label set has {many} classes; give 1 to {MAX_CLASSES}")
    return (
        plain_text(named_value(values, "name")),
        tuple(read_class(each, place) for place, each in enumerate(listed)),
        whole_number(values.get("ignore_id", 255), "ignore_id"),
        read_color(values.get("ignore_color", (0, 0, 0)), "ignore_color"),
    )
