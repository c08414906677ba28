"""Boundary F1: how well predicted outlines follow the true ones."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.evaluation.metrics import check_shapes, mean_of_known, share

TOLERANCE = 0.0075  # of the image's diagonal


class BoundaryF1:
    """F1 of each class: outline pixels count as found where the other outline is near.

    Csurka, Larlus and Perronnin, "What is a good evaluation measure for semantic segmentation?",
    BMVC 2013, section 3: the mean over the images with the class in truth or prediction.
    """

    def __init__(
        self, num_classes: int, ignore_id: int, measurable: np.ndarray | None = None
    ) -> None:
        """Start with no images; only the measurable classes, (C,) bool, get a score."""
        self.num_classes, self.ignore_id = num_classes, ignore_id
        every = np.arange(num_classes)
        self._classes = every if measurable is None else every[measurable]
        self._sums, self._images = np.zeros(num_classes), np.zeros(num_classes)

    def update(self, prediction: np.ndarray, truth: np.ndarray) -> None:
        """Count an image: two (H, W) uint8 label arrays; unknown pixels make no outline.

        Raises:
            ImageError: the shapes differ.
        """
        check_shapes(prediction, truth)
        tolerance = TOLERANCE * float(np.hypot(*truth.shape))
        known = truth != self.ignore_id
        found = np.where(known, prediction, self.ignore_id)
        outlines = [(labels, _outlines(labels, self.ignore_id)) for labels in (found, truth)]
        for each in self._classes:
            ours, theirs = (outline & (labels == each) for labels, outline in outlines)
            if ours.any() or theirs.any():
                self._sums[each] += _f1(ours, theirs, tolerance)
                self._images[each] += 1

    @property
    def scores(self) -> np.ndarray:
        """F1 of each class: (C,) float64, 0 to 1, NaN where it never has an outline."""
        return share(self._sums, self._images)

    @property
    def mean(self) -> float:
        """Mean of `scores` over the classes that have outlines."""
        return mean_of_known(self.scores)


def _outlines(labels: np.ndarray, ignore_id: int) -> np.ndarray:
    """Pixels next to a pixel of another known class: (H, W) bool."""
    known = labels != ignore_id
    outline = np.zeros(labels.shape, bool)
    for a, b in (((slice(None), slice(1, None)), (slice(None), slice(-1))),
                 ((slice(1, None), slice(None)), (slice(-1), slice(None)))):  # fmt: skip
        differs = (labels[a] != labels[b]) & known[a] & known[b]
        outline[a] |= differs
        outline[b] |= differs
    return outline


def _f1(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> float:
    precision, recall = _near(ours, theirs, tolerance), _near(theirs, ours, tolerance)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _near(pixels: np.ndarray, others: np.ndarray, tolerance: float) -> float:
    """Share of the pixels that have one of the others within the tolerance."""
    if not (pixels.any() and others.any()):
        return 0.0
    distance = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float((distance[pixels] <= tolerance).mean())
