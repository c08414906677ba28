"""What training makes smaller: the loss of an answer, and of those of a network's inner stages."""

from __future__ import annotations

import torch
from torch import Tensor

from segnet_model.networks.outputs import class_logits
from segnet_model.training.losses import LOSSES
from segnet_model.training.settings import TrainSettings
from segnet_model.training.supervision import shrink_labels
from segnet_model.weights.checkpoint import ModelInfo


class Objective:
    """The sum of the losses that the settings name."""

    def __init__(self, settings: TrainSettings, info: ModelInfo, class_weights: Tensor) -> None:
        """Take what it depends on; class_weights are (classes,) float32 on the device."""
        self._terms, self._supervision = LOSSES[settings.loss], settings.supervision
        self._activation, self._ignored = info.activation, info.labels.ignore_id
        self.class_weights = class_weights

    def __call__(self, said: list[Tensor], truth: Tensor) -> Tensor:
        """The loss, a number.

        Args:
            said: the network's answer (N, C, h, w), and those of its inner stages, which count
                less.
            truth: (N, h, w) int64 class ids.
        """
        losses = [self._loss(each, shrink_labels(truth, each.shape[-2:])) for each in said[1:]]
        inner = self._supervision * torch.stack(losses).mean() if losses else 0.0
        return self._loss(said[0], truth) + inner

    def _loss(self, answer: Tensor, truth: Tensor) -> Tensor:
        logits = class_logits(answer, self._activation)
        terms = [term(logits, truth, self.class_weights, self._ignored) for term in self._terms]
        return torch.stack(terms).sum()
