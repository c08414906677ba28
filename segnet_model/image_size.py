"""The largest image that this package takes from a stranger."""

from __future__ import annotations

from segnet_model.errors import ImageError

MAX_SIDE = 16384  # beyond any camera; a damaged header must not make anyone allocate gigabytes


def check_size(height: int, width: int) -> None:
    """Raise ImageError unless both sides are 1 to `MAX_SIDE` pixels."""
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise ImageError(
            f"an image of {width}x{height} pixels cannot be; expected 1 to {MAX_SIDE} a side"
        )
