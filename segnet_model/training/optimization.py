"""Optimizer, precision, and schedule of the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi

import torch
from torch import nn

from segnet_model.engines.capabilities import cpu_gains_from_bfloat16
from segnet_model.training.settings import TrainSettings

Schedule = Callable[[float], float]  # from the share of the training that is done to a factor


def make_optimizer(network: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """Make the optimizer; weight decay spares biases and batch normalization."""
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=settings.learning_rate)
    return torch.optim.SGD(
        groups,
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.momentum > 0,
    )


def autocast_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """Number format of the convolutions; None for float32.

    Args:
        precision: "bfloat16", "float32", or "auto": bfloat16 where the device is faster in it.
        device: to train on.
    """
    if precision == "auto":
        has = torch.cuda.is_bf16_supported() if device.type == "cuda" else cpu_gains_from_bfloat16()
        return torch.bfloat16 if has else None
    return torch.bfloat16 if precision == "bfloat16" else None


def learning_rate_factor(schedule: str, warm_up: float, step: int, steps: int) -> float:
    """Factor of the peak learning rate at a step, 0 to 1.

    Args:
        schedule: a key of `SCHEDULES`.
        warm_up: share of the steps with an additional linear rise, 0 to below 1.
        step: number of steps that are done.
        steps: of the whole training.
    """
    warm = max(1, int(steps * warm_up))
    rise = min(1.0, (step + 1) / warm)
    done = max(0.0, (step - warm) / max(1, steps - warm))
    return rise * SCHEDULES[schedule](done)


def _cosine(done: float) -> float:
    """Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without restarts."""
    return (1 + cos(pi * done)) / 2


def _poly(done: float) -> float:
    """Chen et al., "DeepLab", PAMI 2018, section 3: to the power of 0.9."""
    return float((1 - done) ** 0.9)


def _one_cycle(done: float) -> float:
    """Smith and Topin, "Super-Convergence", 2018: up for 0.3 of the way from 1/25, then down."""
    if done < 0.3:
        return 0.04 + 0.96 * (1 - _cosine(done / 0.3))
    return _cosine((done - 0.3) / 0.7)


SCHEDULES: dict[str, Schedule] = {
    "cosine": _cosine,
    "poly": _poly,
    "one_cycle": _one_cycle,
    "constant": lambda done: 1.0,
}
