"""The pose of a camera in the robot's frame, from tf2."""

from __future__ import annotations

from threading import Lock
from typing import Any

from builtin_interfaces.msg import Time as Stamp
from rclpy.node import Node
from rclpy.time import Time

from segnet_model.base.errors import SettingsError
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving import CameraPose
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.way import JUMP, MAX_AGE
from segnet_ros.ros.stamps import nanoseconds

try:
    import tf2_ros
except ImportError:  # not among ROS's wheels on PyPI
    tf2_ros = None

BY_HAND = "or set camera_height, camera_pitch and so on"


class Transforms:
    """Subscribes to tf from the first call of `pose` on."""

    def __init__(self, node: Node) -> None:
        """Take the node to subscribe with."""
        self._node = node
        self._lock = Lock()
        self._buffer: Any = None
        self._listener: Any = None

    def pose(self, base: str, frame: str, stamp: Stamp) -> CameraPose:
        """Look up the pose of a camera.

        Args:
            base: the robot's frame, whose x and y lie on the ground.
            frame: the camera's optical frame, as in the header of its images.
            stamp: time of the pose; the newest where tf has none of that time.

        Raises:
            SettingsError: tf has no such pose.
        """
        if not frame:
            raise SettingsError(f"the images have no frame_id; set it in the driver, {BY_HAND}")
        if nanoseconds(stamp) < 0:
            raise SettingsError(
                f"the images have a negative stamp; set it in the driver, {BY_HAND}"
            )
        self._listen(BY_HAND)
        found = self._look_up(base, frame, stamp).transform
        t, q = found.translation, found.rotation
        return CameraPose.from_transform((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))

    def robot(self, frame: str, base: str, stamp: Stamp) -> RobotPose:
        """Look up the pose of the robot.

        Args:
            frame: in which the robot moves, as odom.
            base: the robot's frame.
            stamp: time of the pose; no other time will do.

        Raises:
            SettingsError: tf has no such pose, or none yet.
        """
        buffer = self._listen()
        try:
            found = buffer.lookup_transform(frame, base, Time.from_msg(stamp)).transform
        except tf2_ros.TransformException as error:
            raise SettingsError(
                f"tf has no transform from {base} to {frame} at the image's stamp: {said(error)}; "
                "publish it, set another map_frame, or set odometry to a topic"
            ) from None
        t, q = found.translation, found.rotation
        return RobotPose.from_quaternion(t.x, t.y, (q.x, q.y, q.z, q.w))

    def close(self) -> None:
        """Unsubscribe."""
        if self._listener is not None:
            self._listener.unregister()
        self._buffer = self._listener = None

    def _listen(self, instead: str = "or set odometry to a topic") -> Any:
        """The buffer of tf, which is subscribed to from now on.

        Raises:
            SettingsError: there is no tf2; `instead` says how to do without.
        """
        if tf2_ros is None:
            raise SettingsError(f"tf2_ros is not installed; sudo apt install it, {instead}")
        with self._lock:  # images and the map come in threads of their own
            if self._buffer is None:
                self._buffer = tf2_ros.Buffer()
                self._listener = tf2_ros.TransformListener(Inbox(self._buffer), self._node)
        return self._buffer

    def _look_up(self, base: str, frame: str, stamp: Stamp) -> Any:
        try:
            return self._buffer.lookup_transform(base, frame, Time.from_msg(stamp))
        except tf2_ros.TransformException:
            pass
        try:
            found = self._buffer.lookup_transform(base, frame, Time())
        except tf2_ros.TransformException as error:
            raise SettingsError(
                f"tf has no transform from {frame} to {base}: {said(error)}; publish it (for a "
                f"fixed camera with static_transform_publisher), set another base_frame, {BY_HAND}"
            ) from None
        age = abs((Time.from_msg(stamp) - Time.from_msg(found.header.stamp)).nanoseconds) / 1e9
        if age > MAX_AGE:
            raise SettingsError(
                f"tf's newest transform from {frame} to {base} is {age:.1f} s from the image's "
                "stamp; check that its publisher runs, and the clocks of both machines"
            )
        return found


class Inbox:
    """Puts a listener's transforms into a buffer, and empties it where time falls back.

    tf2 refuses transforms from before its newest ones, so a recording that is played again would
    have none until it is past the time of the first end.
    """

    def __init__(self, buffer: Any) -> None:
        """Take tf2's buffer."""
        self._buffer = buffer
        self._newest: dict[str, int] = {}  # nanoseconds, by frame

    def set_transform(self, transform: Any, authority: str) -> None:
        """Take a moving transform."""
        frame, stamp = transform.child_frame_id, nanoseconds(transform.header.stamp)
        if stamp < 0:
            return  # no image has such a time
        if stamp < self._newest.get(frame, stamp) - JUMP * NANOSECONDS:
            self._buffer.clear()  # but fixed transforms stay
            self._newest.clear()
        self._newest[frame] = max(stamp, self._newest.get(frame, stamp))
        self._buffer.set_transform(transform, authority)

    def set_transform_static(self, transform: Any, authority: str) -> None:
        """Take a fixed transform."""
        self._buffer.set_transform_static(transform, authority)


def said(error: Exception) -> str:
    """The text of tf2's error, which ends in a full stop and a space."""
    return str(error).rstrip(". ")
