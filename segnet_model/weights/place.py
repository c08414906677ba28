"""The place score in a weights file: the features of whole images of calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segnet_model.base.errors import WeightsError

MOST_FEATURES = 4096  # of an image
MOST = 1e6  # of a number here

Row = tuple[float, ...]


@dataclass(frozen=True)
class PlaceScore:
    """Numbers of the place score; see `segnet_model.engines.place`.

    Attributes:
        mean: of each feature of an image, over the images of calibration, (D,).
        deviation: standard deviation of each, (D,), above 0.
        bound: distance of an image from the mean above which it shows another kind of place.
        images: number of the images.
    """

    mean: Row
    deviation: Row
    bound: float
    images: int


def write_place(place: PlaceScore) -> dict[str, Any]:
    """A place score as plain values for JSON."""
    return vars(place)


def read_place(values: Any) -> PlaceScore:
    """The inverse of `write_place`; WeightsError where a value does not suit its field."""
    if not isinstance(values, dict):
        raise WeightsError("its metadata is damaged (place is not a set of named values)")
    lists = {name: tuple(values[name]) for name in ("mean", "deviation")}
    place = PlaceScore(**{**values, **lists})
    check_place(place)
    return place


def check_place(place: PlaceScore) -> None:
    """Raise WeightsError where a value is out of range or of a strange size."""
    if not 0 < len(place.mean) == len(place.deviation) <= MOST_FEATURES:
        raise WeightsError("its place score has lists of strange sizes")
    numbers = (*place.mean, *place.deviation, place.bound)
    if not all(type(x) in (int, float) and -MOST < x < MOST for x in numbers):
        raise WeightsError("its place score holds values that are no numbers, or huge ones")
    if not all(x > 0 for x in (*place.deviation, place.bound)):
        raise WeightsError("its place score has a deviation or a bound that is not above 0")
    if type(place.images) is not int or place.images < 1:
        raise WeightsError("its place score is of no images")
