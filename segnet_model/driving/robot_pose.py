"""Poses of the robot on the plane: interpolated, and watched for jumps."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, hypot, isfinite, pi

from segnet_model.base.errors import SettingsError
from segnet_model.driving.pose import LENGTH

MAX_LATE = 1.0  # seconds by which an image may be older than one before, of another camera
_FARTHEST = 1e7  # meters
# A robot moves no further than at its highest speed of late, but for this and what it can gain.
_SLACK = 0.3, 0.15  # meters, radians
_ACCELERATION = 10.0, 10.0  # meters and radians a second squared
_FASTEST = 20.0, 6.0  # meters and radians a second, while the speed is not known yet
_LATELY = 2.0  # seconds until a speed counts half
_SHORTEST = 0.02  # seconds, from which a speed is measured


@dataclass(frozen=True)
class RobotPose:
    """A pose of the robot's frame in another frame: meters, and radians to the left.

    Raises:
        SettingsError: it is no place on Earth.
    """

    x: float
    y: float
    yaw: float

    def __post_init__(self) -> None:
        """Refuse numbers that are not finite, or too large for a sum of small steps."""
        if not (hypot(self.x, self.y) <= _FARTHEST and isfinite(self.yaw)):
            raise SettingsError(
                f"the robot's pose {self.x:g}, {self.y:g} m, {self.yaw:g} rad is not within "
                f"{_FARTHEST:g} m of the frame's origin; check what publishes it"
            )

    @classmethod
    def from_quaternion(
        cls, x: float, y: float, rotation: tuple[float, float, float, float]
    ) -> RobotPose:
        """The pose seen from above; rotation is x, y, z, w.

        Raises:
            SettingsError: the rotation is invalid, as are four zeros.
        """
        a, b, c, w = rotation
        length = hypot(a, b, c, w)
        if not abs(length - 1) < LENGTH:
            raise SettingsError(
                f"the robot's rotation {rotation} is not of length 1; check what publishes it: no "
                "rotation is 0, 0, 0, 1"
            )
        return cls(x, y, atan2(2 * (w * c + a * b), 1 - 2 * (b * b + c * c)))

    def toward(self, other: RobotPose, share: float) -> RobotPose:
        """The pose on the way to another, at a share of 0 to 1."""
        turn = turned(other.yaw - self.yaw)
        return RobotPose(
            self.x + share * (other.x - self.x),
            self.y + share * (other.y - self.y),
            self.yaw + share * turn,
        )


def turned(angle: float) -> float:
    """The same angle within half a turn, radians."""
    return (angle + pi) % (2 * pi) - pi


class Odometer:
    """Measures the steps from pose to pose, and finds jumps of time and of odometry."""

    def __init__(self) -> None:
        """Begin without a pose."""
        self.reset()

    def reset(self) -> None:
        """Forget the poses."""
        self._pose: RobotPose | None = None
        self._time = 0.0
        self._speed: tuple[float, float] | None = None  # the highest of late, and of turning

    def late(self, pose: RobotPose, time: float) -> tuple[float, float]:
        """Seconds and meters by which a pose is before the newest one; both 0 where it is not."""
        if self._pose is None or time >= self._time:
            return 0.0, 0.0
        return self._time - time, hypot(pose.x - self._pose.x, pose.y - self._pose.y)

    def move(self, pose: RobotPose, time: float) -> tuple[float, float] | None:
        """Seconds and meters since the newest pose, both 0 for a late one; None after a jump."""
        if self._pose is None:
            self._pose, self._time = pose, time
            return 0.0, 0.0
        seconds = time - self._time
        step = (
            hypot(pose.x - self._pose.x, pose.y - self._pose.y),
            abs(turned(pose.yaw - self._pose.yaw)),
        )
        if seconds < -MAX_LATE or self._is_jump(step, abs(seconds)):
            return None
        if seconds < _SHORTEST:
            return 0.0, 0.0
        faded = 0.5 ** (seconds / _LATELY)
        before = self._speed or (0.0, 0.0)
        self._speed = (
            max(step[0] / seconds, faded * before[0]),
            max(step[1] / seconds, faded * before[1]),
        )
        self._pose, self._time = pose, time
        return seconds, step[0]

    def _is_jump(self, step: tuple[float, float], seconds: float) -> bool:
        """Whether no robot moves and turns like this."""
        speed = self._speed or _FASTEST
        return any(
            way > slack + fast * seconds + gain * seconds * seconds / 2
            for way, slack, fast, gain in zip(step, _SLACK, speed, _ACCELERATION, strict=True)
        )
