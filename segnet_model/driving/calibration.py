"""A camera's calibration as sensor_msgs/CameraInfo has it: its lens, and at another size.

The messages of rclpy and of rosbags have the same fields, and both are taken.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from segnet_model.driving.lens import Lens


def lens_of(info: Any, rectified: bool) -> Lens:
    """The lens that took an image, at the size of the image before binning.

    Args:
        info: the camera's sensor_msgs/CameraInfo.
        rectified: whether the image is free of the distortion that info tells of.

    Raises:
        SettingsError: the camera is not calibrated.
    """
    if rectified:
        matrix = np.reshape(info.p, (3, 4))[:, :3]
        lens = Lens.from_camera_info(info.width, info.height, matrix.ravel().tolist())
    else:
        lens = Lens.from_camera_info(info.width, info.height, info.k, info.distortion_model, info.d)
    part = info.roi
    if not (part.width and part.height):
        return lens
    return lens.cropped(part.x_offset, part.y_offset, part.width, part.height)


def scaled_info(info: Any, size: tuple[int, int]) -> Any:
    """The calibration that fits images resized to another size.

    Args:
        info: sensor_msgs/CameraInfo of the image at its own size.
        size: (height, width) of the result.

    Returns:
        A new message. A pixel's middle is at whole numbers: the middle of the left upper pixel,
        (0, 0), is (s - 1) / 2 after scaling by s. Where the size is the image's own, it is a copy;
        otherwise the part and the binning that info tells of are worked in.
    """
    found = deepcopy(info)
    left, top, full_width, full_height = _part(info)
    binned = full_width // max(info.binning_x, 1), full_height // max(info.binning_y, 1)
    height, width = size
    if binned == (width, height) or not (full_width and full_height):
        return found
    across, down = (width / full_width, left), (height / full_height, top)
    found.k, found.p = _scaled(info.k, 3, across, down), _scaled(info.p, 4, across, down)
    found.height, found.width = height, width
    found.roi.x_offset = found.roi.y_offset = found.roi.width = found.roi.height = 0
    found.binning_x = found.binning_y = 0
    return found


def _part(info: Any) -> tuple[int, int, int, int]:
    """Left, top, width and height of the camera's pixels in the image: zeros stand for all."""
    roi = info.roi
    if roi.width and roi.height:
        return roi.x_offset, roi.y_offset, roi.width, roi.height
    return 0, 0, info.width, info.height


def _scaled(
    matrix: Any, columns: int, across: tuple[float, int], down: tuple[float, int]
) -> np.ndarray:
    """Move and scale a matrix (3 * columns,) by rows that maps to pixels: the same in float64.

    Each axis has its factor, and where the part begins in pixels before that.
    """
    rows = np.array(matrix, np.float64).reshape(3, columns)
    for row, (factor, begin) in enumerate((across, down)):
        rows[row] = factor * (rows[row] - begin * rows[2])
        rows[row, 2] += (factor - 1) / 2
    return rows.ravel()
