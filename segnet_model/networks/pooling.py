"""Max pooling that keeps each maximum's position in one byte, and its unpooling.

SegNet (Badrinarayanan, Kendall and Cipolla, PAMI 2017, section 3.1) passes nothing from encoder to
decoder but these positions. PyTorch keeps them as int64 offsets; a 2x2 window has four positions,
so a byte (0 to 3, row by row) needs an eighth of the memory. The backward of either is the forward
of the other, so both are deterministic, which PyTorch's own unpooling is not.

Each is written three times. Eager PyTorch runs one operation after the other over the whole map,
and is fastest when it compares and masks bits. A compiler or an exporter gets plain comparisons and
selections instead, which it can fuse and ONNX has. A GPU gets one kernel, where there is Triton.
"""

from __future__ import annotations

import logging
from functools import cache
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

POSITIONS = range(4)
# Integers as wide as the floating-point values whose bits they stand for.
BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}

logger = logging.getLogger(__name__)


def max_pool_2x2(x: Tensor) -> tuple[Tensor, Tensor]:
    """Halve a feature map by the maximum of each 2x2 window.

    Equal to `torch.nn.functional.max_pool2d(x, 2, return_indices=True)`: on ties the first
    maximum wins, and an odd last row or column is left out.

    Args:
        x: (N, C, H, W), any floating dtype and memory format.

    Returns:
        The maxima (N, C, H // 2, W // 2) in x's dtype, and their positions in the window,
        0 to 3 row by row, uint8 of the same shape; int32 where this is compiled or exported.
    """
    if _needs_grad(x):
        pooled, positions = _MaxPool.apply(x)  # type: ignore[no-untyped-call]
        return pooled, positions
    return _pool(x)


