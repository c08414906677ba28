"""The feature score in a weights file: how unlike the features of training an image's are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from segnet_model.base.errors import WeightsError

PIECES = 4  # of a scale
MOST_FEATURES = 512  # channels of a feature map
MOST = 1e6  # of a number here

Row = tuple[float, ...]


@dataclass(frozen=True)
class FeatureScore:
    """Numbers of the score `uncertainty: features`; see `segnet_model.engines.features`.

    Each scale has the values at which the result is 0, 1/4, 1/2, 3/4 and 1.

    Attributes:
        matrix: whitens features, (K, D).
        offset: added to whitened features, (K,), so that their mean is 0.
        entropy_scale: of the normalized entropy.
        distance_scale: of the squared Mahalanobis distance.
        scale: of the mean of both.
        images: number of the images of calibration.
    """

    matrix: tuple[Row, ...]
    offset: Row
    entropy_scale: Row
    distance_scale: Row
    scale: Row
    images: int


def write_features(features: FeatureScore) -> dict[str, Any]:
    """A feature score as plain values for JSON."""
    return asdict(features)


_OLD = ("place", "place_bound")  # in files that have the place score by themselves now


def read_features(values: Any) -> FeatureScore:
    """The inverse of `write_features`; WeightsError where a value does not suit its field."""
    if not isinstance(values, dict):
        raise WeightsError("its metadata is damaged (features is not a set of named values)")
    values = {name: value for name, value in values.items() if name not in _OLD}
    rows = tuple(map(tuple, values["matrix"]))
    lists = {name: tuple(values[name]) for name in ("offset", *_SCALES)}
    features = FeatureScore(**{**values, "matrix": rows, **lists})
    check_features(features)
    return features


_SCALES = ("entropy_scale", "distance_scale", "scale")


def check_features(features: FeatureScore) -> None:
    """Raise WeightsError where a value is out of range or of a strange size."""
    size, inputs = len(features.matrix), len(features.matrix[0]) if features.matrix else 0
    fits = (
        0 < inputs <= MOST_FEATURES
        and size <= inputs
        and len(features.offset) == size
        and all(len(row) == inputs for row in features.matrix)
    )
    if not fits:
        raise WeightsError("its feature score has a matrix and an offset of strange sizes")
    scales = [getattr(features, name) for name in _SCALES]
    numbers = chain(*features.matrix, features.offset, *scales)
    if not all(type(x) in (int, float) and -MOST < x < MOST for x in numbers):
        raise WeightsError("its feature score holds values that are no numbers, or huge ones")
    if not all(len(each) == PIECES + 1 and each == tuple(sorted(set(each))) for each in scales):
        raise WeightsError(f"its feature score has a scale that is not {PIECES + 1} rising numbers")
    if type(features.images) is not int or features.images < 1:
        raise WeightsError("its feature score is of no images")
