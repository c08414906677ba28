"""Thumbnails, to compare images by their rough look."""

from __future__ import annotations

import cv2
import numpy as np

SIZE = (12, 16)  # pixels: height, width


def thumbnail(image: np.ndarray) -> np.ndarray:
    """Shrink an image (H, W, 3) uint8 to (12, 16, 3) float32, 0 to 1."""
    small = cv2.resize(image, SIZE[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / 255
