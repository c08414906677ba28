"""`pooling` for GPUs: a Triton kernel for each direction, which reads and writes every value once.

Eager PyTorch passes over the map nine times to pool and six times to unpool. Values are moved as
integers of their width, so that every bit survives; only comparisons see floating point.

A map is a number of rows. In contiguous memory each of N * C * H rows has W values; in
channels-last memory each of N * H rows has W * C, and neighbors lie C apart. That distance is the
kernels' `inner`.

Triton compiles each kernel when it first runs, for which it needs a C compiler. With
`TRITON_INTERPRET=1` in the environment when this is imported, the kernels run on the CPU, slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from segnet_model.networks.pooling import BITS

try:
    import triton
    import triton.language as tl
except ImportError:  # PyTorch for the CPU comes without it
    triton = tl = None
INSTALLED = triton is not None

BLOCK = 1024  # values of a row for a program


def jit(kernel: Callable[..., Any]) -> Any:
    """Make a kernel of a function; the function itself where there is no Triton."""
    return triton.jit(kernel) if INSTALLED else kernel


def pool(x: Tensor, memory_format: torch.memory_format) -> tuple[Tensor, Tensor]:
    """Maxima of 2x2 windows and their positions; see `max_pool_2x2`.

    Args:
        x: (N, C, H, W) float64, float32, float16 or bfloat16.
        memory_format: of the results, contiguous or channels-last.
    """
    x = x.contiguous(memory_format=memory_format)
    height, width = x.shape[-2:]
    shape = (*x.shape[:2], height // 2, width // 2)
    pooled = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=memory_format)
    positions = torch.empty_like(pooled, dtype=torch.uint8)
    maps, inner = _layout(x, memory_format)
    floats = getattr(tl, str(x.dtype).removeprefix("torch."))
    with torch.cuda.device_of(x):
        _pool[_grid(maps * shape[-2], shape[-1] * inner)](
            _bits(x), _bits(pooled), positions, height, width, inner, floats, BLOCK
        )
    return pooled, positions


def unpool(
    x: Tensor, positions: Tensor, size: tuple[int, int], memory_format: torch.memory_format
) -> Tensor:
    """Values at their positions, zeros elsewhere; see `max_unpool_2x2`.

    Args:
        x: (N, C, h, w) of any type.
        positions: (N, C, h, w) or (1, C, h, w) uint8.
        size: (H, W) of the result, each side double or one more.
        memory_format: of the result, contiguous or channels-last.
    """
    x = x.contiguous(memory_format=memory_format)
    positions = positions.contiguous(memory_format=memory_format)
    shape = (*x.shape[:2], *size)
    out = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=memory_format)
    maps, inner = _layout(x, memory_format)
    places, _ = _layout(positions, memory_format)
    with torch.cuda.device_of(x):
        _unpool[_grid(maps * ((size[0] + 1) // 2), (size[1] + 1) // 2 * inner)](
            _bits(x), positions, _bits(out), *x.shape[-2:], *size, places, inner, BLOCK
        )
    return out


def check(device: torch.device) -> None:
    """Raise any error unless Triton can build and run both kernels on a device."""
    x = torch.tensor([[[[1.0, 2.0], [4.0, 3.0]]]], device=device)
    pooled, positions = pool(x, torch.contiguous_format)
    back = unpool(pooled, positions, (2, 2), torch.contiguous_format)
    if back.tolist() != [[[[0.0, 0.0], [4.0, 0.0]]]]:
        raise RuntimeError(f"it answers {back.tolist()}")


def _layout(x: Tensor, memory_format: torch.memory_format) -> tuple[int, int]:
    """The number of maps of H rows, and the distance of neighbors in a row."""
    n, c = x.shape[:2]
    return (n, c) if memory_format == torch.channels_last else (n * c, 1)


def _grid(rows: int, values: int) -> tuple[int, int]:
    return rows, -(-values // BLOCK)


def _bits(x: Tensor) -> Tensor:
    return x.view(BITS[x.element_size()])


@jit
def _larger(best, value, floats: tl.constexpr):
    """The larger of two bit patterns: on ties the first one, and the last NaN, as in PyTorch."""
    if floats == tl.bfloat16:  # the upper half of a float32
        a = (best.to(tl.int32) << 16).to(tl.float32, bitcast=True)
        b = (value.to(tl.int32) << 16).to(tl.float32, bitcast=True)
    else:
        a, b = best.to(floats, bitcast=True), value.to(floats, bitcast=True)
    return tl.where((b > a) | (b != b), value, best)


@jit
def _pool(
    x, pooled, positions, height, width,
    inner: tl.constexpr, floats: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    h, w = height // 2, width // 2
    row = tl.program_id(0).to(tl.int64)  # of the result; offsets may exceed 32 bits
    j = tl.program_id(1) * block + tl.arange(0, block)
    inside = j < w * inner
    corner = x + (row // h * height + row % h * 2) * width * inner + j + j // inner * inner
    a = tl.load(corner, mask=inside, other=0)
    b = tl.load(corner + inner, mask=inside, other=0)
    c = tl.load(corner + width * inner, mask=inside, other=0)
    d = tl.load(corner + width * inner + inner, mask=inside, other=0)
    best = _larger(_larger(_larger(a, b, floats), c, floats), d, floats)
    position = tl.where(a == best, 0, tl.where(b == best, 1, tl.where(c == best, 2, 3)))
    tl.store(pooled + row * w * inner + j, best, mask=inside)
    tl.store(positions + row * w * inner + j, position.to(tl.uint8), mask=inside)


@jit
def _unpool(
    x, positions, out, h, w, height, width, places, inner: tl.constexpr, block: tl.constexpr
):  # fmt: skip
    rows, columns = (height + 1) // 2, (width + 1) // 2  # of windows, cut ones included
    row = tl.program_id(0).to(tl.int64)
    which, top = row // rows, row % rows
    j = tl.program_id(1) * block + tl.arange(0, block)
    whole = (j < w * inner) & (top < h)
    value = tl.load(x + (which * h + top) * w * inner + j, mask=whole, other=0)
    place = (which % places * h + top) * w * inner + j
    position = tl.load(positions + place, mask=whole, other=0)
    zero = value ^ value
    corner = out + (which * height + top * 2) * width * inner + j + j // inner * inner
    left = j < columns * inner
    right = left & (j // inner * 2 + 1 < width)
    below = top * 2 + 1 < height
    tl.store(corner, tl.where(position == 0, value, zero), mask=left)
    tl.store(corner + inner, tl.where(position == 1, value, zero), mask=right)
    corner += width * inner
    tl.store(corner, tl.where(position == 2, value, zero), mask=left & below)
    tl.store(corner + inner, tl.where(position == 3, value, zero), mask=right & below)
