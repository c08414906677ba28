"""Confusion matrix of predicted and true labels, with IoU and accuracies."""

from __future__ import annotations

import warnings

import numpy as np

from segnet_model.base.errors import ImageError


class ConfusionMatrix:
    """Counts of pixels by their true class (row) and predicted class (column).

    Attributes:
        counts: (C, C) int64.
        missed: pixels of each true class that are predicted as none, (C,) int64.
        measurable: whether the truth can have each class, (C,) bool. What is predicted as another
            one is wrong, but such a class has no IoU and no precision.

    Example:
        >>> matrix = ConfusionMatrix(num_classes=2, ignore_id=255)
        >>> matrix.update(np.array([0, 0, 1, 1], np.uint8), np.array([0, 1, 1, 255], np.uint8))
        >>> matrix.iou.tolist(), matrix.mean_iou
        ([0.5, 0.5], 0.5)
    """

    def __init__(
        self, num_classes: int, ignore_id: int, measurable: np.ndarray | None = None
    ) -> None:
        """Start with no pixels; those whose true id is ignore_id will not count."""
        self.num_classes = num_classes
        self.measurable = np.ones(num_classes, bool) if measurable is None else measurable
        self.ignore_id = ignore_id
        self.counts = np.zeros((num_classes, num_classes), np.int64)
        self.missed = np.zeros(num_classes, np.int64)

    def update(self, prediction: np.ndarray, truth: np.ndarray) -> None:
        """Count every pixel of two uint8 label arrays of one shape.

        A prediction may have the ignored id, where a class has no meaning here; it is wrong.

        Raises:
            ImageError: the shapes differ, or an id is outside the classes.
        """
        check_shapes(prediction, truth)
        known = truth != self.ignore_id
        true, predicted = truth[known].astype(np.int64), prediction[known].astype(np.int64)
        nothing = predicted == self.ignore_id
        if nothing.any():
            self.missed += np.bincount(true[nothing], minlength=self.num_classes)
            true, predicted = true[~nothing], predicted[~nothing]
        if true.size and max(true.max(), predicted.max()) >= self.num_classes:
            raise ImageError(f"an id is not one of the {self.num_classes} classes")
        cells = np.bincount(true * self.num_classes + predicted, minlength=self.num_classes**2)
        self.counts += cells.reshape(self.counts.shape)

    def add(self, other: ConfusionMatrix) -> None:
        """Add the pixels of another one of the same classes."""
        self.counts += other.counts
        self.missed += other.missed

    @property
    def pixels(self) -> np.ndarray:
        """Pixels of each true class: (C,) int64."""
        return np.asarray(self.counts.sum(1) + self.missed)

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union of each class: (C,) float64, NaN where a class never occurs."""
        hits = np.diag(self.counts)
        return self._measured(share(hits, self.counts.sum(0) + self.pixels - hits))

    @property
    def accuracy(self) -> np.ndarray:
        """Share of each class's true pixels that were found: (C,) float64, NaN without any."""
        return share(np.diag(self.counts), self.pixels)

    @property
    def precision(self) -> np.ndarray:
        """Share of the pixels predicted as a class that are right: (C,) float64, NaN without."""
        return self._measured(share(np.diag(self.counts), self.counts.sum(0)))

    @property
    def mean_iou(self) -> float:
        """Mean of `iou` over the classes that occur."""
        return mean_of_known(self.iou)

    @property
    def mean_accuracy(self) -> float:
        """Mean of `accuracy` over the classes that occur: "class average" in the SegNet papers."""
        return mean_of_known(self.accuracy)

    @property
    def pixel_accuracy(self) -> float:
        """Share of all pixels that are right: "global average" in the SegNet papers."""
        return float(share(np.trace(self.counts), self.pixels.sum()))

    def of_group(self, members: np.ndarray) -> tuple[float, float]:
        """Precision and recall of some classes taken as one; NaN without any pixel.

        Args:
            members: whether each class belongs to them, (C,) bool.
        """
        hits = self.counts[np.ix_(members, members)].sum()
        precision = share(hits, self.counts[:, members].sum())
        return float(precision), float(share(hits, self.pixels[members].sum()))

    def _measured(self, values: np.ndarray) -> np.ndarray:
        return np.where(self.measurable, values, np.nan)


def check_shapes(prediction: np.ndarray, truth: np.ndarray) -> None:
    """Raise ImageError where the shapes differ."""
    if prediction.shape != truth.shape:
        raise ImageError(f"prediction is {prediction.shape} but the truth is {truth.shape}")


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part divided by whole; NaN where both are 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: np.ndarray = np.divide(part, whole)
    return shares


def mean_of_known(values: np.ndarray) -> float:
    """Mean of the values that are not NaN; NaN where all are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing counted yet: NaN is the answer
        return float(np.nanmean(values))
