"""3x3 convolutions with four ninths of the multiplications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.1: G
# of F(2x2, 3x3). Its B and A hold nothing but 0, 1 and -1, so they are written out as sums.
_G = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))


class WinogradConv2d(nn.Module):
    """Winograd's F(2x2, 3x3): a convolution with 16 multiplications where 36 are usual.

    A tile of 2x2 outputs needs 4x4 inputs, each multiplied once for every pair of channels. The
    sums before and after cost memory traffic instead, so it pays where there are many channels.
    The result is that of the convolution up to rounding.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        """Take over the weights of a convolution that `suits`, in their dtype."""
        super().__init__()
        g = torch.tensor(_G, dtype=torch.float64)
        weight = convolution.weight.detach()
        tiles = torch.einsum("ij,ocjk,lk->iloc", g, weight.double(), g)
        points = [
            point[..., None, None].to(weight).contiguous(memory_format=torch.channels_last)
            for point in tiles.flatten(0, 1)
        ]
        self.weights = nn.ParameterList(points).requires_grad_(False)
        self.bias = convolution.bias

    @staticmethod
    def suits(module: nn.Module) -> TypeGuard[nn.Conv2d]:
        """Whether a module is a convolution of 3x3 with stride 1 and padding 1."""
        return (
            isinstance(module, nn.Conv2d)
            and module.kernel_size == (3, 3)
            and module.stride == module.padding == module.dilation == (1, 1)
            and module.groups == 1
            and module.padding_mode == "zeros"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve x (N, C, H, W); returns (N, O, H, W) in channels-last memory."""
        height, width = x.shape[-2:]
        down, right = (height + 1) // 2, (width + 1) // 2  # tiles
        x = F.pad(x, (1, 2 * right + 1 - width, 1, 2 * down + 1 - height))
        rows = _spread(x[:, :, i : i + 2 * down - 1 : 2] for i in range(4))
        shape = (x.shape[0], self.weights[0].shape[0], 2 * down, 2 * right)
        y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        places = [[y[:, :, i::2, j::2] for j in range(2)] for i in range(2)]
        _gather((self._row(row, index, right) for index, row in enumerate(rows)), places)
        return y[:, :, :height, :width]

    def _row(self, x: Tensor, index: int, right: int) -> list[Tensor]:
        """Multiply a row of the tiles' points; returns its part of the even and odd columns."""
        columns = _spread(x[..., j : j + 2 * right - 1 : 2] for j in range(4))
        points = ([self._point(column, index, j)] for j, column in enumerate(columns))
        even, odd = _gather(points)
        return [*even, *odd]

    def _point(self, x: Tensor, i: int, j: int) -> Tensor:
        # Point (1, 1) enters all four outputs of a tile with weight 1, so it takes the bias along.
        return F.conv2d(x, self.weights[4 * i + j], self.bias if i == j == 1 else None)


def _spread(d: Iterable[Tensor]) -> Iterator[Tensor]:
    """Multiply by B transposed, one row after the other, so that few are in memory at once."""
    first, second, third, fourth = d
    yield first - third
    yield second + third
    yield third - second
    yield second - fourth


def _gather(
    m: Iterator[list[Tensor]], out: Sequence[list[Tensor]] | None = None
) -> Sequence[list[Tensor]]:
    """Multiply by A transposed, as the rows arrive; in their place where out is not given."""
    first, second = next(m), next(m)
    out = out or (first, second)
    _add(first, second, 1, first)
    third = next(m)
    _add(first, third, 1, out[0])
    _add(second, third, -1, second)
    _add(second, next(m), -1, out[1])
    return out


def _add(a: list[Tensor], b: list[Tensor], factor: int, out: list[Tensor]) -> None:
    for left, right, result in zip(a, b, out, strict=True):
        torch.add(left, right, alpha=factor, out=result)
