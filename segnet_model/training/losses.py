"""Losses that training minimizes, for the output of a network and of its inner stages."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from segnet_model.networks.outputs import class_logits
from segnet_model.training.processes import mean_over_processes
from segnet_model.training.settings import TrainSettings
from segnet_model.training.supervision import shrink_labels
from segnet_model.weights.model_info import ModelInfo

# From logits (N, C, H, W), labels (N, H, W) int64, class weights (C,) float32 and the ignored id: a
# scalar, float32; zero, not NaN, where every pixel is ignored.
Loss = Callable[[Tensor, Tensor, Tensor, int], Tensor]
# Errors closer than 1 / BINS count as equal: sums over bins replace sorting all pixels.
BINS = 2**14


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor, ignore_id: int) -> Tensor:
    """Weighted mean cross-entropy."""
    total = F.cross_entropy(
        logits.float(), labels, weights, ignore_index=ignore_id, reduction="sum"
    )
    known = weights.new_tensor(0.0).expand(256).clone()
    known[: len(weights)] = weights
    known[ignore_id] = 0
    # Over all processes, as one process with all images computes it.
    return total / mean_over_processes(known[labels].sum()).clamp_min(1e-9)


def dice(logits: Tensor, labels: Tensor, weights: Tensor, ignore_id: int) -> Tensor:
    """One less the soft Dice overlap, averaged over the classes that occur.

    Milletari, Navab and Ahmadi, "V-Net", 3DV 2016, section 3: 2 sum(p g) / (sum(p^2) + sum(g^2)),
    with probabilities p and truth g over all pixels of the batch.
    Not weighted: the overlap of a rare class counts as much as that of any other.
    """
    known = labels != ignore_id
    p = logits.float().softmax(1) * known[:, None]
    g = F.one_hot(labels.where(known, 0), logits.shape[1]).movedim(-1, 1) * known[:, None]
    over = (0, 2, 3)
    # Over all processes, as one process with all images computes it.
    both, squares, truth = (
        mean_over_processes(each.sum(over)) for each in (p * g, p.square(), g.to(p.dtype))
    )
    occurs = truth > 0
    overlap = 2 * both / (squares + truth).clamp_min(1e-9)
    return ((1 - overlap) * occurs).sum() / occurs.sum().clamp_min(1)


def lovasz(logits: Tensor, labels: Tensor, weights: Tensor, ignore_id: int) -> Tensor:
    """Lovasz-Softmax: convex surrogate of one less the mean IoU of the classes in the batch.

    Berman, Rannen Triki and Blaschko, "The Lovasz-Softmax loss", CVPR 2018, equations 8 and 9,
    with errors rounded to 1 / `BINS`, by which the value may differ from the paper's.
    Not weighted: every class counts the same in the mean IoU.
    """
    classes = torch.arange(logits.shape[1], device=logits.device)[:, None, None]
    probabilities, truth = logits.float().softmax(1), labels[:, None] == classes
    # Ignored pixels get no error, so they come last, where they change nothing.
    errors = (truth.float() - probabilities).abs() * (labels != ignore_id)[:, None]
    # The largest errors come first, and among equals those of pixels that are of the class.
    places = (1 - errors.detach()).mul_(BINS - 1).round_().long().mul_(2).add_(~truth)
    places += 2 * BINS * classes
    counts = places.flatten().bincount(minlength=2 * BINS * len(classes)).double()
    # Over all processes, as one process with all images computes it.
    counts = mean_over_processes(counts).view(-1, BINS, 2)
    losses = (errors * _steps(counts).take(places)).sum((0, 2, 3))
    occurs = counts[..., 0].sum(1) > 0
    return (losses * occurs).sum() / occurs.sum().clamp_min(1)


def unlabeled_risk(
    logits: Tensor, labels: Tensor, positive: Tensor, prior: float, ignore_id: int
) -> Tensor:
    """Non-negative risk of calling an unlabeled pixel drivable.

    Kiryo et al., "Positive-unlabeled learning with non-negative risk estimator", NeurIPS 2017,
    equation 6, with the sigmoid loss of its experiments: the loss of a pixel as not drivable is its
    probability of being so. Of the unlabeled pixels a share `prior` is drivable, so their loss,
    less that of the drivable ones among them, is never below zero. A logarithmic loss would be:
    few sure pixels would outweigh all others.

    Args:
        logits: (N, C, H, W).
        labels: (N, H, W) int64; the ignored id is unlabeled.
        positive: (C,) bool, the drivable classes.
        prior: share of the unlabeled pixels that is drivable, 0 to 1.
        ignore_id: id of unlabeled pixels.

    Returns:
        A scalar, float32, 0 to 1; 0 without unlabeled or without drivable pixels.
    """
    probability = logits.float().softmax(1)[:, positive].sum(1)
    unlabeled = labels == ignore_id
    known = positive[labels.where(~unlabeled, 0)] & ~unlabeled
    # Over all processes, as one process with all images computes it.
    counts = [mean_over_processes(each.float().sum()) for each in (unlabeled, known)]
    sums = [mean_over_processes((probability * each).sum()) for each in (unlabeled, known)]
    of_unlabeled, of_drivable = (
        total / count.clamp_min(1) for total, count in zip(sums, counts, strict=True)
    )
    risk = (of_unlabeled - prior * of_drivable).clamp_min(0)
    return risk * (counts[0] > 0) * (counts[1] > 0)


def _steps(counts: Tensor) -> Tensor:
    """Increase of a class's Jaccard loss per pixel of each bin (gradient in equation 9).

    Args:
        counts: (C, bins, 2) float64, pixels by falling error: of the class, and of others.

    Returns:
        The same shape, float32.
    """
    in_order = counts.flatten(1)
    positive, negative = counts.clone(), counts.clone()
    positive[..., 1], negative[..., 0] = 0, 0
    missed, false = positive.flatten(1).cumsum(1), negative.flatten(1).cumsum(1)
    size = missed[:, -1:]
    jaccard = 1 - (size - missed) / (size + false).clamp_min(1e-9)
    added = jaccard.diff(prepend=jaccard.new_zeros(len(counts), 1))
    return (added / in_order.clamp_min(1e-9)).float().view_as(counts)


# By the value of the setting; several losses are summed.
LOSSES: dict[str, tuple[Loss, ...]] = {
    "cross_entropy": (cross_entropy,),
    "dice": (dice,),
    "lovasz": (lovasz,),
    "cross_entropy+dice": (cross_entropy, dice),
    "cross_entropy+lovasz": (cross_entropy, lovasz),
}


class Objective:
    """The sum of the losses that the settings name."""

    def __init__(self, settings: TrainSettings, info: ModelInfo, class_weights: Tensor) -> None:
        """Choose the losses; class_weights are (classes,) float32 on the device."""
        self._terms, self._supervision = LOSSES[settings.loss], settings.supervision
        self._activation, self._ignored = info.activation, info.labels.ignore_id
        self.class_weights = class_weights
        self._prior = settings.unlabeled
        drivable = info.labels.drivable[: info.labels.num_classes]
        self._drivable = torch.from_numpy(drivable.copy()).to(class_weights.device)

    def __call__(self, outputs: list[Tensor], truth: Tensor) -> Tensor:
        """The loss, a scalar.

        Args:
            outputs: (N, C, h, w) of the network, and then of its inner stages, which count less.
            truth: (N, h, w) int64 class ids.
        """
        losses = [self._loss(each, shrink_labels(truth, each.shape[-2:])) for each in outputs[1:]]
        inner = self._supervision * torch.stack(losses).mean() if losses else 0.0
        return self._loss(outputs[0], truth) + inner

    def _loss(self, output: Tensor, truth: Tensor) -> Tensor:
        logits = class_logits(output, self._activation)
        terms = [term(logits, truth, self.class_weights, self._ignored) for term in self._terms]
        if self._prior:
            terms.append(unlabeled_risk(logits, truth, self._drivable, self._prior, self._ignored))
        return torch.stack(terms).sum()
