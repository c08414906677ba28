"""Evaluation: predictors are measured on labeled images."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.base.tables import AnswerSettings
from segnet_model.datasets.folder import LabeledFolder
from segnet_model.evaluation.boundary import BoundaryF1
from segnet_model.evaluation.calibration import UncertaintyQuality
from segnet_model.evaluation.drivable import DrivableQuality, areas_at
from segnet_model.evaluation.figures import by_name, matrix_figures, nan_to_none
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_model.weights.bounds import Bound, max_uncertainty

OnImage = Callable[[int], object]
COUNTS = (1, 2, 3, 5, 8, 12, 20, 30, 40, 50, 70, 100)  # samples at which a curve has a point


@dataclass(frozen=True)
class FrameScore:
    """Scores of one image; NaN where it has no labeled pixel."""

    pixel_accuracy: float
    miou: float  # over the classes in its truth or its prediction
    labeled: float  # share of its pixels, 0 to 1


@dataclass(frozen=True, eq=False)
class EvaluatedFrame:
    """An image with its truth, predictions and scores."""

    name: str  # of its file
    image: np.ndarray  # (H, W, 3) uint8 RGB
    truth: np.ndarray  # (H, W) uint8
    found: tuple[Segmentation, ...]  # by each predictor
    scores: tuple[FrameScore, ...]  # of each predictor


def evaluate(
    predictor: Predictor, folder: LabeledFolder, on_image: OnImage = lambda index: None
) -> ConfusionMatrix:
    """Measure the predicted labels alone, at the size of the true labels.

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
    labels = folder.label_set
    matrix = ConfusionMatrix(labels.num_classes, labels.ignore_id, folder.measurable)
    for index in range(len(folder)):
        image, truth = folder.read(index)
        matrix.update(predictor.predict(image).labels, truth)
        on_image(index)
    return matrix


class Evaluation:
    """All measurements of a predictor on labeled images.

    Attributes:
        matrix: true against predicted classes.
        outlines: how well the edges fit.
        uncertainty: whether it is high where the labels are wrong.
        seconds: of each image, without reading it.
        curve: true against predicted classes after so many samples.
        drivable: how right the drivable area is.
        seen_in: images whose truth holds each class, (C,) int64.
    """

    def __init__(
        self,
        labels: LabelSet,
        measurable: np.ndarray | None = None,
        settings: AnswerSettings | None = None,
        promise: Bound | None = None,
    ) -> None:
        """Start with no images.

        Args:
            labels: the network's drivable classes, and the ignored id of the truth.
            measurable: whether the truth can have each class, (C,) bool; None where it can.
            settings: of the drivable area; None takes the defaults.
            promise: the weights' bound; None where they have none.
        """
        self._settings, self._promise = settings or AnswerSettings(), promise
        self.labels, self.measurable = labels, measurable
        self.matrix = self._empty_matrix()
        self.outlines = BoundaryF1(labels.num_classes, labels.ignore_id, measurable)
        self.uncertainty = UncertaintyQuality()
        self.seconds: list[float] = []
        self.curve: dict[int, ConfusionMatrix] = {}
        self.drivable = DrivableQuality()
        self.seen_in = np.zeros(labels.num_classes, np.int64)

    def update(self, found: Segmentation, truth: np.ndarray, seconds: float) -> FrameScore:
        """Count an image; returns its own scores."""
        frame = self._empty_matrix()
        frame.update(found.labels, truth)
        self.matrix.add(frame)
        self.seen_in += frame.pixels > 0
        self.outlines.update(found.labels, truth)
        self.uncertainty.update(
            found.labels, found.confidence, found.uncertainties, truth, self.labels.ignore_id
        )
        self.drivable.update(*areas_at(found, truth, self.labels, [self.bound], self._settings))
        self.seconds.append(seconds)
        labeled = float(frame.pixels.sum()) / truth.size
        return FrameScore(frame.pixel_accuracy, frame.mean_iou, labeled)

    @property
    def bound(self) -> float:
        """The highest uncertainty of a drivable pixel."""
        return self._settings.bound(max_uncertainty(self._promise))

    @property
    def promised_risk(self) -> float | None:
        """The promise of the weights; None where there is none, or another bound is used."""
        kept = self._promise is not None and self.bound == self._promise.max_uncertainty
        return self._promise.risk if kept and self._promise else None

    def update_curve(self, samples: int, found: Segmentation, truth: np.ndarray) -> None:
        """Count the prediction of an image after so many samples."""
        self.curve.setdefault(samples, self._empty_matrix()).update(found.labels, truth)

    def figures(self) -> dict[str, Any]:
        """All figures as plain values for JSON; None where a class never occurs."""
        names = self.labels.names
        precision, recall = self.matrix.of_group(self.labels.drivable[: self.labels.num_classes])
        figures = {
            **matrix_figures(self.matrix, names),
            "images_with": dict(zip(names, self.seen_in.tolist(), strict=True)),
            "boundary_f1": self.outlines.mean,
            "boundary_f1_by_class": by_name(names, self.outlines.scores),
            **self.uncertainty.figures(),
            "ms": 1e3 * float(np.median(self.seconds)),
            "ms_p90": 1e3 * float(np.quantile(self.seconds, 0.9)),
            "max_uncertainty": self.bound,
            "promised_risk": self.promised_risk,
            "drivable_risk": self.drivable.risk,
            "drivable_precision": self.drivable.precision,
            "drivable_recall": self.drivable.recall,
            "drivable_class_precision": precision,
            "drivable_class_recall": recall,
            "miou_by_samples": {str(t): each.mean_iou for t, each in self.curve.items()},
        }
        return {name: nan_to_none(value) for name, value in figures.items()}

    def _empty_matrix(self) -> ConfusionMatrix:
        return ConfusionMatrix(self.labels.num_classes, self.labels.ignore_id, self.measurable)


