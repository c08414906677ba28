"""The ground grid: its cells and their values, as in nav_msgs/OccupancyGrid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segnet_model.base.errors import SettingsError

FREE, OCCUPIED, UNKNOWN = 0, 100, -1
MAX_CELLS = 250_000
MAX_REACH = 100.0  # meters


@dataclass(frozen=True)
class GridSpec:
    """A rectangle of ground in the robot's frame, x forward and y left, cut into square cells.

    Attributes:
        resolution: side of a cell, meters.
        x_min: of the lower edge, meters; more than 0 excludes a bumper in view.
        x_max: of the upper edge, meters; it and y_max move up to whole cells.
        y_min: of the right edge, meters.
        y_max: of the left edge.
        robot_height: meters; ground in view below a thing that hangs lower than this is not free;
            0 leaves it free.
    """

    resolution: float = 0.1
    x_min: float = 0.0
    x_max: float = 15.0
    y_min: float = -7.5
    y_max: float = 7.5
    robot_height: float = 0.5

    def __post_init__(self) -> None:
        """Refuse an empty grid, and one of gigabytes."""
        if not 0.01 <= self.resolution <= 10:
            raise SettingsError(f"resolution {self.resolution} m a cell; give 0.01 to 10")
        for axis, low, high in (("x", self.x_min, self.x_max), ("y", self.y_min, self.y_max)):
            if not -MAX_REACH <= low < high <= MAX_REACH:
                raise SettingsError(
                    f"the grid goes from {axis} {low} to {high} m; "
                    f"give {axis}_min < {axis}_max within {MAX_REACH:g} m of the robot"
                )
        if not 0 <= self.robot_height <= 10:
            raise SettingsError(f"robot_height {self.robot_height} m; give 0 to 10")
        if self.rows * self.columns > MAX_CELLS:
            raise SettingsError(
                f"the grid has {self.columns} x {self.rows} cells, more than {MAX_CELLS}; "
                "give a coarser resolution or a smaller rectangle"
            )

    @property
    def columns(self) -> int:
        """Cells along x, OccupancyGrid's width."""
        return _cells(self.x_max - self.x_min, self.resolution)

    @property
    def rows(self) -> int:
        """Cells along y, OccupancyGrid's height."""
        return _cells(self.y_max - self.y_min, self.resolution)

    @property
    def centers(self) -> np.ndarray:
        """Centers of the cells, by rows: (rows * columns, 2) float64 x and y, meters."""
        x = self.x_min + (np.arange(self.columns) + 0.5) * self.resolution
        y = self.y_min + (np.arange(self.rows) + 0.5) * self.resolution
        return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)

    def indices(self, points: np.ndarray) -> np.ndarray:
        """Cell of each point (..., 2), meters: (...) int64; rows * columns outside of the grid.

        NaN is outside.
        """
        column, row = np.moveaxis(
            np.floor((points - (self.x_min, self.y_min)) / self.resolution), -1, 0
        )
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        found = np.where(inside, row * self.columns + column, self.rows * self.columns)
        return found.astype(np.int64)


def trinary(grid: np.ndarray) -> np.ndarray:
    """A copy of a grid (rows, columns) int8 in which drivable cells of any cost are free."""
    return np.where((grid > FREE) & (grid < OCCUPIED), np.int8(FREE), grid)


def _cells(length: float, resolution: float) -> int:
    return max(1, int(np.ceil(length / resolution - 1e-6)))
