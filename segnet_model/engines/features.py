"""The feature score: how unlike the features that training showed those of each pixel are.

It mixes two measures of one pass, each on a scale of how rare it is among right pixels: the entropy
of the classes, and the squared Mahalanobis distance of the last features to their mean (Lee et al.,
"A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks",
NeurIPS 2018, equation 2, with one Gaussian for all classes). Unknown things cover areas, while the
outlines of known ones are thin lines, so both are also averaged over neighbors (as by Jung et al.,
"Standardized Max Logits", ICCV 2021, section 3.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log2
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segnet_model.base.errors import SettingsError
from segnet_model.networks.encoder_decoder import halves
from segnet_model.networks.outputs import class_logits
from segnet_model.weights.features import PIECES, FeatureScore
from segnet_model.weights.model_info import ModelInfo

FINEST = 2  # pixels of the image between two that are measured
COARSE = 4  # pixels of the image on a side of a cell that is averaged
WINDOW = 3  # cells on a side of the window that is averaged then


@dataclass(eq=False)
class Tap:
    """The input and the output of a network's classifier in its last pass."""

    features: Tensor = field(default_factory=lambda: torch.zeros(0))  # (N, D, h, w)
    logits: Tensor = field(default_factory=lambda: torch.zeros(0))  # (N, C, h', w')

    @classmethod
    def on(cls, network: nn.Module) -> Tap:
        """Keep what passes the attribute `classifier` of a network; SettingsError without one."""
        classifier = getattr(network, "classifier", None)
        if not isinstance(classifier, nn.Module):
            raise SettingsError(
                f"a {type(network).__name__} has no layer named classifier, whose features the "
                "score is of; name its last layer so"
            )
        tap = cls()

        def keep(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            tap.features, tap.logits = inputs[0], output

        classifier.register_forward_hook(keep)
        return tap

    def measured(self, size: tuple[int, int], activation: str) -> tuple[Tensor, Tensor, int]:
        """Features and logits in float32 where the score is measured, and the stride in pixels.

        Args:
            size: (height, width) of the image.
            activation: see `ModelInfo`.
        """
        x, logits = self.features, class_logits(self.logits.float(), activation)
        stride = 2 ** max(0, round(log2(max(size[0] / x.shape[-2], size[1] / x.shape[-1]))))
        step = max(1, FINEST // stride)
        x = x[..., ::step, ::step].float()
        every = max(1, round(logits.shape[-1] / x.shape[-1]))
        logits = logits[..., ::every, ::every][..., : x.shape[-2], : x.shape[-1]]
        return x, logits, stride * step


class FeatureScorer(nn.Module):
    """Measures the features and logits of a pass."""

    matrix: Tensor
    offset: Tensor

    def __init__(self, score: FeatureScore, temperature: float) -> None:
        """Take the numbers of the score, and the temperature of the logits."""
        super().__init__()
        self.temperature = temperature
        self.register_buffer("matrix", _floats(score.matrix)[..., None, None])
        self.register_buffer("offset", _floats(score.offset))
        self._scales = score.entropy_scale, score.distance_scale, score.scale

    def forward(self, x: Tensor, logits: Tensor, stride: int) -> Tensor:
        """The score: (N, 1, h, w), 0 to 1.

        Args:
            x: features, (N, D, h, w) float32.
            logits: of the classes, (N, C, h, w) float32.
            stride: of both, in pixels of the image.
        """
        return scaled(self.mixed(x, logits, stride), self._scales[2])

    def mixed(self, x: Tensor, logits: Tensor, stride: int) -> Tensor:
        """The score before its last scale, 0 to 1; arguments as of `forward`."""
        cell, size = max(1, COARSE // stride), (logits.shape[-2], logits.shape[-1])
        entropy = scaled(self.entropy(logits), self._scales[0])
        # One distance a cell is enough, where so many are averaged.
        distance = scaled(self.distance(x[..., ::cell, ::cell]), self._scales[1])
        cells = (F.avg_pool2d(entropy, cell, ceil_mode=True) + distance) / 3
        edges = F.pad(cells, [WINDOW // 2] * 4, mode="replicate")
        return entropy / 3 + _enlarged(F.avg_pool2d(edges, WINDOW, stride=1), cell, size)

    def entropy(self, logits: Tensor) -> Tensor:
        """Normalized entropy of the classes, (N, 1, h, w), 0 to 1."""
        logarithms = (logits / self.temperature).log_softmax(1)
        entropy = -(logarithms.exp() * logarithms).sum(1, keepdim=True)
        return entropy / torch.tensor(float(max(2, logits.shape[1]))).log()

    def distance(self, x: Tensor) -> Tensor:
        """Squared Mahalanobis distance to the mean of the features, (N, 1, h, w)."""
        return F.conv2d(x, self.matrix, self.offset).square().sum(1, keepdim=True)


def _floats(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def scaled(values: Tensor, scale: Sequence[float]) -> Tensor:
    """Values on a scale: 0 up to its first number, 1 from its last, and linear between two."""
    parts = [((values - low) / (high - low)).clamp(0, 1) for low, high in pairwise(scale)]
    total: Any = sum(parts)
    result: Tensor = total / PIECES
    return result


class ScoredNetwork(nn.Module):
    """A network that also gives the feature score."""

    def __init__(self, network: nn.Module, info: ModelInfo) -> None:
        """Watch a network, which stays as it is.

        Raises:
            SettingsError: the weights have no feature score, or it is of another network.
        """
        super().__init__()
        if info.features is None:
            raise SettingsError(
                "these weights have no feature score; fit one with segnet calibrate, or choose "
                "uncertainty 'none'"
            )
        self.network, self._activation = network, info.activation
        self._tap = Tap.on(network)
        self.scorer = FeatureScorer(info.features, info.temperature("none"))
        self._inputs = len(info.features.matrix[0])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Raw logits and the score of (N, 3, H, W).

        Returns:
            (N, C, h, w), which others may enlarge, and (N, 1, h, w) float32, 0 to 1.
        """
        first, second = halves(self.network)
        raw = second(first(x))
        features, logits, stride = self._tap.measured((x.shape[-2], x.shape[-1]), self._activation)
        if features.shape[1] != self._inputs:
            raise SettingsError(
                f"the feature score is of {self._inputs} features and the network has "
                f"{features.shape[1]}; run segnet calibrate again"
            )
        score = self.scorer(features, logits, stride)
        factor = max(1, stride * raw.shape[-1] // x.shape[-1])
        return raw, _enlarged(score, factor, (raw.shape[-2], raw.shape[-1]))


def _enlarged(score: Tensor, factor: int, size: tuple[int, int]) -> Tensor:
    """Enlarge (N, 1, h, w) to (N, 1, H, W), without the padding below and right."""
    if factor == 1:
        return score[..., : size[0], : size[1]]
    height, width = (side * factor for side in score.shape[-2:])
    large = F.interpolate(score, size=(height, width), mode="bilinear", align_corners=False)
    return large[..., : size[0], : size[1]]
