"""A map of the ground around the robot, fused over time from the grids of all cameras.

Each cell holds the log-odds that it is not free. Evidence against free ground counts at once,
evidence for it slowly, and both fade: with time, since things move where nobody looks, and with the
distance driven, since odometry drifts. In doubt a cell is unknown.
"""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.driving.grid import OCCUPIED, UNKNOWN, GridSpec
from segnet_model.driving.map_spec import STEP, MapSpec
from segnet_model.driving.robot_pose import Odometer, RobotPose

DISTRUST = 2.0  # seconds for which the map is unknown after an answer that must not be trusted
# Log-odds that a cell is not free.
_MOST = 6.0  # both ways; so that old evidence can be overcome
_SURE = 3.0  # below minus this a cell is free
_LEAST = 0.5  # from this on a cell is occupied
_LONG = 1e6  # seconds or meters; longer than a thing is remembered
# A thing on ground that was free has moved there. It may go on where nobody looks.
_PACE = 10.0  # meters a second
_PASSING = 2.0  # seconds until it has left, or stays
_SMALLEST = np.ones((2, 2), np.uint8)  # cells of such a thing; fewer are the noise of an edge
# Codes of what one image says of a point; of several points of a cell the highest counts. Lower
# codes are the costs of ground that may be driven on, FREE included.
_OUT, _DOUBT, _TAKEN = 253, 254, 255
_CODES = np.full(256, _TAKEN, np.uint8)
_CODES[:OCCUPIED] = np.arange(OCCUPIED)
_CODES[UNKNOWN & 255] = _OUT
_TOUCH = np.ones((3, 3), np.uint8)


