"""Class weights: rare classes count more in the loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segnet_model.datasets.folder import LabeledFolder


@dataclass(frozen=True)
class ClassCounts:
    """Pixels of each class in a folder."""

    names: tuple[str, ...]  # of the classes
    pixels: np.ndarray  # of each class, (C,) float64
    seen_in: np.ndarray  # labeled pixels of the images in which the class occurs, (C,) float64

    @property
    def missing(self) -> list[str]:
        """Names of the classes that never occur."""
        return [name for name, count in zip(self.names, self.pixels, strict=True) if not count]


def count_classes(
    folder: LabeledFolder, on_image: Callable[[int], object] = lambda index: None
) -> ClassCounts:
    """Count the pixels of each class in a folder; on_image is called after each image."""
    classes = folder.label_set.num_classes
    pixels, seen_in = np.zeros(classes), np.zeros(classes)
    for index in range(len(folder)):
        counts = np.bincount(folder.read_labels(index).ravel(), minlength=256)[:classes]
        pixels += counts
        seen_in += (counts > 0) * counts.sum()
        on_image(index)
    return ClassCounts(folder.label_set.names, pixels, seen_in)


def median_frequency(counts: ClassCounts) -> np.ndarray:
    """Weight each class by the median of the frequencies over its own.

    Eigen and Fergus (ICCV 2015, section 4.3.2), as SegNet uses it (PAMI 2017, section 4): the
    frequency of a class is its share of the pixels of the images in which it occurs.

    Returns:
        (C,) float64; 1 for a class that never occurs.
    """
    occurs = counts.pixels > 0
    frequency = counts.pixels[occurs] / counts.seen_in[occurs]
    weights = np.ones(len(counts.pixels))
    weights[occurs] = np.median(frequency) / frequency
    return weights


def enet(counts: ClassCounts) -> np.ndarray:
    """Weight each class by 1 / ln(1.02 + p), which is between 1.4 and 50.

    Paszke et al., "ENet", 2016, section 5.1; p is the class's share of all labeled pixels.

    Returns:
        (C,) float64.
    """
    share = counts.pixels / max(1.0, counts.pixels.sum())
    weights: np.ndarray = 1 / np.log(1.02 + share)
    return weights


WEIGHTINGS: dict[str, Callable[[ClassCounts], np.ndarray]] = {
    "median_frequency": median_frequency,
    "enet": enet,
}
