"""Measures predictors on labeled images."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.datasets.folder import LabelledFolder
from segnet_model.evaluation.boundary import BoundaryF1
from segnet_model.evaluation.calibration import UncertaintyQuality
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet

OnImage = Callable[[int], object]
COUNTS = (1, 2, 3, 5, 8, 12, 20, 30, 40, 50, 70, 100)  # samples at which a curve has a point


@dataclass(frozen=True)
class FrameScore:
    """How well one image went; NaN where it has no labeled pixel."""

    pixel_accuracy: float
    miou: float  # over the classes that are in its truth or its prediction
    labeled: float  # share of its pixels, 0 to 1


@dataclass(frozen=True, eq=False)
class Frame:
    """An image that has just been measured, for who wants to see it; nobody keeps it."""

    name: str  # of its file
    image: np.ndarray  # (H, W, 3) uint8 RGB
    truth: np.ndarray  # (H, W) uint8
    found: tuple[Segmentation, ...]  # by each predictor
    scores: tuple[FrameScore, ...]  # of each predictor


OnFrame = Callable[[Frame], object]


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

    Example:
        >>> from pathlib import Path
        >>> from segnet_model.datasets.drives import write_dataset
        >>> from segnet_model.datasets.folder import open_split
        >>> write_dataset("drives", seeds=[7], frames=1, val=1.0, workers=1)
        (0, 1)
        >>> predictor = Predictor.load("segnet_basic_drives", "cpu")
        >>> matrix = evaluate(predictor, open_split(Path("drives"), "val", predictor.info.labels))
        >>> bool(matrix.pixel_accuracy > 0.9)
        True
    """
    check_classes(predictor.info.labels, folder.label_set)
    matrix = ConfusionMatrix(folder.label_set.num_classes, folder.label_set.ignore_id)
    for index in range(len(folder)):
        image, truth = folder.read(index)
        matrix.update(predictor.predict(image).labels, truth)
        on_image(index)
    return matrix


@dataclass
class Assessment:
    """All that is measured of a predictor on labeled images.

    Attributes:
        matrix: true against predicted classes.
        outlines: how well the edges fit.
        uncertainty: whether it is unsure where it is wrong.
        seconds: of each image, without reading it.
        curve: true against predicted classes after so many samples.
        seen_in: images whose truth holds each class, (C,) int64.
    """

    labels: LabelSet
    matrix: ConfusionMatrix = field(init=False)
    outlines: BoundaryF1 = field(init=False)
    uncertainty: UncertaintyQuality = field(default_factory=UncertaintyQuality)
    seconds: list[float] = field(default_factory=list)
    curve: dict[int, ConfusionMatrix] = field(default_factory=dict)
    seen_in: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Start with no images."""
        self.matrix = self._empty()
        self.outlines = BoundaryF1(self.labels.num_classes, self.labels.ignore_id)
        self.seen_in = np.zeros(self.labels.num_classes, np.int64)

    def update(self, found: Segmentation, truth: np.ndarray, seconds: float) -> FrameScore:
        """Count an image; returns how well it went by itself."""
        frame = self._empty()
        frame.update(found.labels, truth)
        self.matrix.counts += frame.counts
        self.seen_in += frame.counts.sum(1) > 0
        self.outlines.update(found.labels, truth)
        self.uncertainty.update(
            found.labels, found.confidence, found.uncertainties, truth, self.labels.ignore_id
        )
        self.seconds.append(seconds)
        labeled = float(frame.counts.sum()) / truth.size
        return FrameScore(frame.pixel_accuracy, frame.mean_iou, labeled)

    def update_curve(self, samples: int, found: Segmentation, truth: np.ndarray) -> None:
        """Count an image of which so many samples have been taken."""
        self.curve.setdefault(samples, self._empty()).update(found.labels, truth)

    def figures(self) -> dict[str, Any]:
        """Everything as plain values for JSON; None where a class never occurs."""
        names = self.labels.names
        figures = {
            **report(self.matrix, names),
            "images_with": dict(zip(names, self.seen_in.tolist(), strict=True)),
            "boundary_f1": self.outlines.mean,
            "boundary_f1_by_class": _by_name(names, self.outlines.scores),
            **self.uncertainty.figures(),
            "ms": 1e3 * float(np.median(self.seconds)),
            "ms_p90": 1e3 * float(np.quantile(self.seconds, 0.9)),
            "miou_by_samples": {str(t): each.mean_iou for t, each in self.curve.items()},
        }
        return {name: _known(value) for name, value in figures.items()}

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
    return assess_together([predictor], folder, counts, on_image)[0]


def assess_together(
    predictors: Sequence[Predictor],
    folder: LabelledFolder,
    counts: Sequence[int] = (),
    on_image: OnImage = lambda index: None,
    on_frame: OnFrame = lambda frame: None,
) -> list[Assessment]:
    """Measure several predictors in one pass over the images.

    Args:
        predictors: each sees every image; as for `assess` the other arguments.
        folder: images and their true labels.
        counts: see `assess`.
        on_image: see `assess`.
        on_frame: shown each image with what every predictor made of it.

    Raises:
        SettingsError: the data set's classes are not those of every network.
    """
    for predictor in predictors:
        check_classes(predictor.info.labels, folder.label_set)
    assessments = [Assessment(folder.label_set) for _ in predictors]
    for index, sample in enumerate(folder.samples):
        image, truth = folder.read(index)
        found, scores = [], []
        for predictor, assessment in zip(predictors, assessments, strict=True):
            began = time.perf_counter()
            found.append(predictor.predict(image))
            seconds = time.perf_counter() - began
            scores.append(assessment.update(found[-1], truth, seconds))
            for samples, growing in predictor.predict_by_samples(image, counts) if counts else ():
                assessment.update_curve(samples, growing, truth)
        on_frame(Frame(sample.image.name, image, truth, tuple(found), tuple(scores)))
        on_image(index)
    return assessments


def report(matrix: ConfusionMatrix, names: tuple[str, ...]) -> dict[str, Any]:
    """The figures of a confusion matrix; None where a class never occurs."""
    return {
        "miou": matrix.mean_iou,
        "pixel_accuracy": matrix.pixel_accuracy,
        "class_accuracy": matrix.mean_accuracy,
        "iou": _by_name(names, matrix.iou),
        "accuracy": _by_name(names, matrix.accuracy),
        "precision": _by_name(names, matrix.precision),
        "pixels": dict(zip(names, matrix.counts.sum(1).tolist(), strict=True)),
        "confusion": matrix.counts.tolist(),
    }


def check_classes(known: LabelSet, wanted: LabelSet) -> None:
    """Make sure that a network knows a data set's classes, in their order.

    Raises:
        SettingsError: it knows others.
    """
    if known.names != wanted.names:
        raise SettingsError(
            f"the network knows {', '.join(known.names)}; the data set has "
            f"{', '.join(wanted.names)}; give weights that were trained on these, or with --labels "
            "the label set that the data's labels are of"
        )


def _by_name(names: tuple[str, ...], values: np.ndarray) -> dict[str, float | None]:
    return {name: _known(value) for name, value in zip(names, values.tolist(), strict=True)}


def _known(value: Any) -> Any:
    """The same with None for every NaN, which JSON has not."""
    if isinstance(value, dict):
        return {name: _known(each) for name, each in value.items()}
    return None if isinstance(value, float) and value != value else value
