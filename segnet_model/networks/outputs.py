"""The network's output: its channels, logits and probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segnet_model.base.choices import ACTIVATIONS
from segnet_model.base.errors import SettingsError

if TYPE_CHECKING:
    from torch import Tensor


def output_channels(classes: int, activation: str) -> int:
    """Number of output channels for a number of classes.

    Args:
        classes: of the label set.
        activation: "softmax": a channel for each class; "sigmoid": one channel for two classes,
            high for the second one.

    Raises:
        SettingsError: no such activation, or "sigmoid" without exactly two classes.
    """
    if activation not in ACTIVATIONS:
        raise SettingsError(f"activation {activation!r} is none of {', '.join(ACTIVATIONS)}")
    if activation == "softmax":
        return classes
    if classes != 2:
        raise SettingsError(
            f"activation 'sigmoid' is for two classes and the label set has {classes}; "
            "choose 'softmax'"
        )
    return 1


def classes_of_channels(names: tuple[str, ...], activation: str) -> list[tuple[str, ...]]:
    """The classes of each output channel: one, or with "sigmoid" both."""
    return [(name,) for name in names] if activation == "softmax" else [names]


def probabilities(logits: Tensor, temperature: float) -> Tensor:
    """Softmax of logits (N, C, H, W) divided by a temperature."""
    return (logits if temperature == 1 else logits / temperature).softmax(1)


def class_logits(raw: Tensor, activation: str) -> Tensor:
    """Logits with a channel for each class, whatever the activation.

    The sigmoid of z is the softmax of (0, z), and its binary cross-entropy their cross-entropy.

    Args:
        raw: the network's output, (N, C, H, W), or (N, 1, H, W) with "sigmoid".
        activation: "softmax" or "sigmoid".

    Returns:
        (N, C, H, W), or (N, 2, H, W) with "sigmoid".
    """
    if activation == "softmax":
        return raw
    import torch

    return torch.cat([torch.zeros_like(raw), raw], 1)
