"""The pose of the camera in the robot's frame.

The robot's frame is ROS's (REP 103): x forward, y left, z up, and here z = 0 is the ground, as in
base_footprint. The camera's optical frame has x to the right, y down and z forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segnet_model.base.errors import SettingsError

LENGTH = 0.01  # by which a quaternion's may differ from 1, as in tf2
MAX_HEIGHT = 100.0  # meters
# Columns: the optical frame's x, y and z in a frame that looks the same way, x forward.
_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True, eq=False)
class CameraPose:
    """The optical frame in the robot's frame: (4, 4), takes optical points to robot points."""

    matrix: np.ndarray

    def __post_init__(self) -> None:
        """Refuse a matrix that is not a pose above the ground."""
        if self.matrix.shape != (4, 4) or not np.isfinite(self.matrix).all():
            raise SettingsError("the camera's pose is not 4x4 finite numbers; check the transform")
        turn = self.matrix[:3, :3]
        rigid = np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) and np.linalg.det(turn) > 0
        if not rigid or not np.allclose(self.matrix[3], (0, 0, 0, 1)):
            raise SettingsError(
                "the camera's pose is not a rotation and a translation; check the transform"
            )
        if not 0 < self.height <= MAX_HEIGHT:
            raise SettingsError(
                f"the camera is {self.height:g} m above the ground, which must be above 0 and at "
                f"most {MAX_HEIGHT:g}; give its height, or a robot frame that lies on the ground"
            )

    @property
    def height(self) -> float:
        """Meters above the ground."""
        return float(self.matrix[2, 3])

    @property
    def pitch(self) -> float:
        """Degrees by which the optical axis points below the horizon; -90 to 90."""
        return float(np.degrees(np.arcsin(np.clip(-self.matrix[2, 2], -1, 1))))

    @property
    def quaternion(self) -> np.ndarray:
        """The rotation as x, y, z, w: (4,) float64 of length 1, as tf2 has it."""
        return np.array(quaternion(self.matrix[:3, :3]))

    @classmethod
    def mounted(
        cls,
        height: float,
        pitch: float = 0.0,
        roll: float = 0.0,
        yaw: float = 0.0,
        x: float = 0.0,
        y: float = 0.0,
    ) -> CameraPose:
        """The pose of a camera from measurements on the robot.

        Args:
            height: meters above the ground.
            pitch: radians, positive looks down; -pi/2 to pi/2.
            roll: radians, positive leans to the right; -pi to pi.
            yaw: radians, positive looks to the left; -pi to pi.
            x: meters in front of the robot's origin.
            y: meters to the left of it.

        Raises:
            SettingsError: a number is out of range, maybe in degrees.

        Example:
            >>> pose = CameraPose.mounted(height=1.0, x=0.3)
            >>> ahead = np.array([0, 0, 1, 1])  # a meter along the optical axis
            >>> (pose.matrix @ ahead).round(6).tolist()
            [1.3, 0.0, 1.0, 1.0]
        """
        # A little more than pi, to allow 3.1416.
        for name, angle, most in (("pitch", pitch, 1.6), ("roll", roll, 3.2), ("yaw", yaw, 3.2)):
            if not abs(angle) <= most:
                raise SettingsError(f"{name} {angle} is not within {most} either way; give radians")
        matrix = np.eye(4)
        matrix[:3, :3] = _about(2, yaw) @ _about(1, pitch) @ _about(0, roll) @ _OPTICAL
        matrix[:3, 3] = x, y, height
        return cls(matrix)

    @classmethod
    def from_transform(cls, translation: Sequence[float], rotation: Sequence[float]) -> CameraPose:
        """The pose of a camera from tf2's `lookup_transform(robot frame, optical frame, stamp)`.

        Args:
            translation: x, y, z in meters.
            rotation: a quaternion x, y, z, w.

        Raises:
            SettingsError: the rotation is invalid, or the place is not above the ground.
        """
        quaternion = np.asarray(rotation, np.float64)
        length = float(np.linalg.norm(quaternion))
        if quaternion.shape != (4,) or not abs(length - 1) < LENGTH:
            raise SettingsError(
                f"quaternion {quaternion.tolist()} is not four numbers of length 1; "
                "check the transform: no rotation is 0, 0, 0, 1"
            )
        return cls(pose_matrices(np.asarray(translation), quaternion / length))

    def moved(self, other: CameraPose, meters: float = 0.005, radians: float = 0.001) -> bool:
        """Whether another pose differs by more than this, so that lookup tables are outdated."""
        shift = np.linalg.norm(self.matrix[:3, 3] - other.matrix[:3, 3])
        turn = np.linalg.norm(self.matrix[:3, :3] - other.matrix[:3, :3]) / np.sqrt(2)
        return bool(shift > meters or turn > radians)

    def to_optical(self, points: np.ndarray) -> np.ndarray:
        """Transform points (N, 3), meters, from the robot's frame to the optical frame."""
        seen: np.ndarray = (points - self.matrix[:3, 3]) @ self.matrix[:3, :3]
        return seen


def rotations(quaternions: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) of quaternions x, y, z, w of length 1, (..., 4)."""
    x, y, z, w = np.moveaxis(quaternions, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def pose_matrices(places: np.ndarray, quaternions: np.ndarray) -> np.ndarray:
    """Poses (..., 4, 4) of places (..., 3) and quaternions x, y, z, w of length 1, (..., 4)."""
    found = np.zeros((*places.shape[:-1], 4, 4))
    found[..., :3, :3], found[..., :3, 3] = rotations(quaternions), places
    found[..., 3, 3] = 1
    return found


def quaternion(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """(x, y, z, w) of a (3, 3) rotation, w >= 0.

    It is the eigenvector for the largest eigenvalue of a symmetric matrix. This is exact for every
    rotation; the usual formulas need four cases (Bar-Itzhack, J. Guidance 23(6), 2000).
    """
    r = rotation
    upper = np.array([
        [r[0, 0] - r[1, 1] - r[2, 2], 0, 0, 0],
        [r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], 0, 0],
        [r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1], 0],
        [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], np.trace(r)],
    ])  # fmt: skip
    x, y, z, w = np.linalg.eigh(upper, "L")[1][:, -1] * 1.0
    sign = -1.0 if w < 0 else 1.0
    return sign * float(x), sign * float(y), sign * float(z), sign * float(w)


def _about(axis: int, angle: float) -> np.ndarray:
    """The (3, 3) rotation about an axis, 0 to 2, by the right-hand rule."""
    turn, (first, second) = np.eye(3), [(1, 2), (2, 0), (0, 1)][axis]
    turn[[first, second], [first, second]] = np.cos(angle)
    turn[second, first] = np.sin(angle)
    turn[first, second] = -np.sin(angle)
    return turn
