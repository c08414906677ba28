"""Bounds of the uncertainty that were fitted with a promise, in a weights file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from segnet_model.base.errors import WeightsError
from segnet_model.base.tables import USUAL_BOUND


@dataclass(frozen=True)
class Bound:
    """The highest uncertainty of a drivable pixel, and its promise.

    Attributes:
        max_uncertainty: 0 to 1.
        risk: the promise: the share of an image's drivable area that is not drivable is at most
            this, in the mean over images like those of the calibration. Above 0, less than 1.
        kept: share of the ground that stays drivable on those images, 0 to 1.
        images: number of those images.
    """

    max_uncertainty: float
    risk: float
    kept: float
    images: int

    def __str__(self) -> str:
        """The promise, in words."""
        share = f"{100 * self.risk:.3g} %"
        return f"at most {share} of the drivable area is wrong (calibrated on {self.images} images)"


def max_uncertainty(bound: Bound | None) -> float:
    """The highest uncertainty of a drivable pixel, 0 to 1: the bound's, or the usual one."""
    return USUAL_BOUND if bound is None else bound.max_uncertainty


def write_bounds(bounds: Mapping[str, Bound]) -> dict[str, dict[str, Any]]:
    """Bounds as plain values for JSON."""
    return {name: asdict(bound) for name, bound in bounds.items()}


def read_bounds(values: Any) -> dict[str, Bound]:
    """The inverse of `write_bounds`; WeightsError where a value does not suit its field."""
    if not isinstance(values, dict):
        raise WeightsError("its metadata is damaged (bounds is not a set of named values)")
    bounds = {name: Bound(**each) for name, each in values.items()}
    for name, bound in bounds.items():
        shares = bound.max_uncertainty, bound.risk, bound.kept
        numbers = all(type(each) in (int, float) for each in shares)
        if not numbers or not all(0 <= each <= 1 for each in shares) or not 0 < bound.risk < 1:
            raise WeightsError(f"its bound for {name[:20]!r} is no share from 0 to 1")
        if type(bound.images) is not int or bound.images < 1:
            raise WeightsError(f"its bound for {name[:20]!r} is of no images")
    return bounds
