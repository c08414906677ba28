"""Batch normalization folded into the convolution before it, for networks that only answer."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from segnet_model.engines.capabilities import warn_once


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Fold each BatchNorm2d that follows a Conv2d in an `nn.Sequential` into that convolution.

    Elsewhere nothing says that a convolution's values go to the batch normalization and nowhere
    else, so that one stays, which is right but slower; a warning says so.

    In eval mode a batch normalization is a multiplication and an addition for each channel
    (Ioffe and Szegedy, ICML 2015, algorithm 2), which weights and bias can do as well.

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
