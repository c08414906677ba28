"""Calibration: does confidence match accuracy, and is uncertainty high where labels are wrong?

Pixels are counted in histograms, image by image, so that memory does not grow with the images.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from segnet_model.evaluation.metrics import check_shapes

CONFIDENCE_BINS = 15
UNCERTAINTY_BINS = 4096
PATCH = 4  # pixels; of PAvPU
CERTAIN_SHARES = (0.1, 0.5, 0.9)


class Reliability:
    """Confidence against accuracy.

    Attributes:
        count: pixels by confidence, (15,) int64.
        right: those of them with the right label.
        confidence: sum of the confidences in each bin.
    """

    def __init__(self) -> None:
        """Start with no pixels."""
        self.count = np.zeros(CONFIDENCE_BINS, np.int64)
        self.right = np.zeros(CONFIDENCE_BINS, np.int64)
        self.confidence = np.zeros(CONFIDENCE_BINS)

    def update(self, confidence: np.ndarray, right: np.ndarray) -> None:
        """Count pixels: confidence (N,) from 0 to 1, right (N,) bool."""
        bins = np.minimum((confidence * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
        self.count += np.bincount(bins, minlength=CONFIDENCE_BINS)
        self.right += np.bincount(bins[right], minlength=CONFIDENCE_BINS)
        self.confidence += np.bincount(bins, confidence, CONFIDENCE_BINS)

    @property
    def expected_calibration_error(self) -> float:
        """Expected calibration error, 0 to 1, NaN without pixels: Guo et al., 2017, equation 3."""
        pixels = self.count.sum()
        gaps = np.abs(self.right - self.confidence).sum()
        return float(gaps / pixels) if pixels else float("nan")


class Detector:
    """Detector of wrong pixels by their uncertainty.

    Pixels are ranked in 4096 bins of its square root, which are finest near zero, where most are.

    Attributes:
        right: pixels with the right label in each bin, (4096,) int64.
        wrong: pixels with a wrong label in each bin, (4096,) int64.
    """

    def __init__(self) -> None:
        """Start with no pixels."""
        self.right = np.zeros(UNCERTAINTY_BINS, np.int64)
        self.wrong = np.zeros(UNCERTAINTY_BINS, np.int64)

    def update(self, uncertainty: np.ndarray, right: np.ndarray) -> None:
        """Count pixels: uncertainty (N,) from 0 to 1, right (N,) bool."""
        bins = (np.sqrt(np.clip(uncertainty, 0, 1)) * (UNCERTAINTY_BINS - 1)).astype(np.int64)
        self.right += np.bincount(bins[right], minlength=UNCERTAINTY_BINS)
        self.wrong += np.bincount(bins[~right], minlength=UNCERTAINTY_BINS)

    @property
    def auroc(self) -> float:
        """Probability that a wrong pixel is more uncertain than a right one; NaN without either."""
        below = np.cumsum(self.right) - self.right
        pairs = float(self.wrong.sum()) * float(self.right.sum())
        better = (self.wrong * (below + self.right / 2)).sum()
        return float(better / pairs) if pairs else float("nan")

    @property
    def aupr(self) -> float:
        """Average precision of finding wrong pixels, most uncertain first; NaN without any."""
        wrong, found = self.wrong[::-1], np.cumsum((self.wrong + self.right)[::-1])
        if not wrong.sum():
            return float("nan")
        precision = np.cumsum(wrong) / np.maximum(found, 1)
        return float((wrong * precision).sum() / wrong.sum())

    def accuracy_of_most_certain(self, share: float) -> float:
        """Share of right labels among this share of the pixels, the most certain; above 0 to 1."""
        pixels = self.right + self.wrong
        wanted = share * pixels.sum()
        before = np.cumsum(pixels) - pixels
        taken = np.clip(wanted - before, 0, pixels) / np.maximum(pixels, 1)
        return float((taken * self.right).sum() / wanted) if wanted else float("nan")


class PatchAgreement:
    """PAvPU: share of the patches that are right and certain, or wrong and uncertain.

    Mukhoti and Gal, "Evaluating Bayesian Deep Learning Methods for Semantic Segmentation", 2018,
    section 4: patches of 4x4 pixels, right where more than half of the pixels are, certain where
    the mean uncertainty is below a bound, here the mean over all patches.
    """

    def __init__(self) -> None:
        """Start with no patches."""
        self._patches = Detector()
        self._sum, self._count = 0.0, 0

    def update(self, uncertainty: np.ndarray, right: np.ndarray, known: np.ndarray) -> None:
        """Count the patches of an image: all (H, W); those without a known pixel do not count."""
        pixels = _patch_sums(known.astype(np.float64))
        seen = pixels > 0
        mean = (_patch_sums(uncertainty * known)[seen] / pixels[seen]).clip(0, 1)
        accurate = _patch_sums((right & known).astype(np.float64))[seen] / pixels[seen] > 0.5
        self._patches.update(mean, accurate)
        self._sum += float(mean.sum())
        self._count += len(mean)

    @property
    def value(self) -> float:
        """PAvPU, 0 to 1, with the mean uncertainty as the bound; NaN without patches."""
        if not self._count:
            return float("nan")
        bound = int(np.sqrt(self._sum / self._count) * (UNCERTAINTY_BINS - 1))
        counts = self._patches
        agree = counts.right[: bound + 1].sum() + counts.wrong[bound + 1 :].sum()
        return float(agree / self._count)


class UncertaintyQuality:
    """Calibration and error detection over a data set.

    Attributes:
        reliability: of the confidence.
        detectors: by the name of the uncertainty: "entropy", and "mutual_information" and
            "variance" where there are.
    """

    def __init__(self) -> None:
        """Start with no images."""
        self.reliability = Reliability()
        self.detectors: dict[str, Detector] = {"entropy": Detector()}
        self._patches = PatchAgreement()

    def update(
        self,
        labels: np.ndarray,
        confidence: np.ndarray,
        uncertainties: Mapping[str, np.ndarray],
        truth: np.ndarray,
        ignore_id: int,
    ) -> None:
        """Count the pixels of an image whose truth is known.

        Args:
            labels: (H, W) uint8.
            confidence: (H, W) float, 0 to 1; NaN where the network answers ids alone, and then
                there is nothing to count.
            uncertainties: by name, (H, W) float, 0 to 1; "entropy" must be among them.
            truth: (H, W) uint8.
            ignore_id: id of unknown pixels in truth.

        Raises:
            ImageError: the shapes differ.
        """
        check_shapes(labels, truth)
        if np.isnan(confidence).all():
            return
        known, right = truth != ignore_id, labels == truth
        self.reliability.update(confidence[known], right[known])
        for name, values in uncertainties.items():
            self.detectors.setdefault(name, Detector()).update(values[known], right[known])
        self._patches.update(uncertainties["entropy"], right, known)

    def figures(self) -> dict[str, Any]:
        """All figures as plain values."""
        entropy = self.detectors["entropy"]
        return {
            "ece": self.reliability.expected_calibration_error,
            "auroc": {name: each.auroc for name, each in self.detectors.items()},
            "aupr": {name: each.aupr for name, each in self.detectors.items()},
            "pavpu": self._patches.value,
            "accuracy_of_most_certain": {
                f"{share:.0%}": entropy.accuracy_of_most_certain(share) for share in CERTAIN_SHARES
            },
        }


def _patch_sums(values: np.ndarray) -> np.ndarray:
    """Sums over whole patches: (H, W) to (H // 4, W // 4)."""
    height, width = (side // PATCH for side in values.shape)
    patches = values[: height * PATCH, : width * PATCH].reshape(height, PATCH, width, PATCH)
    sums: np.ndarray = patches.sum((1, 3))
    return sums
