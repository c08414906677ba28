"""Images that show something, told from black, plain and noisy ones."""

from __future__ import annotations

import numpy as np

LEAST_SPREAD = 4.0  # gray levels, standard deviation; an image with less shows nothing
LEAST_CORRELATION = 0.6  # of pixels beside each other; 0.8 and more in any scene, 0 in noise


def fault(image: np.ndarray) -> str:
    """Why nothing can be learned from an image (H, W, 3) uint8; empty where it can."""
    gray = image.astype(np.float32).mean(2)
    if gray.std() < LEAST_SPREAD:
        return "show nothing: they are black, white or of one color"
    left, right = gray[:, :-1].ravel(), gray[:, 1:].ravel()
    if np.corrcoef(left, right)[0, 1] < LEAST_CORRELATION:
        return "are noise"
    return ""
