"""What a network's output channels stand for."""

from __future__ import annotations

import torch
from torch import Tensor

from segnet_model.base.choices import ACTIVATIONS
from segnet_model.base.errors import SettingsError


def output_channels(classes: int, activation: str) -> int:
    """How many channels a network needs for so many classes.

    Args:
        classes: of the label set.
        activation: "softmax": a channel for each class; "sigmoid": one channel for two classes,
            high where the second one is.

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


def answered_classes(names: tuple[str, ...], activation: str) -> list[tuple[str, ...]]:
    """The classes that each output channel answers for: one, or with "sigmoid" both."""
    return [(name,) for name in names] if activation == "softmax" else [names]


def probabilities(logits: Tensor, temperature: float) -> Tensor:
    """Softmax of logits (N, C, H, W) divided by a temperature; see `temperature.py`."""
    return (logits if temperature == 1 else logits / temperature).softmax(1)


def class_logits(raw: Tensor, activation: str) -> Tensor:
    """Logits with a channel for each class, so that all that follows is the same.

    The sigmoid of z is the softmax of (0, z), and its binary cross-entropy their cross-entropy.

    Args:
        raw: what the network made: (N, C, H, W), or (N, 1, H, W) with "sigmoid".
        activation: see `output_channels`.

    Returns:
        (N, C, H, W), or (N, 2, H, W) with "sigmoid".
    """
    return raw if activation == "softmax" else torch.cat([torch.zeros_like(raw), raw], 1)
