"""Faster networks with the same values: folded batch normalization, Winograd convolutions."""

from __future__ import annotations

import torch
from torch import nn

from segnet_model.engines.capabilities import cpu_has_amx
from segnet_model.engines.folding import fold_batch_norm
from segnet_model.engines.winograd import WinogradConv2d
from segnet_model.networks.blocks import channels_last

# With fewer channels, Winograd's sums cost more than its multiplications save.
WINOGRAD_CHANNELS = 128


def accelerate(network: nn.Module, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """Make a network fast on a device; its values stay the same up to rounding.

    Args:
        network: changed in place.
        device: for the network.
        dtype: of its weights and features.

    Returns:
        The network in eval mode, on the device, with batch normalization folded into convolutions
        where possible, and in channels-last memory.
    """
    network = channels_last(fold_batch_norm(network.eval()).to(device, dtype))
    if device.type == "cpu" and not (dtype == torch.bfloat16 and cpu_has_amx()):
        _use_winograd(network)
    return network


def _use_winograd(network: nn.Module) -> None:
    for module in list(network.modules()):
        for name, child in module.named_children():
            if WinogradConv2d.suits(child) and _channels(child) >= WINOGRAD_CHANNELS:
                setattr(module, name, WinogradConv2d(child))


def _channels(convolution: nn.Conv2d) -> int:
    return min(convolution.in_channels, convolution.out_channels)
