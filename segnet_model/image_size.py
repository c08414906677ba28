"""The largest image that this package takes from a stranger."""

from __future__ import annotations

from segnet_model.errors import ImageError

# Beyond any camera: a small file, or a damaged header, must not make anyone allocate gigabytes.
MAX_SIDE = 16384  # pixels
MAX_PIXELS = 2**25  # 8K video is just below


def check_size(height: int, width: int) -> None:
    """Raise ImageError unless both sides are 1 to `MAX_SIDE`, and all pixels `MAX_PIXELS`."""
    sides = 0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE
    if not sides or height * width > MAX_PIXELS:
        raise ImageError(
            f"an image of {width}x{height} pixels cannot be; expected 1 to {MAX_SIDE} a side and "
            f"at most {MAX_PIXELS} in all"
        )
