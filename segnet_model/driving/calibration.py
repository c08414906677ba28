"""Camera calibration from sensor_msgs/CameraInfo: its lens, and scaled to another size.

Messages of rclpy and of rosbags have the same fields; both work.
"""

from __future__ import annotations

import math
from collections import deque
from copy import deepcopy
from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.driving.lens import Lens

REMEMBERED = 30  # messages: a second of most cameras
SETTLED = 3  # equal messages in a row, after which a new calibration is believed
LONGEST = 2.0  # seconds, after which one is believed that came once, and no other after it


def read_lens(info: Any, rectified: bool) -> Lens:
    """The lens of an image at its size before binning.

    Args:
        info: the camera's sensor_msgs/CameraInfo.
        rectified: whether the distortion in info is already removed from the image.

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


class UnsettledError(SettingsError):
    """A calibration has just changed, and may be that of another camera."""


class InfoCheck:
    """Finds out whether several cameras publish on one topic of CameraInfo.

    Their calibrations alternate. That of one camera changes, if ever, to another for long. Until
    one or the other is seen, a changed calibration is not used.
    """

    def __init__(self) -> None:
        """Begin before the first message."""
        self._count = 0
        self._last: tuple[Any, ...] = ()
        self._before: tuple[Any, ...] = ()  # the calibration before the last change
        self._returns = deque([-REMEMBERED], maxlen=2)  # messages that changed it back
        self._equal = 0  # messages in a row
        self._changed = -math.inf  # seconds; the first calibration is no change

    def add(self, info: Any, time: float) -> None:
        """Take the next sensor_msgs/CameraInfo of the topic, received at a time in seconds."""
        # As bytes, since NaN, in a field that may not be used, is not equal to itself.
        numbers = np.array([*info.d, *info.k, *info.p], np.float64).tobytes()
        fields = info.width, info.height, info.distortion_model, numbers
        self._count += 1
        self._equal += 1
        if fields == self._last:
            return
        if self._last:
            self._equal, self._changed = 1, time
        if fields == self._before:
            self._returns.append(self._count)
        self._before, self._last = self._last, fields

    @property
    def failed(self) -> bool:
        """Whether calibrations alternated in the last messages."""
        return self._count - self._returns[0] < REMEMBERED

    def check(self, time: float) -> None:
        """Refuse the last calibration at a time in seconds where it may be of another camera.

        Raises:
            SettingsError: calibrations alternated in the last messages.
            UnsettledError: the calibration has just changed.
        """
        if self.failed:
            raise SettingsError(
                "camera_info changes back and forth: several cameras publish on its topic; give "
                "each a topic of its own, and remap camera_info"
            )
        if self._equal < SETTLED and time - self._changed < LONGEST:
            raise UnsettledError(
                f"camera_info has just changed; the new one is used after {SETTLED} equal messages,"
                f" or {LONGEST:g} s without another, as a second camera may publish on its topic"
            )


def check_frame(info: Any, frame_id: str) -> None:
    """Raise SettingsError if a CameraInfo is of another camera than the images of a frame_id.

    Recordings of ROS 1 have frames with and without a slash before them.
    """
    of_info = info.header.frame_id.removeprefix("/")
    if of_info not in ("", frame_id.removeprefix("/")) and frame_id:
        raise SettingsError(
            f"camera_info is of frame_id {info.header.frame_id!r}, the images are of {frame_id!r}: "
            "it is another camera's; remap camera_info to that of this camera, or let its driver "
            "give both the same frame_id"
        )


def scaled_info(info: Any, size: tuple[int, int]) -> Any:
    """The calibration of the resized image.

    Args:
        info: sensor_msgs/CameraInfo of the image at its own size.
        size: (height, width) of the result.

    Returns:
        A new message; a copy if the image has that size already, else with roi and binning applied.
        Pixel centers are at whole numbers: (0, 0) moves to (s - 1) / 2 after scaling by s.
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
    """Left, top, width and height of the region of interest; all zeros mean the whole image."""
    roi = info.roi
    if roi.width and roi.height:
        return roi.x_offset, roi.y_offset, roi.width, roi.height
    return 0, 0, info.width, info.height


def _scaled(
    matrix: Any, columns: int, across: tuple[float, int], down: tuple[float, int]
) -> np.ndarray:
    """Crop and scale a projection matrix, (3 * columns,) by rows, in float64.

    across, down: the scale of each axis, and the first pixel of the region before scaling.
    """
    rows = np.array(matrix, np.float64).reshape(3, columns)
    for row, (factor, begin) in enumerate((across, down)):
        rows[row] = factor * (rows[row] - begin * rows[2])
        rows[row, 2] += (factor - 1) / 2
    return rows.ravel()
