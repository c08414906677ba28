"""The ground grid as a planar scan, and its occupied cells as points, for obstacle layers.

A layer clears the ground up to the end of each beam, so no beam may cross a cell that is in view
and not known to be free.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from segnet_model.driving.grid import FREE, OCCUPIED, UNKNOWN, GridSpec

_BEAMS_PER_CELL = 2  # at the greatest range, so that a beam passes through the inside of each cell
# A beam that enters the view further from the robot than this multiple of the nearest ground in
# view comes in through the side of the view: too much of it is never seen.
_BLIND = 1.5


class GroundScan:
    """The beams of a scan over a grid, from the robot's origin to the half plane before it.

    Attributes:
        bearings: of the beams, radians to the left of x, rising.
        range_max: meters; the grid reaches as far straight ahead, and to a side.
        blind: meters; no beam is known to be free up to here, as the ground is not in view.

    Example:
        >>> spec = GridSpec(resolution=1.0, x_max=4, y_min=-4, y_max=4)
        >>> scan = GroundScan(spec, np.ones((8, 4), bool))
        >>> grid = np.zeros((8, 4), np.int8)
        >>> grid[:, 3] = OCCUPIED  # a wall across the way
        >>> beam = scan.ranges(grid)[len(scan.bearings) // 2]
        >>> float(beam * np.cos(scan.bearings[len(scan.bearings) // 2]))
        3.5
    """

    def __init__(self, spec: GridSpec, in_view: np.ndarray) -> None:
        """Find the cells that each beam passes through.

        Args:
            spec: of the grid.
            in_view: (rows, columns) bool, the cells whose ground the camera sees if nothing hides
                it.
        """
        self.range_max = min(spec.x_max, max(-spec.y_min, spec.y_max))
        count = int(np.ceil(np.pi * _BEAMS_PER_CELL * self.range_max / spec.resolution / 2)) * 2
        self.increment = np.pi / count
        # An even number, half a step from the axes: no beam runs along the edges of cells.
        self.bearings = (np.arange(count) + 0.5) * self.increment - np.pi / 2
        self._half_cell = spec.resolution / 2
        edges = _crossings(spec, self.bearings, self.range_max)
        self._entries, self._middles = edges[:, :-1], (edges[:, :-1] + edges[:, 1:]) / 2
        directions = np.stack([np.cos(self.bearings), np.sin(self.bearings)], -1)
        cells = spec.indices(directions[:, None] * self._middles[..., None])
        past_end = spec.rows * spec.columns + 1  # and one less is outside of the grid
        self._cells = np.where(np.diff(edges) > 1e-9, cells, past_end)
        self._in_view = in_view
        self._look(np.append(in_view.ravel(), [False, False])[self._cells])

    def _look(self, seen: np.ndarray) -> None:
        """Find where each beam enters the view, from (beams, steps) bool."""
        first = seen.argmax(1)[:, None]
        enters = np.take_along_axis(self._entries, first, 1)[:, 0]
        self.blind = _BLIND * float(enters[seen.any(1)].min(initial=np.inf))
        self._sees = seen.any(1) & (enters <= self.blind)
        self._seen, self._first = seen, first
        self._before = np.arange(seen.shape[1]) < first

    def ranges(self, grid: np.ndarray) -> np.ndarray:
        """The range of each beam.

        Args:
            grid: (rows, columns) int8, as of `GroundProjector.grid`.

        Returns:
            (beams,) float32 meters. The distance of the nearest occupied cell; where the camera is
            unsure of ground before that, the distance of the last free cell. Infinite where all
            cells in view are free, up to `range_max`. NaN where that is not known.
        """
        cells = self._without_edges(grid).ravel()
        values = np.append(cells, np.array([UNKNOWN, FREE], np.int8))[self._cells]
        unknown, met = values == UNKNOWN, values == OCCUPIED
        stops = met | (unknown & ~self._before)
        first = stops.argmax(1)[:, None]
        at_thing, unsure, thing, last_free = (
            np.take_along_axis(each, first, 1)[:, 0]
            for each in (met, self._seen, self._middles, self._entries - self._half_cell)
        )
        unsure &= met.any(1) & (first > self._first)[:, 0]
        ends = np.where(at_thing, thing, np.where(unsure, last_free, np.nan))
        ranges = np.where(stops.any(1), ends, np.inf)
        return np.where(self._sees, ranges, np.nan).astype(np.float32)

    def _without_edges(self, grid: np.ndarray) -> np.ndarray:
        """A copy in which what is beside unsure cells is unknown, too: costmaps round beams."""
        unsure = ((grid == UNKNOWN) & self._in_view).view(np.uint8)
        beside = cv2.dilate(unsure, np.ones((3, 3), np.uint8)) > 0
        return np.where(beside & (grid != OCCUPIED), np.int8(UNKNOWN), grid)

    def fields(self, grid: np.ndarray) -> dict[str, Any]:
        """The fields of a sensor_msgs/LaserScan without its header, of a grid as in `ranges`."""
        return {
            "angle_min": float(self.bearings[0]),
            "angle_max": float(self.bearings[-1]),
            "angle_increment": float(self.increment),
            "range_min": 0.0,
            "range_max": float(self.range_max),
            "ranges": self.ranges(grid),
        }


def _crossings(spec: GridSpec, bearings: np.ndarray, range_max: float) -> np.ndarray:
    """Distances at which beams cross the edges of cells: (beams, n), rising from 0 to range_max."""
    x_edges = spec.x_min + np.arange(spec.columns + 1) * spec.resolution
    y_edges = spec.y_min + np.arange(spec.rows + 1) * spec.resolution
    across = np.concatenate(
        [x_edges / np.cos(bearings)[:, None], y_edges / np.sin(bearings)[:, None]], 1
    )
    across[(across <= 0) | (across > range_max)] = range_max
    across.sort(1)
    used = int((across < range_max).sum(1).max()) + 1
    return np.column_stack([np.zeros(len(bearings)), across[:, :used]])


def occupied_points(grid: np.ndarray, spec: GridSpec) -> np.ndarray:
    """The centers of the occupied cells: (n, 3) float32 x, y and z, meters, on the ground.

    Args:
        grid: (rows, columns) int8, as of `GroundProjector.grid`.
        spec: of the grid.
    """
    centers = spec.centers[np.flatnonzero(grid == OCCUPIED)]
    return np.column_stack([centers, np.zeros(len(centers))]).astype(np.float32)
