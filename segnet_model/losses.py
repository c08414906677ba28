"""Losses, and the class weights that keep rare classes from drowning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from segnet_model.data.camvid import LabelledFolder

# Of logits, labels, the classes' weights and the ignored id.
Loss = Callable[[Tensor, Tensor, Tensor, int], Tensor]


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


def dice(logits: Tensor, labels: Tensor, weights: Tensor, ignore_id: int) -> Tensor:
    """One less the soft Dice overlap, averaged over the classes that occur.

    Milletari, Navab and Ahmadi, "V-Net", 3DV 2016, section 3: 2 sum(p g) / (sum(p^2) + sum(g^2)),
    with probabilities p and truth g over all pixels of the batch.

    Args:
        logits: (N, C, H, W), floating.
        labels: (N, H, W) int64 ids; pixels with ignore_id do not count.
        weights: not used, for an overlap does not drown in the other classes.
        ignore_id: see labels.

    Returns:
        A scalar, float32, 0 to 1. Zero, not NaN, where every pixel is ignored.
    """
    known = labels != ignore_id
    p = logits.float().softmax(1) * known[:, None]
    g = F.one_hot(labels.where(known, 0), logits.shape[1]).movedim(-1, 1) * known[:, None]
    over = (0, 2, 3)
    occurs = g.sum(over) > 0
    overlap = 2 * (p * g).sum(over) / (p.square().sum(over) + g.sum(over)).clamp_min(1e-9)
    return ((1 - overlap) * occurs).sum() / occurs.sum().clamp_min(1)


# By the name of the setting; several are added up.
LOSSES: dict[str, tuple[Loss, ...]] = {
    "cross_entropy": (cross_entropy,),
    "dice": (dice,),
    "cross_entropy+dice": (cross_entropy, dice),
}
