"""Judges a camera's pose by odometry and its images, and suggests one where nobody gives it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, hypot, inf, sin

import numpy as np
from builtin_interfaces.msg import Time as Stamp

from segnet_model.base.errors import SegNetError
from segnet_model.driving import CameraPose, Lens
from segnet_model.driving.motion import PAIRS, SIDE, Look, MotionEstimate
from segnet_model.driving.robot_pose import RobotPose, turned
from segnet_model.inference.answer import Answer
from segnet_ros.ros.stamps import seconds
from segnet_ros.segmentation.throttle import Throttle

MAX_RATE = 15.0  # Hz of looks
REST = 2.0  # seconds between two pairs, once there are enough
WAIT = 1.0  # seconds for which a look waits for the robot's pose
# Between the images of a pair.
LEAST, MOST, LONGEST, MAX_TURN = 0.2, 2.0, 2.0, 0.05  # meters twice, seconds, radians
ASIDE = 0.35  # least part of the motion aside, from which a camera does not look ahead

Timed = tuple[float, Look]


@dataclass(frozen=True)
class Verdict:
    """Whether the pose of a camera can be right.

    Attributes:
        lens: of the camera.
        pose: of the camera; None where nobody gives it.
        reason: why they cannot be right; empty where they can, or where it is not known yet.
    """

    lens: Lens
    pose: CameraPose | None
    reason: str = ""

    def is_about(self, lens: Lens, pose: CameraPose | None) -> bool:
        """Whether it holds for this lens and pose."""
        if self.lens != lens or (pose is None) != (self.pose is None):
            return False
        # Springs let it move a little; a camera that pans begins anew.
        return not (pose and self.pose and self.pose.moved(pose, 0.01, 0.01))


class MotionWatch:
    """Pairs the images of one camera between which the robot drove straight on."""

    def __init__(self, robot: Callable[[Stamp], RobotPose]) -> None:
        """Take the function that gives the robot's pose, or raises SegNetError."""
        self._robot = robot
        self._estimate: MotionEstimate | None = None
        self._verdict: Verdict | None = None  # replaced as a whole, since other threads read it
        self._suggested = False
        self._forget()

    def _forget(self) -> None:
        self._waiting: deque[tuple[Stamp, Look, float]] = deque(maxlen=16)
        self._last: tuple[Timed, RobotPose] | None = None
        self._throttle = Throttle()
        self._newest = self._rest = -inf  # seconds of the stamps

    def add(
        self, answer: Answer, stamp: Stamp, lens: Lens, pose: CameraPose | None, time: float
    ) -> str:
        """Look at an answer.

        Args:
            answer: with the image and its labels.
            stamp: of its image.
            lens: of its image.
            pose: of the camera; None where nobody gives it.
            time: seconds of a clock that never goes back.

        Returns:
            Why the pose or the lens cannot be right, by this answer and earlier ones; or empty.
        """
        estimate, verdict = self._estimate, self._verdict
        if estimate is None or verdict is None or not verdict.is_about(lens, pose):
            self._estimate = estimate = MotionEstimate(lens)
            self._verdict = Verdict(lens, pose)
            self._forget()
        # By the stamps, since a recording may be played faster than it was made.
        when = seconds(stamp)
        if when is None or when < 0:
            return self.reason(lens, pose)  # nobody knows a pose of that time
        if when < self._newest:
            self._forget()  # it is played again
        self._newest = when
        unknown = self._last is None and self._waiting  # is the robot's pose; one look waits for it
        # Of a strange image, it is not known where the ground is.
        looks = when >= self._rest and not unknown and not answer.strange
        if looks and self._throttle.passes(when, MAX_RATE):
            self._waiting.append((stamp, _look(answer), time))
        self._work(estimate, time)
        return self.reason(lens, pose)

    def reason(self, lens: Lens, pose: CameraPose | None) -> str:
        """Why these cannot be right, by the answers until now, or empty; from any thread."""
        verdict = self._verdict
        return verdict.reason if verdict is not None and verdict.is_about(lens, pose) else ""

    def suggestion(self) -> str:
        """A height and a pitch for the log, once."""
        found = self._estimate and self._estimate.found
        if self._suggested or not found or found.height is None:
            return ""
        if not abs(found.direction[0]) < ASIDE:
            return ""  # it looks to a side
        self._suggested = True
        return (
            "nobody gives the camera's pose, so there is no grid. By odometry and the images, "
            f"camera_height is about {found.height:.2f} m, within {found.height_error - 1:.0%}, "
            f"and camera_pitch {found.pitch:.2f} rad, within {found.tilt_error:.2f}, if the camera "
            "looks ahead and does not lean to a side: measure both and set them, or publish the "
            "pose in tf"
        )

    def _work(self, estimate: MotionEstimate, time: float) -> None:
        """Take the looks whose pose is known by now."""
        while self._waiting:
            stamp, look, since = self._waiting[0]
            try:
                robot = self._robot(stamp)
            except SegNetError:
                if time - since < WAIT:
                    return
                self._waiting.popleft()
                self._rest = (seconds(stamp) or 0.0) + REST
                continue
            self._waiting.popleft()
            self._pair(estimate, (seconds(stamp) or 0.0, look), robot)

    def _pair(self, estimate: MotionEstimate, new: Timed, robot: RobotPose) -> None:
        meters = self._straight(new[0], robot)
        if meters is not None and meters < LEAST:
            return  # from the last one, until it is far enough
        if meters is not None and self._last is not None:
            estimate.add(self._last[0][1], new[1], meters)
            self._judge(estimate)
            if estimate.pairs >= PAIRS:
                self._rest, self._last = new[0] + REST, None
                self._waiting.clear()
                return
        self._last = new, robot

    def _judge(self, estimate: MotionEstimate) -> None:
        if self._verdict is not None and self._verdict.pose is not None:
            reason = estimate.contradiction(self._verdict.pose)
            self._verdict = replace(self._verdict, reason=reason)

    def _straight(self, now: float, robot: RobotPose) -> float | None:
        """Meters driven since the last look; None if not straight on, or no last one fits."""
        if self._last is None:
            return None
        (before, _), old = self._last
        x, y = robot.x - old.x, robot.y - old.y
        ahead, aside = cos(old.yaw) * x + sin(old.yaw) * y, cos(old.yaw) * y - sin(old.yaw) * x
        turn = abs(turned(robot.yaw - old.yaw))
        if not (0 < now - before < LONGEST and turn < MAX_TURN and hypot(x, y) < MOST):
            return None
        still = hypot(x, y) < LEAST
        return float(np.hypot(x, y)) if still or abs(aside) < 0.2 * ahead else None


def _look(answer: Answer) -> Look:
    """An answer's image, with the ground of which it is sure."""
    found = answer.segmentation
    step = max(1, max(found.labels.shape) // SIDE)
    every = slice(None, None, step), slice(None, None, step)
    sure = found.uncertainty[every] <= answer.max_uncertainty
    return Look.of(answer.image, answer.labels.ground[found.labels[every]] & sure)
