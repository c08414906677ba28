"""Parts that several networks are built of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

RANDOM = (Tensor.normal_, Tensor.uniform_)


def conv_bn(inputs: int, outputs: int, kernel: int, *, relu: bool = True) -> nn.Sequential:
    """Convolution that keeps the size, batch normalization and, by default, ReLU."""
    layers: list[nn.Module] = [
        # Batch normalization has the bias.
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def conv3x3_stack(widths: Sequence[int]) -> nn.Sequential:
    """3x3 convolutions as `conv_bn`, one for each step from a number of channels to the next."""
    return nn.Sequential(*(conv_bn(a, b, kernel=3) for a, b in pairwise(widths)))


def check_dropout(probability: float) -> None:
    """Raise ValueError unless a probability of dropout is 0 or more and less than 1."""
    if not 0 <= probability < 1:
        raise ValueError(f"dropout is {probability}; give 0 or more and less than 1")


def channels_last(network: nn.Module) -> nn.Module:
    """Store the weights in the memory order that is fastest for convolutions."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def pad_to_least(x: Tensor, least: int) -> Tensor:
    """Repeat the last row and column of x (N, C, H, W) until both sides are at least so long."""
    return _pad(x, max(0, least - x.shape[-2]), max(0, least - x.shape[-1]))


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column of x (N, C, H, W) until both sides divide by multiple."""
    return _pad(x, -x.shape[-2] % multiple, -x.shape[-1] % multiple)


def _pad(x: Tensor, bottom: int, right: int) -> Tensor:
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def init_he(network: nn.Module) -> None:
    """Draw convolution weights as SegNet's authors do: He et al., ICCV 2015, equation 10."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


@contextmanager
def without_memory() -> Iterator[None]:
    """Give networks that are built inside the context shapes, but neither memory nor values."""
    with torch.device("meta"), _NoRandomNumbers():
        yield


class _NoRandomNumbers(TorchFunctionMode):
    """Skips random initialization, for which PyTorch would import its compiler.

    That takes a second of processor time, more than all the rest of loading weights.
    """

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return args[0] if function in RANDOM else function(*args, **(kwargs or {}))
