"""Measures a predictor on labelled images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segnet_model.data.camvid import LabelledFolder
from segnet_model.errors import SettingsError
from segnet_model.metrics import ConfusionMatrix
from segnet_model.predictor import Predictor


def evaluate(
    predictor: Predictor,
    folder: LabelledFolder,
    on_image: Callable[[int], object] = lambda index: None,
) -> ConfusionMatrix:
    """Compare predictions with the truth at the labels' full size.

    Args:
        predictor: gives the predictions.
        folder: images and their true labels.
        on_image: called with the index of each image that is done.

    Raises:
        SettingsError: the data set's classes are not the network's.
    """
    ours, theirs = predictor.info.labels, folder.label_set
    if ours.names != theirs.names:
        raise SettingsError(f"the network knows {ours.names}, the data set {theirs.names}")
    matrix = ConfusionMatrix(theirs.num_classes, theirs.ignore_id)
    for index in range(len(folder)):
        image, truth = folder.read(index)
        matrix.update(predictor.predict(image).labels, truth)
        on_image(index)
    return matrix


def report(matrix: ConfusionMatrix, names: tuple[str, ...]) -> dict[str, Any]:
    """The figures of a measurement as plain values for JSON; None where a class never occurs."""
    return {
        "miou": matrix.mean_iou,
        "pixel_accuracy": matrix.pixel_accuracy,
        "class_accuracy": matrix.mean_accuracy,
        "iou": {n: _or_none(v) for n, v in zip(names, matrix.iou.tolist(), strict=True)},
        "accuracy": {n: _or_none(v) for n, v in zip(names, matrix.accuracy.tolist(), strict=True)},
        "confusion": matrix.counts.tolist(),
    }


def _or_none(value: float) -> float | None:
    return None if value != value else value
