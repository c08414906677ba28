"""The largest image that is decoded, and the largest input of a network."""

from __future__ import annotations

from segnet_model.base.errors import ImageError, SettingsError

# Beyond any camera; stops small files and damaged headers from allocating gigabytes.
MAX_SIDE = 16384  # pixels
MAX_PIXELS = 2**25  # 8K video is just below
MAX_INPUT = 2**23  # pixels; fits 4K video


def check_size(height: int, width: int) -> None:
    """Raise ImageError unless both sides are 1 to `MAX_SIDE`, and all pixels `MAX_PIXELS`."""
    sides = 0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE
    if not sides or height * width > MAX_PIXELS:
        raise ImageError(
            f"an image of {width}x{height} pixels cannot be; expected 1 to {MAX_SIDE} a side and "
            f"at most {MAX_PIXELS} in all"
        )


def check_input_size(size: tuple[int, int]) -> None:
    """Raise SettingsError if a network's input (height, width) has more than `MAX_INPUT` pixels."""
    height, width = size
    if height * width > MAX_INPUT:
        raise SettingsError(
            f"input_size {height}x{width} has {height * width} pixels, and weights are made for "
            f"at most {MAX_INPUT}; give less, as half of each side"
        )
