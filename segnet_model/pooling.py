"""Max pooling that remembers where the maximum was in one byte a window, and its unpooling.

SegNet (Badrinarayanan, Kendall and Cipolla, PAMI 2017, section 3.1) passes nothing from encoder to
decoder but these positions. PyTorch keeps them as int64 offsets; a 2x2 window has four places, so
a byte (0 to 3, row by row) says the same in an eighth of the memory. The backward of either is the
forward of the other, so both are deterministic, which PyTorch's own unpooling is not.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def max_pool_2x2(x: Tensor) -> tuple[Tensor, Tensor]:
    """Halve a feature map by the maximum of each 2x2 window.

    Equal to `torch.nn.functional.max_pool2d(x, 2, return_indices=True)`: on ties the first
    maximum wins, and an odd last row or column is left out.

    Args:
        x: (N, C, H, W), any floating dtype and memory format.

    Returns:
        The maxima (N, C, H // 2, W // 2) in x's dtype, and their places in the window,
        0 to 3 row by row, uint8 of the same shape.
    """
    pooled, places = _MaxPool.apply(x)  # type: ignore[no-untyped-call]
    return pooled, places


def max_unpool_2x2(x: Tensor, places: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Put each value back where its window's maximum was, zeros elsewhere.

    Args:
        x: (N, C, h, w), any floating dtype.
        places: (N, C, h, w) uint8, 0 to 3, from `max_pool_2x2`.
        size: (H, W) of the result when the pooled map had an odd side; twice (h, w) by default.

    Returns:
        (N, C, H, W) in x's dtype and memory format.
    """
    size = (x.shape[-2] * 2, x.shape[-1] * 2) if size is None else size
    unpooled: Tensor = _MaxUnpool.apply(x, places, size)  # type: ignore[no-untyped-call]
    return unpooled


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        a, b, c, d = _corners(x)
        above, below = torch.maximum(a, b), torch.maximum(c, d)
        upper, lower = (b > a).to(torch.uint8), (d > c).to(torch.uint8) + 2
        places = torch.where(below > above, lower, upper)
        ctx.save_for_backward(places)
        ctx.mark_non_differentiable(places)
        ctx.size = (x.shape[-2], x.shape[-1])
        return torch.maximum(above, below), places

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> Tensor:
        (places,) = ctx.saved_tensors
        return max_unpool_2x2(grad, places, ctx.size)


class _MaxUnpool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, places: Tensor, size: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(places)
        out = x.new_zeros((x.shape[0], x.shape[1], *size)).to(memory_format=_memory_format(x))
        for place, corner in enumerate(_corners(out)):
            corner.copy_(torch.where(places == place, x, 0))
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (places,) = ctx.saved_tensors
        a, b, c, d = _corners(grad)
        right = (places & 1).bool()
        return (
            torch.where(places > 1, torch.where(right, d, c), torch.where(right, b, a)),
            None,
            None,
        )


def _corners(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Views of x (N, C, H, W): the four places of every whole 2x2 window, row by row."""
    x = x[..., : x.shape[-2] // 2 * 2, : x.shape[-1] // 2 * 2]
    return x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]


def _memory_format(x: Tensor) -> torch.memory_format:
    channels_last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if channels_last else torch.contiguous_format
