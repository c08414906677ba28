"""The projection of an image's labels to the ground grid.

A pixel of a ground class lies where its ray meets the plane. Any other pixel shows a thing that
rises from the plane. Its foot is where a ray along the ground, outward from the camera, first meets
such pixels; the ground behind it is out of view. All geometry is in lookup tables.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.driving.grid import OCCUPIED, UNKNOWN, GridSpec
from segnet_model.driving.horizon import Horizon
from segnet_model.driving.lens import Lens
from segnet_model.driving.lookups import LEAST_ACROSS, LEAST_ALONG
from segnet_model.driving.pose import CameraPose
from segnet_model.driving.rays import LEGS, GroundRays
from segnet_model.driving.scan import GroundScan
from segnet_model.driving.states import OBSTACLE, UNSURE, VALUES, pixel_states
from segnet_model.driving.votes import Votes
from segnet_model.labels import LabelSet


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
        """Build the lookup tables; takes 0.5 s for 150 x 150 cells, 1 s with 1920 x 1080 pixels.

        Args:
            lens: of the images at their size; see `Lens.scaled_to`.
            pose: of the camera in the frame that the grid is in.
            spec: of the grid.

        Raises:
            SettingsError: the grid reaches too far from the camera, or none of it is seen, or none
                sharply enough.
        """
        self.lens, self.pose, self.spec = lens, pose, spec
        self.horizon = Horizon(lens, pose)
        self._size = spec.rows * spec.columns
        self._rays = GroundRays(lens, pose, spec)  # first, as it may raise
        self._votes = Votes(lens, pose, spec)
        self._check_view()
        self._top = min(self._votes.top, int(self._rays.pixels.min()) // lens.width)
        self._passed = self._rays.pixels - self._top * lens.width

    def _check_view(self) -> None:
        pose, lens = self.pose, self.lens
        if not self._votes.in_view:
            raise SettingsError(
                f"the camera, {pose.height:g} m up, looks {abs(pose.pitch):.0f} degrees "
                f"{'up' if pose.pitch < 0 else 'down'} and sees no ground of the grid; check the "
                "sign of camera_pitch, which is positive downward, that frame_id is an optical "
                "frame (z forward, y down), and that the grid lies before the camera"
            )
        if not len(self._votes.clear):
            raise SettingsError(
                f"{lens.width}x{lens.height} pixels show no cell of the grid whole and sharply "
                f"enough: a pixel has to be narrower than {LEAST_ACROSS:g} m on the ground, and "
                f"shorter than {LEAST_ALONG:g} m; use larger images, or a grid nearer to the "
                "camera or with smaller cells"
            )

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
            label_set: gives the ground classes, the drivable ones and their costs.
            max_uncertainty: 0 to 1; a pixel above it is ignored.

        Returns:
            (rows, columns) int8: where all pixels less than a pixel away from a cell are drivable
            and certain, the highest of their costs, which is 0 unless the classes have others; 100
            on other ground, at the foot of a thing, or below a thing that hangs low; -1 out of
            view, not sharp enough or uncertain. A foot may be up to a cell too far away; the cells
            in front of it are then -1, never 0.

        Raises:
            ImageError: an array has another size or type.
            SettingsError: max_uncertainty is not 0 to 1.
        """
        self._check(labels, uncertainty, max_uncertainty)
        rows = slice(self._top, None)
        states = pixel_states(labels[rows], uncertainty[rows], label_set, max_uncertainty)
        highest = self._votes.highest(states[self._votes.top - self._top :])
        passed = np.append(states, np.uint8(UNSURE))[self._passed]  # the last is out of view
        met = self._rays.feet(passed)
        feet = self._rays.cells[met[: len(self._rays.cells)]]
        grid = np.append(VALUES[highest], np.int8(UNKNOWN))  # the last is outside of the grid
        below = self._rays.below(met)
        below = below[np.append(highest < UNSURE, False)[below]]
        grid[below[self._between_legs(highest, feet)[below]]] = OCCUPIED
        hung = self._rays.hung(passed, met)
        if len(hung):
            grid[:-1][self._around(hung) & (grid[:-1] < OCCUPIED)] = UNKNOWN
        grid[feet] = OCCUPIED
        return grid[:-1].reshape(self.spec.rows, self.spec.columns)

    def _around(self, cells: np.ndarray) -> np.ndarray:
        """Mask of some cells (n,) and their neighbors, below the edge of a thing: (cells,) bool."""
        mask = np.zeros(self._size + 1, np.uint8)
        mask[cells] = 1
        near = cv2.dilate(mask[:-1].reshape(self.spec.rows, -1), np.ones((3, 3), np.uint8))
        return np.asarray(near.ravel() > 0)

    @cached_property
    def in_view(self) -> np.ndarray:
        """The cells that are free where all is drivable ground: (rows, columns) bool."""
        clear = np.zeros(self._size, bool)
        clear[self._votes.clear] = True
        return clear.reshape(self.spec.rows, self.spec.columns)

    @cached_property
    def scan(self) -> GroundScan:
        """The beams of a scan over the grid."""
        return GroundScan(self.spec, self.in_view)

    def _between_legs(self, highest: np.ndarray, feet: np.ndarray) -> np.ndarray:
        """Find the cells in a narrow gap between things.

        Args:
            highest: (cells,) uint8, their states.
            feet: (m,) int64, the cells with the foot of a thing.

        Returns:
            (cells + 1,) bool; the last is outside of the grid.
        """
        standing = np.zeros(self._size + 1, np.uint8)
        standing[:-1] = highest == OBSTACLE
        standing[feet] = 1
        side = max(1, round(LEGS / self.spec.resolution))
        closed = cv2.morphologyEx(
            standing[:-1].reshape(self.spec.rows, self.spec.columns),
            cv2.MORPH_CLOSE,
            np.ones((side, side), np.uint8),
        )
        return np.append(closed.ravel() > 0, False)

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
