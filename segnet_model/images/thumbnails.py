"""Thumbnails, by which images are compared from afar."""

from __future__ import annotations

import cv2
import numpy as np

THUMBNAIL = (12, 16)  # pixels


def look_of(image: np.ndarray) -> np.ndarray:
    """What is left of an image (H, W, 3) uint8 from afar: (12, 16, 3) float32, 0 to 1."""
    small = cv2.resize(image, THUMBNAIL[::-1], interpolation=cv2.INTER_AREA)
    look: np.ndarray = small.astype(np.float32) / 255
    return look
