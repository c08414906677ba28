"""Faster networks with the same values: folded batch normalization, Winograd convolutions."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from segnet_model.engines.capabilities import cpu_has_amx, warn_once
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


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Fold each BatchNorm2d that follows a Conv2d in an `nn.Sequential` into that convolution.

    In eval mode a batch normalization multiplies and adds for each channel (Ioffe and Szegedy,
    ICML 2015, algorithm 2), which weights and bias can do as well. Outside a Sequential the
    convolution's values might also go elsewhere, so that one stays, with a warning.

    Args:
        network: changed in place; must be in eval mode.

    Returns:
        The network.
    """
    outside = 0
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            _fold(module)
        else:
            outside += sum(isinstance(child, nn.BatchNorm2d) for child in module.children())
    if outside:
        warn_once(
            f"{outside} batch normalizations of {type(network).__name__} are computed on their "
            "own, which is slower; to fold them, put each behind its convolution in an "
            "nn.Sequential"
        )
    return network


def _fold(sequence: nn.Sequential) -> None:
    for index in range(len(sequence) - 1):
        convolution, normalization = sequence[index], sequence[index + 1]
        if (
            isinstance(convolution, nn.Conv2d | nn.ConvTranspose2d)
            and isinstance(normalization, nn.BatchNorm2d)
            and normalization.track_running_stats
        ):
            transposed = isinstance(convolution, nn.ConvTranspose2d)
            sequence[index] = fuse_conv_bn_eval(convolution, normalization, transposed)
            sequence[index + 1] = nn.Identity()
