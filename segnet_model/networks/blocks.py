"""What several networks are built of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

DRAWS = (Tensor.normal_, Tensor.uniform_)


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


def pad_to_least(x: Tensor, least: int) -> Tensor:
    """Repeat the last row and column of x (N, C, H, W) until both sides are at least so long."""
    return _pad(x, max(0, least - x.shape[-2]), max(0, least - x.shape[-1]))


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column of x (N, C, H, W) until both sides divide by multiple."""
    return _pad(x, -x.shape[-2] % multiple, -x.shape[-1] % multiple)


def _pad(x: Tensor, bottom: int, right: int) -> Tensor:
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def init_he(network: nn.Module) -> None:
    """Draw convolution weights as the SegNet authors do: He et al., ICCV 2015, equation 10."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


@contextmanager
def only_shapes() -> Iterator[None]:
    """Let networks that are built meanwhile have shapes, but neither memory nor values."""
    with torch.device("meta"), _NoDraws():
        yield


class _NoDraws(TorchFunctionMode):
    """Skips random numbers: there is nothing to fill, and trying to imports PyTorch's compiler.

    That takes a second of processor, more than all else that loading weights does.
    """

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return args[0] if function in DRAWS else function(*args, **(kwargs or {}))