def max_unpool_2x2(x: Tensor, positions: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Put each value back where its window's maximum was, zeros elsewhere.

    Args:
        x: (N, C, h, w), any floating dtype.
        positions: (N, C, h, w) uint8, 0 to 3, from `max_pool_2x2`; or (1, C, h, w) for all of x.
        size: (H, W) of the result when the pooled map had an odd side; twice (h, w) by default.

    Returns:
        (N, C, H, W) in x's dtype and memory format.

    Example:
        >>> pooled, positions = max_pool_2x2(torch.tensor([[[[1.0, 2.0], [4.0, 3.0]]]]))
        >>> max_unpool_2x2(pooled, positions).tolist()
        [[[[0.0, 0.0], [4.0, 0.0]]]]
    """
    size = (x.shape[-2] * 2, x.shape[-1] * 2) if size is None else size
    if _needs_grad(x):
        unpooled: Tensor = _MaxUnpool.apply(x, positions, size)  # type: ignore[no-untyped-call]
        return unpooled
    return _unpool(x, positions, size)


def _needs_grad(x: Tensor) -> bool:
    return x.requires_grad and torch.is_grad_enabled()


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        pooled, positions = _pool(x)
        ctx.save_for_backward(positions)
        ctx.mark_non_differentiable(positions)
        ctx.size = (x.shape[-2], x.shape[-1])
        return pooled, positions

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> Tensor:
        (positions,) = ctx.saved_tensors
        return max_unpool_2x2(grad, positions, ctx.size)


class _MaxUnpool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, positions: Tensor, size: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(positions)
        return _unpool(x, positions, size)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (positions,) = ctx.saved_tensors
        return _Gather.apply(grad, positions), None, None  # type: ignore[no-untyped-call]


class _Gather(torch.autograd.Function):
    """Take each window's value at its position: the backward of unpooling."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, positions: Tensor) -> Tensor:
        ctx.save_for_backward(positions)
        ctx.size = (x.shape[-2], x.shape[-1])
        a, b, c, d = _corners(x)
        right = (positions & 1).bool()
        return torch.where(positions > 1, torch.where(right, d, c), torch.where(right, b, a))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (positions,) = ctx.saved_tensors
        return max_unpool_2x2(grad, positions, ctx.size), None


def fused_kernels(device: torch.device) -> ModuleType | None:
    """The module `pooling_kernels` for a GPU on which it works; None for any other device."""
    return _working_kernels(device) if device.type == "cuda" else None


@cache
def _working_kernels(device: torch.device) -> ModuleType | None:
    from segnet_model.networks import pooling_kernels  # only here, as importing Triton takes time

    if not pooling_kernels.INSTALLED:
        return None
    try:
        pooling_kernels.check(device)
    except Exception as error:  # of Triton, its compiler or the driver
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        logger.warning(
            "Triton's pooling does not work on %s (%s), so PyTorch's slower operations do it; "
            "Triton needs a C compiler and Python's headers: apt install gcc python3-dev",
            device, reason,
        )  # fmt: skip
        return None
    return pooling_kernels


def _pool(x: Tensor) -> tuple[Tensor, Tensor]:
    compiling = torch.compiler.is_compiling()
    kernels = None if compiling else fused_kernels(x.device)
    if kernels is not None:
        fused: tuple[Tensor, Tensor] = kernels.pool(x, _memory_format(x))
        return fused
    pooled = F.max_pool2d(x, 2)
    if compiling:
        # Compare the corners with each other: a quantized maximum may equal none of them.
        a, b, c, d = _corners(x)
        # Not bytes: TensorRT has them as inputs and outputs of a network alone.
        right, below_right = (b > a).to(torch.int32), (d > c).to(torch.int32) + 2
        below = torch.maximum(c, d) > torch.maximum(a, b)
        return pooled, torch.where(below, below_right, right)
    # The maximum is one of the four, with the same bits.
    bits = BITS[x.element_size()]
    not_a, not_b, not_c = (
        torch.ne(corner, pooled.view(bits)).view(torch.uint8)
        for corner in _corners(x.view(bits))[:3]
    )
    return pooled, not_c.add_(1).mul_(not_b).add_(1).mul_(not_a)


def _unpool(x: Tensor, positions: Tensor, size: tuple[int, int]) -> Tensor:
    bottom, right = size[0] - 2 * x.shape[-2], size[1] - 2 * x.shape[-1]
    if torch.compiler.is_compiling():
        # A depth-to-space, in the form that exporters and OpenVINO recognize.
        corners = torch.cat([torch.where(positions == position, x, 0) for position in POSITIONS], 1)
        n, c, h, w = x.shape
        tiles = corners.view(n, 2, 2, c, h, w).permute(0, 3, 4, 1, 5, 2)
        return F.pad(tiles.reshape(n, c, 2 * h, 2 * w), (0, right, 0, bottom))
    kernels = fused_kernels(x.device)
    if kernels is not None:
        fused: Tensor = kernels.unpool(x, positions, size, _memory_format(x))
        return fused
    out = torch.empty(
        (*x.shape[:2], *size), dtype=x.dtype, device=x.device, memory_format=_memory_format(x)
    )
    bits = BITS[x.element_size()]
    values, wide = x.view(bits), positions.to(bits)
    for position, corner in zip(POSITIONS, _corners(out.view(bits)), strict=True):
        # All ones where the position is this one, as only 0 - 1 is negative, and zeros elsewhere.
        mask = (wide ^ position).sub_(1).bitwise_right_shift_(8 * x.element_size() - 1)
        torch.bitwise_and(values, mask, out=corner)
    if bottom:
        out[..., -1:, :] = 0
    if right:
        out[..., -1:] = 0
    return out


def _corners(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Views of x (N, C, H, W): the four positions of every whole 2x2 window, row by row."""
    x = x[..., : x.shape[-2] // 2 * 2, : x.shape[-1] // 2 * 2]
    return x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]


def _memory_format(x: Tensor) -> torch.memory_format:
    channels_last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if channels_last else torch.contiguous_format
