"""Straight rays over the ground: where a thing stands on it, and where one may hang above it."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.lookups import pixel_of
from segnet_model.driving.pose import CameraPose
from segnet_model.driving.states import BARRED, OBSTACLE, UNSURE

MAX_STEPS = 1000  # of a ray; 100 MB while the tables are built
_STEP, _STEPS = (
    0.2,
    200,
)  # steps in a coarse grid are this short, meters, or this many if it is large
# Largest distance of two legs or wheels of one thing, or of what hangs from its only post, meters.
LEGS = 2.3
_BEYOND = 32  # steps from the end of the grid up to the horizon
_HORIZON = 200.0  # meters to the last of them
_CLOSE = 2.0  # meters; of what hangs higher than the camera, that which is nearer is out of view
# A post stands nearer than ground behind what hangs from it seems to be, by at least this factor.
_NEARER = 1.1
_WIDE = np.ones((1, 5), np.uint8)  # rays that see what hangs; a few see the edge of a pole, too
# What is wider than this multiple of its height, as if it stood, may hang with no post in view.
_FLAT = 4.0
_BESIDE = np.array([[0, 1, 0], [1, 1, 1], [0, 0, 0]], np.uint8)  # rays beside, and the step before


class GroundRays:
    """Rays over the ground that start below the camera, outward in all directions.

    A step on the ground is as long as a cell, or as a part of a large one, and the ends of the rays
    are half a step apart. The steps go on beyond the grid, up to the horizon or to the top of a
    robot that is close: what hangs is seen above ground that is further away than it.

    Attributes:
        pixels: (steps, rays) int64, what is seen at each step, in the flat image; the image's size
            where it is out of view.
        cells: (ground steps, rays) int64, the cell of each step that is on the grid's ground.
    """

    def __init__(self, lens: Lens, pose: CameraPose, spec: GridSpec) -> None:
        """Build the lookup tables.

        Raises:
            SettingsError: the rays are too long.
        """
        start, up = pose.matrix[:2, 3], pose.height
        reach = np.hypot(*(spec.centers - start).T).max()
        step = min(spec.resolution, max(_STEP, reach / _STEPS))
        steps = int(reach / step) + 1
        if steps > MAX_STEPS:
            raise SettingsError(
                f"the grid reaches {steps} cells from the camera, more than {MAX_STEPS}; "
                "give a coarser resolution or a smaller rectangle"
            )
        # From behind the camera on, so that its view is in one piece.
        behind = np.arctan2(-pose.matrix[1, 2], -pose.matrix[0, 2])
        angles = behind + np.linspace(0, 2 * np.pi, int(4 * np.pi * steps), endpoint=False)
        ways = np.column_stack([np.cos(angles), np.sin(angles)])
        distances = np.arange(1, steps + 1) * step
        last = max(-up / max(_HORIZON, 2 * distances[-1]), (spec.robot_height - up) / _CLOSE)
        slopes = -up / distances  # of the lines of sight
        slopes = np.append(slopes, np.linspace(slopes[-1], last, _BEYOND + 1)[1:])
        pixels = np.stack([pixel_of(lens, pose, start + ways, up + slope) for slope in slopes])
        inside = pixels < lens.width * lens.height
        seen = inside.any(0)
        self.pixels = pixels[:, seen]
        self.cells = spec.indices(start + ways[seen] * distances[:, None, None])
        inner = cv2.erode(inside.view(np.uint8), _BESIDE, borderValue=0)
        self._edge = (inside & (inner == 0))[:, seen]
        self._apart = 2 * np.pi / len(angles)
        self._slopes = slopes
        self._numbers = np.arange(len(slopes), dtype=np.int16)[:, None]
        # The last step at which the air over each ground step is seen, up to the robot's height.
        air = (spec.robot_height - up) / distances
        self._air = (np.searchsorted(slopes, air, "right") - 1).astype(np.int16)[:, None]
        self._after = np.searchsorted(slopes, slopes / _NEARER, "left")
        self._within = np.floor(self._numbers.ravel() - LEGS / step)

    def feet(self, states: np.ndarray) -> np.ndarray:
        """Find where rays meet a thing: (steps, rays) bool, of uint8 states.

        Unsure pixels change nothing: after its foot, a ray stays behind a thing until it meets
        ground in view.
        """
        met = states == OBSTACLE
        known = (2 * self._numbers + 2 + met) * (states != UNSURE)  # odd at a thing, 0 where unsure
        newest = _running(np.maximum, known)
        feet: np.ndarray = met
        feet[1:] &= (newest[:-1] & 1) == 0
        return feet

    def below(self, feet: np.ndarray) -> np.ndarray:
        """Find the ground that may have a thing in the air above it, as low as the robot is high.

        As far as one image says, that is all ground up to some distance before the foot of a thing.

        Args:
            feet: (steps, rays) bool.

        Returns:
            (n,) int64 cells, with repetition.
        """
        cells: np.ndarray = self.cells[self._following(feet) <= self._air]
        return cells

    def hung(self, states: np.ndarray, feet: np.ndarray) -> np.ndarray:
        """Find the ground above which a thing is likely to hang, as low as the robot is high.

        Ground is seen above such a thing: if it stood, it would be lower than the camera. It is
        taken to stand, unless a part of it, its post, stands nearer, it leaves the image, or it
        would be very wide for its height: a boom, a chain, a table.

        Args:
            states: (steps, rays) uint8.
            feet: (steps, rays) bool, where rays meet a thing.

        Returns:
            (n,) int64 cells, with repetition.
        """
        ground = (states < UNSURE) | (states == BARRED)
        last = (self._numbers * ground).max(0)  # the furthest ground on each ray
        low = feet & ((self._numbers < last) | ~ground.any(0))
        low[-1] = False
        wide = low.any(0, keepdims=True).view(np.uint8)
        rays = np.flatnonzero(cv2.morphologyEx(wide, cv2.MORPH_OPEN, _WIDE))
        if not len(rays):
            return np.zeros(0, np.int64)
        things = states == OBSTACLE
        _, parts, about, _ = cv2.connectedComponentsWithStats(things.view(np.uint8))
        post = about[:, cv2.CC_STAT_TOP]
        from_step, least = self._after[post], self._within[post]
        alone = self._flat(about)
        alone[parts[self._edge & things]] = True  # its post may be out of view
        from_step[alone] = least[alone] = 0
        parts = parts[:, rays]
        following = self._following(low[:, rays] & (self._numbers >= from_step[parts]))
        step, ray = np.nonzero(following <= self._air)
        near = step >= least[parts[following[step, ray], ray]]
        cells: np.ndarray = self.cells[step[near], rays[ray[near]]]
        return cells

    def _flat(self, about: np.ndarray) -> np.ndarray:
        """Whether things with these statistics (n, 5) are wide for their height if they stand."""
        foot, steps = about[:, cv2.CC_STAT_TOP], about[:, cv2.CC_STAT_HEIGHT]
        near = np.minimum(self._slopes[foot], -1e-6)
        far = self._slopes[np.minimum(foot + steps, len(self._slopes) - 1)]
        wide = about[:, cv2.CC_STAT_WIDTH] * self._apart / -near  # in heights of the camera
        flat: np.ndarray = wide > _FLAT * (1 - far / near)
        return flat

    def _following(self, mask: np.ndarray) -> np.ndarray:
        """The first step of a mask (steps, rays) from each ground step on; beyond all for none."""
        numbers = np.where(mask, self._numbers, np.int16(len(mask)))
        return _running(np.minimum, numbers[::-1])[::-1][: len(self.cells)]


def _running(best: np.ufunc, values: np.ndarray) -> np.ndarray:
    """The least or greatest of values (steps, rays) up to each step, in place.

    Row after row, which is three times as fast as `accumulate`: that goes ray after ray.
    """
    for before, row in pairwise(values):
        best(before, row, out=row)
    return values
