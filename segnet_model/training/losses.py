"""Losses of logits against labels."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from segnet_model.training.lovasz import lovasz
from segnet_model.training.processes import mean_over_processes

# Of logits, labels, the classes' weights and the ignored id.
Loss = Callable[[Tensor, Tensor, Tensor, int], Tensor]


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
    # Of all processes, as one process with their images would have it.
    return total / mean_over_processes(known[labels].sum()).clamp_min(1e-9)


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
    # Of all processes, as one process with their images would have it.
    both, squares, truth = (
        mean_over_processes(each.sum(over)) for each in (p * g, p.square(), g.to(p.dtype))
    )
    occurs = truth > 0
    overlap = 2 * both / (squares + truth).clamp_min(1e-9)
    return ((1 - overlap) * occurs).sum() / occurs.sum().clamp_min(1)


# By the name of the setting; several are added up.
LOSSES: dict[str, tuple[Loss, ...]] = {
    "cross_entropy": (cross_entropy,),
    "dice": (dice,),
    "lovasz": (lovasz,),
    "cross_entropy+dice": (cross_entropy, dice),
    "cross_entropy+lovasz": (cross_entropy, lovasz),
}
