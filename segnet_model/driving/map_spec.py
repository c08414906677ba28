"""The window of a map around the robot, and how much a look counts in its cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.driving.grid import MAX_CELLS

STEP = 2.0  # log-odds of one look at free ground nearby, or at ground that can no longer be told
_NEAR = 10.0  # meters; at this distance a look counts half


@dataclass(frozen=True)
class MapSpec:
    """A square window around the robot, aligned with the axes of the map's frame.

    Attributes:
        resolution: side of a cell, meters; that of the grids.
        size: side of the window, meters; at least two cells.
        memory: seconds for which ground stays free that is no longer seen.
        drift: meters by which odometry may be wrong after one meter.
    """

    resolution: float = 0.1
    size: float = 20.0
    memory: float = 5.0
    drift: float = 0.01

    def __post_init__(self) -> None:
        """Refuse a map of gigabytes."""
        if not (self.resolution > 0 and self.size > 0 and self.memory > 0 and self.drift >= 0):
            raise SettingsError(f"{self}: every number but drift must be greater than 0")
        if self.cells**2 > MAX_CELLS:
            raise SettingsError(
                f"the map has {self.cells} x {self.cells} cells, more than {MAX_CELLS}; "
                "give a coarser resolution or a smaller window"
            )

    @property
    def cells(self) -> int:
        """Cells along a side: an even number."""
        return 2 * max(1, round(self.size / self.resolution / 2))

    @cached_property
    def weights(self) -> np.ndarray:
        """How much a look at free ground counts in each cell: (cells, cells) float32."""
        away = (np.arange(self.cells) + 0.5 - self.cells / 2) * self.resolution
        squared = away**2 + away[:, None] ** 2
        return np.asarray(STEP / (1 + squared / _NEAR**2), np.float32)
