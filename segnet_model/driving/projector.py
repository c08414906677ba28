"""From the labels of an image to a map of the drivable ground.

A pixel of a ground class lies where its ray meets the plane. Any other pixel shows something that
rises from the plane: where a walk from the camera outward along the ground first meets such pixels
is its foot, and what they cover behind it is not seen. All geometry is looked up, so that a frame
costs the same at any image size.
"""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.driving.grid import FREE, OCCUPIED, UNKNOWN, GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.lookups import covered_pixels, raised_pixels, walked_pixels
from segnet_model.driving.pose import CameraPose
from segnet_model.labels import LabelSet

# Two legs or wheels of one thing are not further apart, metres. Ground between them that has
# something close above it is seen below that thing: a car, a table.
_LEGS = 2.3
# What a pixel shows. A cell that covers several pixels goes by the highest.
_DRIVABLE, _UNSURE, _OBSTACLE, _BARRED = 0, 1, 2, 3  # barred: ground, but not to drive on
_VALUES = np.array([FREE, UNKNOWN, UNKNOWN, OCCUPIED], np.int8)


class GroundProjector:
    """Maps the ground for one lens, one pose of the camera and one grid.

    Example:
        >>> lens = Lens(width=64, height=48, focal=(60, 60), centre=(31.5, 23.5))
        >>> pose = CameraPose.mounted(height=1.2, pitch=0.2)
        >>> spec = GridSpec(resolution=1.0, x_max=8, y_min=-2, y_max=2)
        >>> projector = GroundProjector(lens, pose, spec)
        >>> road = np.full((48, 64), 3, np.uint8)
        >>> sure = np.zeros((48, 64))
        >>> camvid = LabelSet.load("camvid")
        >>> projector.grid(road, sure, camvid, max_uncertainty=0.5)[1].tolist()
        [-1, -1, 0, 0, 0, 0, 0, 0]
    """

    def __init__(self, lens: Lens, pose: CameraPose, spec: GridSpec) -> None:
        """Look up which pixels every cell covers; takes 0.3 s for 150 x 150 cells.

        Args:
            lens: of the images as they come; see `Lens.scaled_to`.
            pose: of the camera in the frame that the grid is in.
            spec: of the grid.

        Raises:
            SettingsError: the grid reaches too far from the camera.
        """
        self.lens, self.pose, self.spec = lens, pose, spec
        self._size = spec.rows * spec.columns
        self._walk_cells, walked = walked_pixels(lens, pose, spec)  # first, as it may refuse
        self._cells, covered = covered_pixels(lens, pose, spec)
        used = np.zeros(lens.width * lens.height + 1, bool)  # the last stands for what is not seen
        raised = raised_pixels(lens, pose, spec, self._cells)
        used[covered], used[raised], used[walked] = True, True, True
        place = np.cumsum(used) - 1
        self._pixels = np.flatnonzero(used[:-1])
        self._covered, self._raised, self._walked = place[covered], place[raised], place[walked]

    def grid(
        self,
        labels: np.ndarray,
        uncertainty: np.ndarray,
        label_set: LabelSet,
        max_uncertainty: float,
    ) -> np.ndarray:
        """Map the ground that one image shows.

        Args:
            labels: (H, W) uint8 class ids, of the lens' size.
            uncertainty: (H, W) floating point, 0 to 1.
            label_set: says which classes are ground, and which of these are drivable.
            max_uncertainty: 0 to 1; a pixel above it says nothing.

        Returns:
            (rows, columns) int8: 0 where all that a cell covers is drivable and sure, 100 where
            it is other ground, the foot of something, or below something that hangs low, -1
            where it is not seen or unsure. A foot may be marked up to a cell too far away; what
            is in front of it is then -1, never 0.

        Raises:
            ImageError: an array has another size or type.
            SettingsError: max_uncertainty is not 0 to 1.
        """
        self._check(labels, uncertainty, max_uncertainty)
        states = self._states(labels, uncertainty, label_set, max_uncertainty)
        highest = states[self._covered].max(0)
        feet = self._walk_cells[_feet(states[self._walked])]
        values = _VALUES[highest]
        below = self._between_legs(highest, feet) & (states[self._raised] == _OBSTACLE)
        values[below & (values == FREE)] = OCCUPIED
        grid = np.full(self._size + 1, UNKNOWN, np.int8)
        grid[self._cells] = values
        grid[feet] = OCCUPIED
        return grid[:-1].reshape(self.spec.rows, self.spec.columns)

    def _states(
        self,
        labels: np.ndarray,
        uncertainty: np.ndarray,
        label_set: LabelSet,
        max_uncertainty: float,
    ) -> np.ndarray:
        """What each pixel that is looked at shows, and one that is not seen: (used + 1,) uint8."""
        seen = _state_of_bytes(label_set).take(labels.ravel().take(self._pixels))
        states = np.append(seen, np.uint8(_UNSURE))
        sure = uncertainty.ravel().take(self._pixels) <= max_uncertainty  # NaN is not
        np.copyto(states[:-1], _UNSURE, where=~sure)
        return states

    def _between_legs(self, highest: np.ndarray, feet: np.ndarray) -> np.ndarray:
        """Which cells that are seen lie in a narrow gap between things.

        Args:
            highest: (n,) uint8, what these cells hold.
            feet: (m,) int64, the cells where something stands.

        Returns:
            (n,) bool.
        """
        standing = np.zeros(self._size + 1, np.uint8)
        standing[self._cells] = highest == _OBSTACLE
        standing[feet] = 1
        side = max(1, round(_LEGS / self.spec.resolution))
        closed = cv2.morphologyEx(
            standing[:-1].reshape(self.spec.rows, self.spec.columns),
            cv2.MORPH_CLOSE,
            np.ones((side, side), np.uint8),
        )
        between: np.ndarray = closed.ravel()[self._cells] > 0
        return between

    def _check(self, labels: np.ndarray, uncertainty: np.ndarray, max_uncertainty: float) -> None:
        size = (self.lens.height, self.lens.width)
        if labels.shape != size or uncertainty.shape != size:
            raise ImageError(
                f"labels {labels.shape} and uncertainty {uncertainty.shape} are not of the lens' "
                f"size {size}; make a projector with lens.scaled_to(width, height)"
            )
        if labels.dtype != np.uint8 or not np.issubdtype(uncertainty.dtype, np.floating):
            raise ImageError(
                f"labels are {labels.dtype} and uncertainty is {uncertainty.dtype}; "
                "give uint8 and floating point"
            )
        if not 0 <= max_uncertainty <= 1:
            raise SettingsError(f"max_uncertainty is {max_uncertainty}; give 0 to 1")


def _state_of_bytes(label_set: LabelSet) -> np.ndarray:
    """What a pixel of each class id shows: (256,) uint8; an id without a class says nothing."""
    states = np.full(256, _OBSTACLE, np.uint8)
    states[label_set.num_classes :] = _UNSURE
    states[label_set.ground] = _BARRED
    states[label_set.drivable] = _DRIVABLE
    return states


def _feet(states: np.ndarray) -> np.ndarray:
    """Where walks meet something: (steps, walks) bool of states (steps, walks) uint8.

    What is unsure or out of sight tells nothing new, so that a walk that met something still has
    it in front until it comes to ground that is seen.
    """
    met = states == _OBSTACLE
    numbers = np.arange(2, 2 * len(states) + 2, 2, dtype=np.int16)[:, None]
    told = (numbers + met) * (states != _UNSURE)  # odd where something is met, 0 where unsure
    newest = np.maximum.accumulate(told, 0)
    feet: np.ndarray = met
    feet[1:] &= (newest[:-1] & 1) == 0
    return feet
