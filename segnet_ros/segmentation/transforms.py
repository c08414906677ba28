"""Where a camera is in the robot's frame, by tf2 where that is installed."""

from __future__ import annotations

from typing import Any

from builtin_interfaces.msg import Time as Stamp
from rclpy.node import Node
from rclpy.time import Time

from segnet_model.base.errors import SettingsError
from segnet_model.driving import CameraPose

try:
    import tf2_ros
except ImportError:  # not among ROS's wheels on PyPI
    tf2_ros = None

MOST_APART = 0.5  # seconds between an image and the newest transform, which may lag behind
BY_HAND = "or give camera_height, camera_pitch and so on"


class Transforms:
    """Listens to tf from the first question on."""

    def __init__(self, node: Node) -> None:
        """Take the node to listen with."""
        self._node = node
        self._buffer: Any = None
        self._listener: Any = None

    def pose(self, base: str, frame: str, stamp: Stamp) -> CameraPose:
        """Find a camera.

        Args:
            base: the robot's frame, whose x and y lie on the ground.
            frame: the camera's optical frame, as its images name it.
            stamp: when; where tf does not know that time, its newest.

        Raises:
            SettingsError: it is not known, and the mend.
        """
        if tf2_ros is None:
            raise SettingsError(f"tf2_ros is not installed; sudo apt install it, {BY_HAND}")
        if not frame:
            raise SettingsError(f"the images have no frame_id; set it in the driver, {BY_HAND}")
        if self._buffer is None:
            self._buffer = tf2_ros.Buffer()
            self._listener = tf2_ros.TransformListener(self._buffer, self._node)
        found = self._look(base, frame, stamp).transform
        place, turn = found.translation, found.rotation
        return CameraPose.from_transform(
            (place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w)
        )

    def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.unregister()
        self._buffer = self._listener = None

    def _look(self, base: str, frame: str, stamp: Stamp) -> Any:
        try:
            return self._buffer.lookup_transform(base, frame, Time.from_msg(stamp))
        except tf2_ros.TransformException:
            pass
        try:
            found = self._buffer.lookup_transform(base, frame, Time())
        except tf2_ros.TransformException as error:
            raise SettingsError(
                f"tf knows no way from {frame} to {base}: {error}; publish it (for a fixed camera "
                f"with static_transform_publisher), name another base_frame, {BY_HAND}"
            ) from None
        apart = abs((Time.from_msg(stamp) - Time.from_msg(found.header.stamp)).nanoseconds) / 1e9
        if apart > MOST_APART:
            raise SettingsError(
                f"tf's newest way from {frame} to {base} is {apart:.1f} s from the image's stamp; "
                "is what publishes it still there, and has it the same clock?"
            )
        return found
