"""The loss, and the class weights that keep rare classes from drowning."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from segnet_model.data.camvid import LabelledFolder


def median_frequency_weights(folder: LabelledFolder, power: float = 1.0) -> np.ndarray:
    """Weight each class by the median of the frequencies over its own.

    Eigen and Fergus (ICCV 2015, section 4.3.2), as SegNet uses it (PAMI 2017, section 4): the
    frequency of a class is its share of the pixels of the images in which it occurs.

    Args:
        folder: the training images.
        power: 1 as in the papers, 0 for no weighting; between them, rare classes gain less recall
            but cost less precision.

    Returns:
        (C,) float32; 0 for a class that never occurs.
    """
    classes = folder.label_set.num_classes
    pixels, seen_in = np.zeros(classes), np.zeros(classes)
    for index in range(len(folder)):
        counts = np.bincount(folder.read(index)[1].ravel(), minlength=256)[:classes]
        pixels += counts
        seen_in += (counts > 0) * counts.sum()
    occurs = pixels > 0
    frequency = pixels[occurs] / seen_in[occurs]
    weights = np.zeros(classes, np.float32)
    weights[occurs] = (np.median(frequency) / frequency) ** power
    return weights


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor, ignore_id: int) -> Tensor:
    """Weighted mean cross-entropy.

    Args:
        logits: (N, C, H, W), floating.
        labels: (N, H, W) int64 ids; pixels with ignore_id do not count.
        weights: (C,) float32.
        ignore_id: see labels.

    Returns:
        A scalar, float32. Zero, not NaN, where every pixel is ignored.
    """
    total = F.cross_entropy(
        logits.float(), labels, weights, ignore_index=ignore_id, reduction="sum"
    )
    known = weights.new_tensor(0.0).expand(256).clone()
    known[: len(weights)] = weights
    known[ignore_id] = 0
    return total / known[labels].sum().clamp_min(1e-9)
