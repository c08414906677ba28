"""Poses of the robot from a topic of odometry, for robots without tf."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from builtin_interfaces.msg import Time as Stamp
from nav_msgs.msg import Odometry
from rclpy.node import Node

from segnet_model.base.errors import SettingsError
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.way import JUMP, MAX_GAP
from segnet_ros.ros.qos import profile, subscribe
from segnet_ros.ros.stamps import nanoseconds

Timed = tuple[int, RobotPose]  # nanoseconds, and the pose then

KEPT = 10.0  # seconds
MOST = 5000  # poses
DEPTH = 50  # messages


class OdometryPoses:
    """The newest poses of one topic, in the order of their stamps."""

    def __init__(self, node: Node, topic: str) -> None:
        """Subscribe."""
        self._node, self._topic = node, node.resolve_topic_name(topic)
        self._poses: deque[Timed] = deque(maxlen=MOST)
        self._frames = "", ""
        self._fault = ""  # of the newest message
        qos = profile("best_effort", DEPTH)
        self._subscription = subscribe(node, Odometry, topic, self._receive, qos)

    def robot(self, frame: str, base: str, stamp: Stamp) -> RobotPose:
        """The pose of the robot at a time, between those before and after.

        Args:
            frame: of the map.
            base: the robot's.
            stamp: the time.

        Raises:
            SettingsError: there is none, or none yet.
        """
        if self._fault:
            raise SettingsError(f"{self._topic}: {self._fault}")
        poses = list(self._poses)  # at once, since the executor's thread changes them meanwhile
        if not poses:
            raise SettingsError(
                f"no odometry came on {self._topic}; check its publisher, or empty the parameter "
                "odometry to take the pose from tf"
            )
        self._check(frame, base)
        time = nanoseconds(stamp)
        for (before, first), (after, second) in _pairs(poses):
            if before <= time <= after and after - before <= MAX_GAP * NANOSECONDS:
                return first.toward(second, (time - before) / max(after - before, 1))
        newest = (time - poses[-1][0]) / NANOSECONDS
        raise SettingsError(
            f"{self._topic} has no pose of the image's time, which is {abs(newest):.2f} s "
            f"{'after' if newest > 0 else 'before'} the newest; check its rate, and the clocks of "
            "both machines"
        )

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _check(self, frame: str, base: str) -> None:
        for what, name, ours in zip(
            ("map_frame", "base_frame"), self._frames, (frame, base), strict=True
        ):
            if name and name != ours:
                raise SettingsError(
                    f"{self._topic} is about the frame {name!r}, not {ours!r}; set {what} to it"
                )

    def _receive(self, message: Odometry) -> None:
        time = nanoseconds(message.header.stamp)
        if time < 0:
            self._fault = "its stamps are negative; check the clock of its publisher"
            return
        if self._poses and time <= self._poses[-1][0]:
            if time > self._poses[-1][0] - JUMP * NANOSECONDS:
                return  # twice the same, or out of order
            self._poses.clear()  # time fell back: a recording begins again
        while self._poses and time - self._poses[0][0] > KEPT * NANOSECONDS:
            self._poses.popleft()
        self._frames = message.header.frame_id, message.child_frame_id
        place, q = message.pose.pose.position, message.pose.pose.orientation
        try:
            pose = RobotPose.from_quaternion(place.x, place.y, (q.x, q.y, q.z, q.w))
        except SettingsError as error:
            self._fault = str(error)
            return
        self._fault = ""
        self._poses.append((time, pose))


def _pairs(poses: Sequence[Timed]) -> Iterator[tuple[Timed, Timed]]:
    """Neighbors in time, the newest first."""
    newer = None
    for older in reversed(poses):
        if newer is not None:
            yield older, newer
        newer = older