def evaluate_all(
    predictors: Sequence[Predictor],
    folder: LabeledFolder,
    counts: Sequence[int] = (),
    on_image: OnImage = lambda index: None,
    on_frame: Callable[[EvaluatedFrame], object] = lambda frame: None,
    settings: AnswerSettings | None = None,
) -> list[Evaluation]:
    """Measure everything of several predictors in one pass, at the size of the true labels.

    Args:
        predictors: each predicts every image.
        folder: images and their true labels.
        counts: numbers of Monte Carlo samples after which mIoU is measured too; from one run,
            which keeps running sums.
        on_image: called with the index of each image that is done.
        on_frame: called with each image and its predictions, which are not kept.
        settings: of the drivable area; None takes the defaults.

    Raises:
        SettingsError: the data set's classes are not those of every network.
    """
    for predictor in predictors:
        check_classes(predictor.info.labels, folder.label_set)
    ignore_id = folder.label_set.ignore_id
    evaluations = [
        Evaluation(
            replace(p.info.labels, ignore_id=ignore_id), folder.measurable, settings, p.promise
        )
        for p in predictors
    ]
    for index, sample in enumerate(folder.samples):
        image, truth = folder.read(index)
        found, scores = [], []
        for predictor, evaluation in zip(predictors, evaluations, strict=True):
            start = time.perf_counter()
            found.append(predictor.predict(image))
            seconds = time.perf_counter() - start
            scores.append(evaluation.update(found[-1], truth, seconds))
            for samples, growing in predictor.predict_by_samples(image, counts) if counts else ():
                evaluation.update_curve(samples, growing, truth)
        on_frame(EvaluatedFrame(sample.name, image, truth, tuple(found), tuple(scores)))
        on_image(index)
    return evaluations


def check_classes(known: LabelSet, wanted: LabelSet) -> None:
    """Raise SettingsError unless a network has a data set's classes, in their order."""
    if known.names != wanted.names:
        raise SettingsError(
            f"the network knows {', '.join(known.names)}; the data set has "
            f"{', '.join(wanted.names)}; give weights that were trained on these, or with --labels "
            "the label set that the data's labels are of"
        )
