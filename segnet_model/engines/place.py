"""The place score: how unlike the images of calibration a whole image is.

Means and standard deviations of the encoder's deepest features over the image are one vector. The
score is its distance to the mean of the vectors of calibration, each number measured in its own
standard deviations: the Mahalanobis distance of Lee et al., "A Simple Unified Framework for
Detecting Out-of-Distribution Samples and Adversarial Attacks", NeurIPS 2018, equation 2, with one
Gaussian and a diagonal covariance.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.base.errors import SettingsError
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.place import PlaceScore


def deepest_layer(network: nn.Module) -> nn.Module:
    """The layer that the attribute `deepest` of a network names; SettingsError without one."""
    name = getattr(network, "deepest", None)
    if not isinstance(name, str):
        raise SettingsError(
            f"a {type(network).__name__} does not say which layer gives its deepest features; name "
            "it in an attribute `deepest`"
        )
    return network.get_submodule(name)


def pooled(output: Any) -> Tensor:
    """The vector of each image, (N, 2 * channels) float32.

    Args:
        output: of the deepest layer: features (N, channels, h, w), or several, the deepest last.
    """
    x: Tensor = (output if isinstance(output, Tensor) else output[-1]).float()
    mean = x.mean((2, 3))
    deviation = (x - mean[..., None, None]).square().mean((2, 3)).sqrt()
    return torch.cat([mean, deviation], 1)


class PlaceScorer(nn.Module):
    """The score of vectors."""

    mean: Tensor
    scale: Tensor

    def __init__(self, place: PlaceScore) -> None:
        """Take the numbers of the score."""
        super().__init__()
        self.register_buffer("mean", torch.tensor(place.mean))
        scale = 1 / (torch.tensor(place.deviation) * place.bound)
        self.register_buffer("scale", scale)

    def forward(self, vectors: Tensor) -> Tensor:
        """The score, (N,), of vectors (N, D): 1 at the bound."""
        if vectors.shape[1] != len(self.mean):
            raise SettingsError(
                f"the place score is of {len(self.mean)} features and the network has "
                f"{vectors.shape[1]}; run segnet calibrate again"
            )
        return ((vectors - self.mean) * self.scale).square().mean(1).sqrt()


class PlaceWatch(nn.Module):
    """Scores the places of all passes of a network, which stays as it is.

    Attributes:
        scores: of the images of the last pass, (N,) float32; None before the first.
    """

    scores: Tensor | None

    def __init__(self, network: nn.Module, place: PlaceScore) -> None:
        """Watch a network; SettingsError where it does not name its deepest layer."""
        super().__init__()
        self.scorer = PlaceScorer(place)
        self.scores = None

        def score(layer: nn.Module, inputs: Any, output: Any) -> None:
            self.scores = self.scorer(pooled(output))

        deepest_layer(network).register_forward_hook(score)


def watch_places(network: nn.Module, info: ModelInfo) -> PlaceWatch | None:
    """Watch a network; None where its weights have no place score."""
    return None if info.place is None else PlaceWatch(network, info.place)
