"""Rows of an image that hold pixels of another encoding than the one that was announced."""

from __future__ import annotations

import numpy as np

from segnet_model.base.errors import ImageError

PIXELS = (2, 3, 4, 6, 8)  # bytes of a pixel in memory, of any encoding but those of one byte
MAX_PADDING = 512  # bytes at the end of a row, for which the alignment of memory is the reason
MUCH_CLOSER = 0.75  # of differences: those of neighbors grow with their distance, or stay alike
ROWS = 32  # that are compared


def check_pixel(rows: np.ndarray, width: int, own: int, repeats: int, encoding: str) -> None:
    """Raise ImageError where rows hold whole pixels of another encoding.

    Padding and the other half of a stereo image are told from it by the bytes: neighbors that are
    less alike than bytes further apart are no neighbors.

    Args:
        rows: (rows, step) uint8 or uint16, as the encoding's samples.
        width: pixels a row.
        own: bytes of a pixel by the encoding.
        repeats: bytes after which its samples mean the same again, at least a pixel.
        encoding: its name.
    """
    step = rows.shape[1] * rows.itemsize
    other, rest = divmod(step, width)
    if rest or width == 1 or other == own or other not in PIXELS:
        return
    is_other = other % own or (own == 1 and other > 2)
    if (is_other and step - width * own > MAX_PADDING) or _repeats_by(rows, other, repeats):
        raise ImageError(
            f"rows of {step} bytes hold {other} bytes a pixel, and {encoding} has {own}; is the "
            "encoding wrong? Let the driver send the right one, or rows without padding"
        )


def _repeats_by(rows: np.ndarray, other: int, own: int) -> bool:
    """Whether bytes this far apart are much more alike than those of the announced encoding."""
    if other == own or other % rows.itemsize:
        return False
    some = rows[:: max(1, len(rows) // ROWS)].astype(np.int32)

    def difference(distance: int) -> float:
        distance //= rows.itemsize
        return float(np.abs(some[:, distance:] - some[:, :-distance]).mean())

    return difference(other) < MUCH_CLOSER * difference(own)
