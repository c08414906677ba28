"""Lovasz-softmax, a loss that follows the mean IoU; it counts pixels where others sort them."""

from __future__ import annotations

import torch
from torch import Tensor

from segnet_model.training.processes import mean_over_processes

# Errors closer than 1 / BINS are taken for equal: a sum over bins in place of a sort of pixels.
BINS = 2**14


def lovasz(logits: Tensor, labels: Tensor, weights: Tensor, ignore_id: int) -> Tensor:
    """A convex stand-in for one less the mean IoU, over the classes that occur in the batch.

    Berman, Rannen Triki and Blaschko, "The Lovasz-Softmax loss", CVPR 2018, equations 8 and 9,
    with errors told apart to 1 / `BINS`, by which the value may differ from the paper's.

    Args:
        logits: (N, C, H, W), floating.
        labels: (N, H, W) int64 ids; pixels with ignore_id do not count.
        weights: not used, for every class counts the same in the mean IoU.
        ignore_id: see labels.

    Returns:
        A scalar, float32, 0 to 1. Zero, not NaN, where every pixel is ignored.
    """
    classes = torch.arange(logits.shape[1], device=logits.device)[:, None, None]
    probabilities, truth = logits.float().softmax(1), labels[:, None] == classes
    # Ignored pixels are pixels without error: those come last, where they change nothing.
    errors = (truth.float() - probabilities).abs() * (labels != ignore_id)[:, None]
    # The largest errors come first, and among equals those of pixels that are of the class.
    places = (1 - errors.detach()).mul_(BINS - 1).round_().long().mul_(2).add_(~truth)
    places += 2 * BINS * classes
    counts = places.flatten().bincount(minlength=2 * BINS * len(classes)).double()
    # Of all processes, as one process with their images would have it.
    counts = mean_over_processes(counts).view(-1, BINS, 2)
    losses = (errors * _steps(counts).take(places)).sum((0, 2, 3))
    occurs = counts[..., 0].sum(1) > 0
    return (losses * occurs).sum() / occurs.sum().clamp_min(1)


def _steps(counts: Tensor) -> Tensor:
    """By how much each pixel in a place adds to its class's Jaccard loss (equation 9's gradient).

    Args:
        counts: (C, bins, 2) float64, pixels in order of falling error: of the class, and not.

    Returns:
        The same shape, float32.
    """
    in_order = counts.flatten(1)
    hits, alarms = counts.clone(), counts.clone()
    hits[..., 1], alarms[..., 0] = 0, 0
    missed, alarmed = hits.flatten(1).cumsum(1), alarms.flatten(1).cumsum(1)
    size = missed[:, -1:]
    jaccard = 1 - (size - missed) / (size + alarmed).clamp_min(1e-9)
    added = jaccard.diff(prepend=jaccard.new_zeros(len(counts), 1))
    return (added / in_order.clamp_min(1e-9)).float().view_as(counts)
