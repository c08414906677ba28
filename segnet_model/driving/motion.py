"""The camera's pose from a drive: points move in the image as odometry has the robot move.

The camera moves parallel to the ground, toward a point of the horizon. How far its surroundings
move in the image tells how far away they are, and so how high the camera is above the ground. This
needs the focal length, too: a wrong one gives another height.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose

SIDE = 640  # pixels; larger images are made smaller
_POINTS, _FEWEST, _FEWEST_GROUND = 250, 40, 25  # tracked, of any kind and of the ground
_STRAY = 0.7  # pixels off, from which a point moves by itself, or was lost
_WINDOW = 15, 4  # pixels and levels of the search
_AHEAD = 0.3  # least part of a ray along the axis; beyond, pixels are too large
PAIRS, MEMORY = 12, 40  # of images: the fewest that tell, and those that count
# The largest errors of a pose that is not contradicted, beside that of the estimate. Rendered
# drives of 16 images show 1.1 degrees and a ratio of 1.04 at most.
MAX_TILT, MAX_HEIGHT = np.radians(2.0), 1.2


@dataclass(frozen=True, eq=False)
class Look:
    """An image in gray, made smaller, and where it shows ground for certain.

    Attributes:
        gray: (h, w) uint8.
        ground: (h, w) uint8, 255 on ground.
        scale: h over the image's height.
    """

    gray: np.ndarray
    ground: np.ndarray
    scale: float

    @classmethod
    def of(cls, image: np.ndarray, ground: np.ndarray) -> Look:
        """Look at an image (H, W, 3) uint8 RGB; ground: bool, the same or every n-th pixel."""
        height, width = image.shape[:2]
        scale = min(1.0, SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(ground.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        mask = cv2.erode(mask, np.ones((7, 7), np.uint8))
        gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        return cls(np.asarray(gray), np.asarray(mask) * np.uint8(255), scale)


@dataclass(frozen=True)
class Estimate:
    """What several pairs of images say of the camera, each number with its largest error.

    Attributes:
        direction: of the robot's motion in the optical frame, (3,) of length 1.
        tilt_error: radians.
        height: meters; None where the ground shows too little.
        height_error: its ratio to the true height, 1 or more.
    """

    direction: np.ndarray
    tilt_error: float
    height: float | None
    height_error: float

    @property
    def pitch(self) -> float:
        """Radians below the horizon, of a camera that looks ahead and does not lean to a side."""
        return float(np.arctan2(-self.direction[1], self.direction[2]))


class MotionEstimate:
    """Collects pairs of images of a robot that drives straight on."""

    def __init__(self, lens: Lens) -> None:
        """Begin, for images of the lens' size."""
        self.lens = lens
        self._directions: deque[np.ndarray] = deque(maxlen=MEMORY)
        self._heights: deque[float] = deque(maxlen=MEMORY)

    def add(self, first: Look, second: Look, meters: float) -> None:
        """Take two images, between which the robot drove some meters forward."""
        before, after = _track(first, second)
        if len(before) < _FEWEST:
            return
        kept = first.ground[tuple(before.round().astype(int)[:, ::-1].T)] > 0
        rays = [self.lens.unproject((p + 0.5) / first.scale - 0.5) for p in (before, after)]
        seen = (rays[0][:, 2] > _AHEAD) & (rays[1][:, 2] > _AHEAD)
        found = self._motion(rays[0][seen], rays[1][seen], first.scale)
        if found is None:
            return
        turn, direction, inside = found
        self._directions.append(-turn.T @ direction)
        ground = kept[seen] & inside
        if np.count_nonzero(ground) >= _FEWEST_GROUND:
            pair = rays[0][seen][ground], rays[1][seen][ground]
            self._heights.append(_height(*pair, turn, direction * meters))

    def _motion(
        self, before: np.ndarray, after: np.ndarray, scale: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The camera's rotation, the direction of the scene's motion, and which rays (n, 3) fit."""
        if len(before) < _FEWEST:
            return None
        old, new = before[:, :2] / before[:, 2:], after[:, :2] / after[:, 2:]
        stray = _STRAY / (scale * self.lens.focal[0])
        essential, mask = cv2.findEssentialMat(old, new, np.eye(3), cv2.RANSAC, 0.999, stray)
        if essential is None or essential.shape != (3, 3):
            return None
        count, turn, direction, mask = cv2.recoverPose(essential, old, new, np.eye(3), mask=mask)
        if count < _FEWEST / 2 or direction[2, 0] > 0:  # backward, which is not looked at
            return None
        return turn, direction.ravel(), mask.ravel() > 0

    @property
    def pairs(self) -> int:
        """Pairs that count."""
        return len(self._directions)

    @property
    def found(self) -> Estimate | None:
        """What the pairs say; None where they are too few."""
        if len(self._directions) < PAIRS:
            return None
        directions = np.array(self._directions)
        middle = np.median(directions, 0)
        middle /= np.linalg.norm(middle)
        # Of the median: from the median deviation, for a confidence of 99 %.
        spread = 1.48 * np.median(np.abs(directions[:, 1] - middle[1]))
        height, ratio = self._height()
        error = float(2.6 * 1.25 * spread / np.sqrt(len(directions)))
        return Estimate(middle, error, height, ratio)

    def _height(self) -> tuple[float | None, float]:
        if len(self._heights) < PAIRS:
            return None, 1.0
        logs = np.log(self._heights)
        spread = 1.48 * np.median(np.abs(logs - np.median(logs)))
        ratio = np.exp(2.6 * 1.25 * spread / np.sqrt(len(logs)))
        return float(np.exp(np.median(logs))), float(ratio)

    def contradiction(self, pose: CameraPose) -> str:
        """Why a pose cannot be right, with the mend; empty where the motion fits it."""
        found = self.found
        if found is None:
            return ""
        tilt = float(np.arcsin(np.clip(found.direction @ pose.matrix[2, :3], -1, 1)))
        if abs(tilt) > MAX_TILT + found.tilt_error:
            return _reason(f"the robot drives {abs(np.degrees(tilt)):.1f} degrees "
                           f"{'up' if tilt > 0 else 'down'} from the ground")  # fmt: skip
        if found.height is None:
            return ""
        ratio = max(found.height / pose.height, pose.height / found.height)
        if ratio > MAX_HEIGHT * found.height_error:
            return _reason(f"the ground moves as seen from {found.height:.2f} m above it, and the "
                           f"camera is said to be {pose.height:.2f} m up")  # fmt: skip
        return ""


def _reason(seen: str) -> str:
    return (
        f"the camera's pose or camera_info cannot be right: by odometry and the images, {seen}; "
        "measure camera_height and camera_pitch, check that camera_info is of this image, and that "
        "odometry is in meters"
    )


def _track(first: Look, second: Look) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) of the first image, column and row, and where they are in the second one."""
    corners = [
        cv2.goodFeaturesToTrack(first.gray, _POINTS, quality, 8, mask=mask)
        for quality, mask in ((0.003, None), (0.02, first.ground))
    ]
    found = [each for each in corners if each is not None]
    if not found:
        return np.empty((0, 2)), np.empty((0, 2))
    before = np.concatenate(found)
    after, there = _follow(first.gray, second.gray, before)
    back, again = _follow(second.gray, first.gray, after)
    same = np.linalg.norm((back - before)[:, 0], axis=1) < _STRAY
    kept = there & again & same
    return before[kept, 0].astype(np.float64), after[kept, 0].astype(np.float64)


def _follow(first: np.ndarray, second: np.ndarray, points: np.ndarray) -> tuple[Any, np.ndarray]:
    """Where points (n, 1, 2) of one gray image are in another one, and which were found, (n,)."""
    size, levels = _WINDOW
    moved: Any = None
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        first, second, points, moved, winSize=(size, size), maxLevel=levels
    )
    return moved, np.asarray(found).ravel() == 1


def _height(before: np.ndarray, after: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> float:
    """The distance of the camera from the plane of some points.

    The plane is m x = 1 in the first camera's frame, and after ~ turn before + shift (m before), up
    to the length of the rays (n, 3): linear in m. Weights make it robust against points that are
    not on the plane (L1, by iteratively reweighted least squares).
    """
    across = np.cross(after, shift)
    length = np.linalg.norm(across, axis=1)
    target = -(np.cross(after, before @ turn.T) * across).sum(1) / np.maximum(length, 1e-9) ** 2
    weights = length.copy()
    for _ in range(8):
        plane = np.linalg.lstsq(before * weights[:, None], target * weights, rcond=None)[0]
        off = np.abs(before @ plane - target) * length
        weights = length / np.sqrt(np.maximum(off, 1e-4))
    return 1 / max(float(np.linalg.norm(plane)), 1e-6)
