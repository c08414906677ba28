"""What every network of the family does: convolve, pool and unpool, and fit any input size."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segnet_model.pooling import max_pool_2x2, max_unpool_2x2


def conv_bn(inputs: int, outputs: int, kernel: int, *, relu: bool = True) -> nn.Sequential:
    """Convolution that keeps the size, batch normalisation, and ReLU unless told otherwise."""
    layers: list[nn.Module] = [
        # Batch normalisation has the bias.
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def channels_last(network: nn.Module) -> nn.Module:
    """Store the weights in the order that convolutions are fastest in; returns the network."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def encode_decode(
    x: Tensor, encoders: Iterable[nn.Module], decoders: Iterable[nn.Module]
) -> Tensor:
    """Halve x (N, C, H, W) after each encoder, and undo that before each decoder.

    Nothing crosses from one side to the other but the places of the pooling maxima.
    """
    places = []
    for encoder in encoders:
        x, place = max_pool_2x2(encoder(x))
        places.append(place)
    for decoder in decoders:
        x = decoder(max_unpool_2x2(x, places.pop()))
    return x


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column of x (N, C, H, W) until both sides divide by multiple."""
    height, width = x.shape[-2:]
    bottom, right = -height % multiple, -width % multiple
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def init_he(network: nn.Module) -> None:
    """Draw convolution weights as the SegNet authors do: He et al., ICCV 2015, equation 10."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
