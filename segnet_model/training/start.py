"""What a training begins with: the network, what its weights file will say, and the optimiser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from segnet_model.base.limits import check_input_size
from segnet_model.datasets.folder import LabelledFolder
from segnet_model.engines.capabilities import cpu_has_bfloat16
from segnet_model.labels import LabelSet
from segnet_model.networks.inputs import network_size
from segnet_model.training.inheritance import take_over
from segnet_model.training.settings import TrainSettings
from segnet_model.weights.checkpoint import ModelInfo, load_weights
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.vgg import load_vgg16


def _half_size(folder: LabelledFolder) -> tuple[int, int]:
    height, width = folder.read(0)[1].shape
    return network_size((height, width), (height // 2, width // 2))


def make_optimizer(network: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """The optimiser that the settings name.

    Biases and batch normalisation are not decayed, having no direction to shrink.
    """
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
    """The half precision for the convolutions, or None for float32.

    Args:
        precision: "auto" takes bfloat16 where the device multiplies it, "bfloat16" or "float32".
        device: that trains.
    """
    if precision == "auto":
        has = torch.cuda.is_bf16_supported() if device.type == "cuda" else cpu_has_bfloat16()
        return torch.bfloat16 if has else None
    return torch.bfloat16 if precision == "bfloat16" else None


def start(
    settings: TrainSettings, labels: LabelSet, folder: LabelledFolder, name: str
) -> tuple[nn.Module, ModelInfo]:
    """The network to train: a fresh one, or as much of `settings.init` as fits.

    Raises:
        SettingsError: the network cannot be made, is too large, or unlike that of `settings.init`.
        WeightsError: a file to start from cannot be read.
    """
    trusted = {settings.network} if settings.network else set()  # whoever trains names it
    source, given = (
        load_weights(find_weights(settings.init), trusted) if settings.init else (None, None)
    )
    same = given is not None and settings.network in (None, given.network)
    info = ModelInfo(
        settings.network or (given.network if given else "segnet_basic"),
        labels,
        settings.input_size or (given.input_size if given else _half_size(folder)),
        {**(given.network_settings if given and same else {}), **settings.network_settings},
        activation=settings.activation,
        license=settings.license,
        training={"dataset": name, "images": len(folder), **_public(settings)},
    )
    check_input_size(info.input_size)
    network = info.build(trusted)
    if settings.encoder:
        load_vgg16(network, Path(settings.encoder).expanduser())
    if source is not None and given is not None:
        take_over(source, given, network, info)
    return network, info


def _public(settings: TrainSettings) -> dict[str, Any]:
    """The settings without the folders of whoever trained, which are nobody else's business."""
    names = {
        key: Path(value).name
        for key in ("encoder", "init", "labels")
        if (value := getattr(settings, key))
    }
    return {k: v for k, v in {**settings.shaping(), **names}.items() if v not in (None, {})}
