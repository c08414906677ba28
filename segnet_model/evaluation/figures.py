"""Figures of an evaluation as plain values for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from segnet_model.evaluation.metrics import ConfusionMatrix


def matrix_figures(matrix: ConfusionMatrix, names: tuple[str, ...]) -> dict[str, Any]:
    """The figures of a confusion matrix; None where a class never occurs."""
    return {
        "miou": matrix.mean_iou,
        "pixel_accuracy": matrix.pixel_accuracy,
        "class_accuracy": matrix.mean_accuracy,
        "iou": by_name(names, matrix.iou),
        "accuracy": by_name(names, matrix.accuracy),
        "precision": by_name(names, matrix.precision),
        "pixels": dict(zip(names, matrix.pixels.tolist(), strict=True)),
        "confusion": matrix.counts.tolist(),
    }


def by_name(names: tuple[str, ...], values: np.ndarray) -> dict[str, float | None]:
    """The value (C,) of each class; None for NaN."""
    return {name: nan_to_none(value) for name, value in zip(names, values.tolist(), strict=True)}


def nan_to_none(value: Any) -> Any:
    """The value with None for every NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {name: nan_to_none(each) for name, each in value.items()}
    return None if isinstance(value, float) and value != value else value
