"""Batch normalisation folded into the convolution before it, for networks that only answer."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Fold each BatchNorm2d that follows a Conv2d in an `nn.Sequential` into that convolution.

    In eval mode a batch normalisation is a multiplication and an addition for each channel
    (Ioffe and Szegedy, ICML 2015, algorithm 2), which weights and bias can do as well.

    Args:
        network: changed in place; must be in eval mode.

    Returns:
        The network.
    """
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            _fold(module)
    return network


def _fold(sequence: nn.Sequential) -> None:
    for index in range(len(sequence) - 1):
        convolution, normalisation = sequence[index], sequence[index + 1]
        if (
            isinstance(convolution, nn.Conv2d | nn.ConvTranspose2d)
            and isinstance(normalisation, nn.BatchNorm2d)
            and normalisation.track_running_stats
        ):
            transposed = isinstance(convolution, nn.ConvTranspose2d)
            sequence[index] = fuse_conv_bn_eval(convolution, normalisation, transposed)
            sequence[index + 1] = nn.Identity()
