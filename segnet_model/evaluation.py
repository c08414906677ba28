"""Measures a predictor on labelled images."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segnet_model.boundary import BoundaryF1
from segnet_model.calibration import UncertaintyQuality
from segnet_model.data.camvid import LabelledFolder
from segnet_model.errors import SettingsError
from segnet_model.labels import LabelSet
from segnet_model.metrics import ConfusionMatrix
from segnet_model.predictor import Predictor
from segnet_model.segmentation import Segmentation

OnImage = Callable[[int], object]
COUNTS = (1, 2, 3, 5, 8, 12, 20, 30, 40, 50, 70, 100)  # samples at which a curve has a point


def evaluate(
    predictor: Predictor, folder: LabelledFolder, on_image: OnImage = lambda index: None
) -> ConfusionMatrix:
    """Compare labels with the truth at the labels' full size, and nothing more.

    Args:
        predictor: gives the predictions.
        folder: images and their true labels.
        on_image: called with the index of each image that is done.

    Raises:
        SettingsError: the data set's classes are not the network's.
    """
    _check_classes(predictor, folder)
    matrix = ConfusionMatrix(folder.label_set.num_classes, folder.label_set.ignore_id)
    for index in range(len(folder)):
        image, truth = folder.read(index)
        matrix.update(predictor.predict(image).labels, truth)
        on_image(index)
    return matrix


@dataclass
class Assessment:
    """All that is measured of a predictor on labelled images.

    Attributes:
        matrix: true against predicted classes.
        outlines: how well the edges fit.
        uncertainty: whether it is unsure where it is wrong.
        seconds: of each image, without reading it.
        curve: true against predicted classes after so many samples.
    """

    labels: LabelSet
    matrix: ConfusionMatrix = field(init=False)
    outlines: BoundaryF1 = field(init=False)
    uncertainty: UncertaintyQuality = field(default_factory=UncertaintyQuality)
    seconds: list[float] = field(default_factory=list)
    curve: dict[int, ConfusionMatrix] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with no images."""
        self.matrix = self._empty()
        self.outlines = BoundaryF1(self.labels.num_classes, self.labels.ignore_id)

    def update(self, found: Segmentation, truth: np.ndarray, seconds: float) -> None:
        """Count an image."""
        self.matrix.update(found.labels, truth)
        self.outlines.update(found.labels, truth)
        self.uncertainty.update(
            found.labels, found.confidence, found.uncertainties, truth, self.labels.ignore_id
        )
        self.seconds.append(seconds)

    def update_curve(self, samples: int, found: Segmentation, truth: np.ndarray) -> None:
        """Count an image of which so many samples have been taken."""
        self.curve.setdefault(samples, self._empty()).update(found.labels, truth)

    def figures(self) -> dict[str, Any]:
        """Everything as plain values for JSON; None where a class never occurs."""
        names = self.labels.names
        return {
            **report(self.matrix, names),
            "boundary_f1": self.outlines.mean,
            "boundary_f1_by_class": _by_name(names, self.outlines.scores),
            **self.uncertainty.figures(),
            "ms": 1e3 * float(np.median(self.seconds)),
            "miou_by_samples": {str(t): each.mean_iou for t, each in self.curve.items()},
        }

    def _empty(self) -> ConfusionMatrix:
        return ConfusionMatrix(self.labels.num_classes, self.labels.ignore_id)


def assess(
    predictor: Predictor,
    folder: LabelledFolder,
    counts: Sequence[int] = (),
    on_image: OnImage = lambda index: None,
) -> Assessment:
    """Measure everything at the labels' full size.

    Args:
        predictor: gives the predictions.
        folder: images and their true labels.
        counts: numbers of Monte Carlo samples after which mIoU is measured too; from one run,
            which keeps running sums.
        on_image: called with the index of each image that is done.

    Raises:
        SettingsError: the data set's classes are not the network's.
    """
    _check_classes(predictor, folder)
    assessment = Assessment(folder.label_set)
    for index in range(len(folder)):
        image, truth = folder.read(index)
        began = time.perf_counter()
        found = predictor.predict(image)
        assessment.update(found, truth, time.perf_counter() - began)
        for samples, growing in predictor.predict_growing(image, counts) if counts else ():
            assessment.update_curve(samples, growing, truth)
        on_image(index)
    return assessment


def report(matrix: ConfusionMatrix, names: tuple[str, ...]) -> dict[str, Any]:
    """The figures of a confusion matrix; None where a class never occurs."""
    return {
        "miou": matrix.mean_iou,
        "pixel_accuracy": matrix.pixel_accuracy,
        "class_accuracy": matrix.mean_accuracy,
        "iou": _by_name(names, matrix.iou),
        "accuracy": _by_name(names, matrix.accuracy),
        "confusion": matrix.counts.tolist(),
    }


def _check_classes(predictor: Predictor, folder: LabelledFolder) -> None:
    ours, theirs = predictor.info.labels, folder.label_set
    if ours.names != theirs.names:
        raise SettingsError(f"the network knows {ours.names}, the data set {theirs.names}")


def _by_name(names: tuple[str, ...], values: np.ndarray) -> dict[str, float | None]:
    pairs = zip(names, values.tolist(), strict=True)
    return {name: None if value != value else value for name, value in pairs}
