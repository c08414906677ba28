"""3x3 convolutions with four ninths of the multiplications."""

from __future__ import annotations

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
        """Take over a convolution's weights, in their dtype; see `suits` for which."""
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
        """Whether a module is a convolution that can be done so: 3x3, stride 1, padding 1."""
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
        rows = _spread([x[:, :, i : i + 2 * down - 1 : 2] for i in range(4)])
        sums = [self._row(row, index, right) for index, row in enumerate(rows)]
        shape = (x.shape[0], self.weights[0].shape[0], 2 * down, 2 * right)
        y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        for column in (0, 1):
            upper, lower = _gather([each[column] for each in sums])
            y[:, :, ::2, column::2], y[:, :, 1::2, column::2] = upper, lower
        return y[:, :, :height, :width]

    def _row(self, x: Tensor, index: int, right: int) -> tuple[Tensor, Tensor]:
        columns = _spread([x[..., j : j + 2 * right - 1 : 2] for j in range(4)])
        # Point (1, 1) enters all four outputs of a tile with weight 1, so it takes the bias along.
        return _gather(
            [
                F.conv2d(
                    column, self.weights[4 * index + j], self.bias if index == j == 1 else None
                )
                for j, column in enumerate(columns)
            ]
        )


def _spread(d: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Multiply by B transposed."""
    return d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]


def _gather(m: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Multiply by A transposed, in place."""
    first = m[0].add_(m[1]).add_(m[2])
    return first, m[1].sub_(m[2]).sub_(m[3])