class RollingMap:
    """The map of a window that follows the robot.

    Example:
        >>> rolling = RollingMap(MapSpec(resolution=1.0, size=6.0))
        >>> ahead = GridSpec(resolution=1.0, x_min=0, x_max=3, y_min=-3, y_max=3)
        >>> for second in (0.0, 0.1, 0.2, 0.3):
        ...     seen = np.full((6, 3), FREE, np.int8)
        ...     rolling.add(seen, np.ones((6, 3), bool), ahead, RobotPose(0, 0, 0), second)
        >>> rolling.cells()[2].tolist()
        [-1, -1, -1, 0, 0, 0]
    """

    def __init__(self, spec: MapSpec) -> None:
        """Begin with an unknown map."""
        self.spec = spec
        self._odometer = Odometer()
        self._corner: tuple[int, int] | None = None  # the first cell, in cells of the frame
        self.clear()

    def clear(self) -> None:
        """Forget everything but the place of the window."""
        shape = self.spec.cells, self.spec.cells
        self._evidence = np.zeros(shape, np.float32)
        self._costs = np.zeros(shape, np.uint8)
        # Seconds since the cell was seen free, meters since then, seconds since a thing was seen.
        self._unseen, self._driven, self._cleared = np.full((3, *shape), _LONG, np.float32)
        # Seconds for which a thing that moved may still be under way here.
        self._threat = np.zeros(shape, np.float32)
        self._odometer.reset()

    @property
    def corner(self) -> tuple[float, float]:
        """The window's least x and y in the map's frame, meters; 0 before the first grid."""
        column, row = self._corner or (0, 0)
        return column * self.spec.resolution, row * self.spec.resolution

    def add(
        self, grid: np.ndarray, in_view: np.ndarray, spec: GridSpec, pose: RobotPose, time: float
    ) -> None:
        """Fuse the grid of one image.

        An image may come late by less than `MAX_LATE` seconds, since cameras differ. A jump of
        time or of the pose clears the map before.

        Args:
            grid: (rows, columns) int8, as of `GroundProjector.grid`.
            in_view: (rows, columns) bool, the cells in the camera's view, hidden ones included.
            spec: of the grid.
            pose: of the grid's frame in the map's frame, at the time of the image.
            time: of the image, seconds.
        """
        step = self._odometer.move(pose, time)
        if step is None:
            self.clear()
            self._corner = None
            step = self._odometer.move(pose, time) or (0.0, 0.0)
        if step[0] or self._corner is None:  # a late image must not move it back
            self._follow(pose)
        self._fade(*step)
        middle, worst = self._look(grid, in_view, spec, pose)
        moved = (middle == _TAKEN) & (self._evidence <= -_SURE)
        self._fuse(middle, worst, *self._odometer.late(pose, time))
        self._flee(moved, worst < OCCUPIED, step[0])

    def cells(self, later: float = 0.0) -> np.ndarray:
        """The map.

        Args:
            later: seconds since the newest image.

        Returns:
            (cells, cells) int8, rows along y: 0 is free, 1 to 99 are the costs of ground that may
            be driven on, 100 is occupied, -1 unknown.
        """
        free = (self._evidence <= -_SURE) & (self._unseen <= self.spec.memory - later)
        # Odometry may be off by this much since the cell was seen, so its surroundings count.
        inside = cv2.distanceTransform(free.view(np.uint8), cv2.DIST_L2, 3) * self.spec.resolution
        free &= inside > self.spec.drift * self._driven
        found = np.full(free.shape, UNKNOWN, np.int8)
        found[self._evidence * self._left(later) >= _LEAST] = OCCUPIED
        np.copyto(found, self._costs.view(np.int8), where=free)
        return found

    def _follow(self, pose: RobotPose) -> None:
        """Move the window to the robot."""
        half = self.spec.cells // 2
        column, row = (round(each / self.spec.resolution) - half for each in (pose.x, pose.y))
        if self._corner is not None and self._corner != (column, row):
            shift = column - self._corner[0], row - self._corner[1]
            for cells in (self._evidence, self._costs, self._threat):
                _shift(cells, *shift)
            for since in (self._unseen, self._driven, self._cleared):
                _shift(since, *shift, _LONG)
        self._corner = column, row

    def _fade(self, seconds: float, meters: float) -> None:
        self._unseen += np.float32(seconds)
        self._driven += np.float32(meters)
        self._cleared += np.float32(seconds)
        evidence = self._evidence
        evidence[(evidence < 0) & (self._unseen > self.spec.memory)] = 0
        np.multiply(evidence, self._left(seconds), out=evidence, where=evidence > 0)

    def _left(self, seconds: float) -> np.float32:
        """The share of a thing's evidence that is left after a time without a look."""
        return np.float32(0.5 ** (seconds / self.spec.memory))

    def _look(
        self, grid: np.ndarray, in_view: np.ndarray, spec: GridSpec, pose: RobotPose
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the grid says of the center of each cell, and the worst of all points of it.

        Returns:
            Two (cells, cells) uint8, codes.
        """
        codes = _CODES[grid.view(np.uint8)]
        codes[(codes == _OUT) & in_view] = _DOUBT
        # Points half a cell apart meet every cell of a grid of the same resolution.
        side = 2 * self.spec.cells + 1
        points = cv2.warpAffine(
            codes, self._to_grid(spec, pose), (side, side),
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT, borderValue=_OUT,
        )  # fmt: skip
        worst = cv2.dilate(points, _TOUCH)
        return points[1::2, 1::2], worst[1::2, 1::2]

    def _to_grid(self, spec: GridSpec, pose: RobotPose) -> np.ndarray:
        """The (2, 3) map from points half a cell apart to pixels of the grid as an image."""
        cosine, sine = np.cos(pose.yaw), np.sin(pose.yaw)
        turn = np.array([[cosine, sine], [-sine, cosine]]) / spec.resolution
        start = turn @ (np.array(self.corner) - (pose.x, pose.y))
        start -= np.array([spec.x_min, spec.y_min]) / spec.resolution + 0.5
        return np.column_stack([turn * self.spec.resolution / 2, start])

    def _fuse(self, middle: np.ndarray, worst: np.ndarray, late: float, behind: float) -> None:
        """Weigh what one image says of each cell.

        Args:
            middle: of the center of each cell, as of `_look`.
            worst: of all points of it.
            late: seconds by which the image is not the newest.
            behind: meters driven since it.
        """
        evidence = self._evidence
        free, doubt, touched = worst < OCCUPIED, worst == _DOUBT, worst == _TAKEN
        free &= self._cleared > late  # a newer image may have seen a thing there
        evidence -= self.spec.weights * free
        np.maximum(evidence, -_MOST, out=evidence)
        # What is in view and not told to be free may be a thing that no class fits.
        evidence[doubt] += np.clip(-evidence[doubt], 0, STEP)
        np.maximum(evidence, 0, out=evidence, where=touched)
        evidence[middle == _TAKEN] = _MOST
        self._cleared[touched] = np.minimum(self._cleared[touched], np.float32(late))
        np.minimum(self._unseen, np.float32(late), out=self._unseen, where=free)
        np.minimum(self._driven, np.float32(behind), out=self._driven, where=free)
        self._costs[free] = np.maximum(
            worst[free], (3 * self._costs[free].astype(np.uint16) + worst[free]) // 4
        )

    def _flee(self, moved: np.ndarray, free: np.ndarray, seconds: float) -> None:
        """Forget the free ground out of view that a thing may have reached since it was seen.

        Args:
            moved: (cells, cells) bool, where things stand now on ground that was free.
            free: (cells, cells) bool, ground that is seen free now.
            seconds: since the last image.
        """
        threat = self._threat
        threat -= np.float32(seconds)
        if cv2.erode(moved.view(np.uint8), _SMALLEST).any():
            threat[moved] = _PASSING
        if not (threat > 0).any():
            return
        reach = 2 * int(np.ceil(min(_PACE * seconds, self.spec.size) / self.spec.resolution)) + 1
        cv2.dilate(threat, np.ones((reach, reach), np.uint8), dst=threat)
        threat[free] = 0
        np.maximum(self._evidence, 0, out=self._evidence, where=threat > 0)


def _shift(cells: np.ndarray, columns: int, rows: int, new: float = 0.0) -> None:
    """Move a window over its cells, in place; new is the value of new cells."""
    height, width = cells.shape
    if abs(columns) >= width or abs(rows) >= height:
        cells[:] = new
        return
    to_row, from_row = max(-rows, 0), max(rows, 0)
    to_column, from_column = max(-columns, 0), max(columns, 0)
    kept = cells[from_row : height - to_row, from_column : width - to_column].copy()
    cells[:] = new
    cells[to_row : to_row + kept.shape[0], to_column : to_column + kept.shape[1]] = kept
