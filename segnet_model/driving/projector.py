"""The projection of an image's labels to the ground grid.

A pixel of a ground class lies where its ray meets the plane. Any other pixel shows a thing that
rises from the plane. Its foot is where a ray along the ground, outward from the camera, first meets
such pixels; the ground behind it is out of view. All geometry is in lookup tables, so that a frame
costs the same at any image size.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.driving.grid import FREE, OCCUPIED, UNKNOWN, GridSpec
from segnet_model.driving.horizon import Horizon
from segnet_model.driving.lens import Lens
from segnet_model.driving.lookups import covered_pixels, raised_pixels, ray_pixels
from segnet_model.driving.pose import CameraPose
from segnet_model.driving.scan import GroundScan
from segnet_model.labels import LabelSet, SegmentationClass

# Largest distance of two legs or wheels of one thing, meters. Ground between them with something
# close above it is in view below that thing: a car, a table.
_LEGS = 2.3
# States of a pixel. A cell that covers several pixels has the highest.
_DRIVABLE, _UNSURE, _OBSTACLE, _BARRED = 0, 1, 2, 3  # barred: ground, but not to drive on
_VALUES = np.array([FREE, UNKNOWN, UNKNOWN, OCCUPIED], np.int8)


class GroundProjector:
    """The projection to the ground for one lens, one pose of the camera and one grid.

    Example:
        >>> lens = Lens(width=64, height=48, focal=(60, 60), center=(31.5, 23.5))
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
        """Build the lookup tables; takes 0.3 s for 150 x 150 cells.

        Args:
            lens: of the images at their size; see `Lens.scaled_to`.
            pose: of the camera in the frame that the grid is in.
            spec: of the grid.

        Raises:
            SettingsError: the grid reaches too far from the camera, or the camera sees none of it.
        """
        self.lens, self.pose, self.spec = lens, pose, spec
        self.horizon = Horizon(lens, pose)
        self._size = spec.rows * spec.columns
        self._ray_cells, passed = ray_pixels(lens, pose, spec)  # first, as it may raise
        self._cells, covered = covered_pixels(lens, pose, spec)
        if not len(self._cells):
            raise SettingsError(
                f"the camera, {pose.height:g} m up, looks {abs(pose.pitch):.0f} degrees "
                f"{'up' if pose.pitch < 0 else 'down'} and sees no ground of the grid; check the "
                "sign of camera_pitch, which is positive downward, that frame_id is an optical "
                "frame (z forward, y down), and that the grid lies before the camera"
            )
        used = np.zeros(lens.width * lens.height + 1, bool)  # the last is out of view
        raised = raised_pixels(lens, pose, spec, self._cells)
        used[covered], used[raised], used[passed] = True, True, True
        place = np.cumsum(used) - 1
        self._pixels = np.flatnonzero(used[:-1])
        self._covered, self._raised, self._passed = place[covered], place[raised], place[passed]

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
            label_set: gives the ground classes and the drivable ones.
            max_uncertainty: 0 to 1; a pixel above it is ignored.

        Returns:
            (rows, columns) int8: 0 where all pixels of a cell are drivable and certain; 100 on
            other ground, at the foot of a thing, or below a thing that hangs low; -1 out of view or
            uncertain. A foot may be up to a cell too far away; the cells in front of it are then
            -1, never 0.

        Raises:
            ImageError: an array has another size or type.
            SettingsError: max_uncertainty is not 0 to 1.
        """
        self._check(labels, uncertainty, max_uncertainty)
        states = self._states(labels, uncertainty, label_set, max_uncertainty)
        highest = states[self._covered].max(0)
        feet = self._ray_cells[_feet(states[self._passed])]
        values = _VALUES[highest]
        below = self._between_legs(highest, feet) & (states[self._raised] == _OBSTACLE)
        values[below & (values == FREE)] = OCCUPIED
        grid = np.full(self._size + 1, UNKNOWN, np.int8)
        grid[self._cells] = values
        grid[feet] = OCCUPIED
        return grid[:-1].reshape(self.spec.rows, self.spec.columns)

    @cached_property
    def in_view(self) -> np.ndarray:
        """The cells that are free where all is drivable ground: (rows, columns) bool."""
        ground = LabelSet("ground", (SegmentationClass("ground", (0, 0, 0), drivable=True),))
        labels = np.zeros((self.lens.height, self.lens.width), np.uint8)
        sure = np.zeros(labels.shape, np.float32)
        free: np.ndarray = self.grid(labels, sure, ground, 1.0) == FREE
        return free

    @cached_property
    def scan(self) -> GroundScan:
        """The beams of a scan over the grid."""
        return GroundScan(self.spec, self.in_view)

    def _states(
        self,
        labels: np.ndarray,
        uncertainty: np.ndarray,
        label_set: LabelSet,
        max_uncertainty: float,
    ) -> np.ndarray:
        """States of the used pixels, and of one out of view: (used + 1,) uint8."""
        seen = _class_states(label_set).take(labels.ravel().take(self._pixels))
        states = np.append(seen, np.uint8(_UNSURE))
        sure = uncertainty.ravel().take(self._pixels) <= max_uncertainty  # NaN is not
        np.copyto(states[:-1], _UNSURE, where=~sure)
        return states

    def _between_legs(self, highest: np.ndarray, feet: np.ndarray) -> np.ndarray:
        """Find the cells in view in a narrow gap between things.

        Args:
            highest: (n,) uint8, states of these cells.
            feet: (m,) int64, the cells with the foot of a thing.

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


def _class_states(label_set: LabelSet) -> np.ndarray:
    """State of each class id, (256,) uint8; unsure for an id without a class."""
    states = np.full(256, _OBSTACLE, np.uint8)
    states[label_set.num_classes :] = _UNSURE
    states[label_set.ground] = _BARRED
    states[label_set.drivable] = _DRIVABLE
    return states


def _feet(states: np.ndarray) -> np.ndarray:
    """Find where rays meet a thing: (steps, rays) bool of states (steps, rays) uint8.

    Unsure pixels change nothing: after its foot, a ray stays behind a thing until it meets ground
    in view.
    """
    met = states == _OBSTACLE
    numbers = np.arange(2, 2 * len(states) + 2, 2, dtype=np.int16)[:, None]
    known = (numbers + met) * (states != _UNSURE)  # odd at a thing, 0 where unsure
    newest = np.maximum.accumulate(known, 0)
    feet: np.ndarray = met
    feet[1:] &= (newest[:-1] & 1) == 0
    return feet
