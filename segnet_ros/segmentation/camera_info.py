"""A camera's calibration at another size of its images."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header


def scaled_info(info: CameraInfo, size: tuple[int, int], header: Header) -> CameraInfo:
    """The calibration that fits images resized to another size.

    Args:
        info: of the image at its own size.
        size: (height, width) of the result.
        header: of the result.

    Returns:
        A new message. A pixel's middle is at whole numbers: the middle of the left upper pixel,
        (0, 0), is (s - 1) / 2 after scaling by s. Where the size is the image's own, only the
        header is new; otherwise the part and the binning that info tells of are worked in.
    """
    found = deepcopy(info)
    found.header = header
    part = _part(info)
    binned = part.width // max(info.binning_x, 1), part.height // max(info.binning_y, 1)
    height, width = size
    if binned == (width, height) or not (part.width and part.height):
        return found
    across = width / part.width, part.x_offset
    down = height / part.height, part.y_offset
    found.k, found.p = _scaled(info.k, 3, across, down), _scaled(info.p, 4, across, down)
    found.height, found.width = height, width
    found.roi = RegionOfInterest(do_rectify=info.roi.do_rectify)
    found.binning_x = found.binning_y = 0
    return found


def _part(info: CameraInfo) -> RegionOfInterest:
    """Which pixels of the camera the image shows: zeros stand for all."""
    if info.roi.width and info.roi.height:
        return info.roi
    return RegionOfInterest(width=info.width, height=info.height)


def _scaled(
    matrix: list[float], columns: int, across: tuple[float, int], down: tuple[float, int]
) -> list[float]:
    """Move and scale a matrix of `columns`, 3 rows, that maps to pixels.

    Each axis has its factor, and where the part begins in pixels before that.
    """
    rows = np.array(matrix, np.float64).reshape(3, columns)
    for row, (factor, begin) in enumerate((across, down)):
        rows[row] = factor * (rows[row] - begin * rows[2])
        rows[row, 2] += (factor - 1) / 2
    return [float(value) for value in rows.ravel()]
