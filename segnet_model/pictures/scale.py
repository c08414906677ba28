"""A heat map with its scale, for people who see nothing else."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from segnet_model.pictures.drawing import OUTLINE, heat
from segnet_model.pictures.legend import line_height, paste, write

WIDTH = 0.25  # of the image, of the bar of colors
FRAME = (128, 128, 128)  # RGB
MIN_SIDE = 80  # pixels of an image with a scale
MAX_WIDTH = 0.8  # of the image, of the whole scale


def heat_with_scale(values: np.ndarray, bound: float) -> np.ndarray:
    """Draw floats as `heat` does, with a bar of its colors in the upper left corner.

    Args:
        values: (H, W) floats, 0 (sure) to 1 (a guess); NaN where unknown.
        bound: the value that is marked in green, as the outline of the drivable area is.

    Returns:
        (H, W, 3) uint8 RGB. A tiny or narrow image has no scale.
    """
    drawn = heat(values)
    if min(drawn.shape[:2]) >= MIN_SIDE:
        scale = _scale(drawn.shape[0], drawn.shape[1], bound)
        if scale.shape[1] <= MAX_WIDTH * drawn.shape[1]:
            paste(drawn, scale, scale.max(2))
    return drawn


@lru_cache(maxsize=16)
def _scale(height: int, width: int, bound: float) -> np.ndarray:
    """The scale for an image of (height, width): (h, w, 3) uint8 RGB on black."""
    line, wide = line_height(height, width), round(WIDTH * width)
    bar = np.zeros((line, wide, 3), np.uint8)
    edge = line // 4
    bar[edge - 1 : 1 - edge] = FRAME
    bar[edge:-edge, 1:-1] = np.maximum(heat(np.linspace(0, 1, wide - 2)[None]), 1)
    at, half = round(bound * (wide - 1)), max(1, line // 12)
    cv2.rectangle(bar, (at - half - 1, 0), (at + half + 1, line), (1, 1, 1), cv2.FILLED)
    cv2.rectangle(bar, (at - half, 0), (at + half, line), OUTLINE, cv2.FILLED)
    return np.concatenate([write("sure 0", line), bar, write("1 a guess", line)], 1)
