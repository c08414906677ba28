"""A camera's calibration at another size of its images."""

from __future__ import annotations

from copy import deepcopy

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header


def scaled_info(info: CameraInfo, size: tuple[int, int], header: Header) -> CameraInfo:
    """The calibration that fits images resized to another size.

    Args:
        info: of the image at its own size.
        size: (height, width) of the result.
        header: of the result.

    Returns:
        A new message. A pixel's middle is at whole numbers: the middle of the left upper pixel,
        (0, 0), is (s - 1) / 2 after scaling by s. Where the size is the same, only the header is
        new.
    """
    found = deepcopy(info)
    found.header = header
    height, width = size
    if (info.height, info.width) == size or not (info.height and info.width):
        return found
    x, y = width / info.width, height / info.height
    found.height, found.width = height, width
    found.k = _scaled(info.k, 3, x, y)
    found.p = _scaled(info.p, 4, x, y)
    found.roi.x_offset, found.roi.width = (
        round(v * x) for v in (info.roi.x_offset, info.roi.width)
    )
    found.roi.y_offset, found.roi.height = (
        round(v * y) for v in (info.roi.y_offset, info.roi.height)
    )
    return found


def _scaled(matrix: list[float], columns: int, x: float, y: float) -> list[float]:
    """Scale the rows of a matrix of `columns`, 3 rows, that maps to pixels."""
    values = [float(value) for value in matrix]
    for row, factor in ((0, x), (1, y)):
        for column in range(columns):
            values[row * columns + column] *= factor
        values[row * columns + 2] += (factor - 1) / 2
    return values
