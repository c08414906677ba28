"""RGB from the mosaic of a sensor with a Bayer color filter."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.base.errors import ImageError

# By the colors of the first 2x2 pixels, row by row. OpenCV's classic names start at the second
# row and column.
BAYER = {
    "rggb": cv2.COLOR_BayerBG2RGB,
    "bggr": cv2.COLOR_BayerRG2RGB,
    "gbrg": cv2.COLOR_BayerGR2RGB,
    "grbg": cv2.COLOR_BayerGB2RGB,
}


def find_pattern(encoding: str) -> str | None:
    """The Bayer pattern of an encoding: "rggb" of "bayer_rggb8"; None without a mosaic."""
    name = encoding.removeprefix("bayer_").rstrip("168")
    return name if name in BAYER and encoding.startswith("bayer_") else None


def demosaic(samples: np.ndarray, pattern: str) -> np.ndarray:
    """Interpolate a mosaic linearly.

    Args:
        samples: (H, W) uint8.
        pattern: one of `BAYER`.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ImageError: a side is odd.
    """
    if samples.shape[0] % 2 or samples.shape[1] % 2:
        raise ImageError(
            f"a Bayer mosaic of {samples.shape[1]}x{samples.shape[0]} pixels cannot be: its width "
            "and height must be multiples of 2 and 2; crop it in the driver"
        )
    return cv2.cvtColor(samples, BAYER[pattern])
