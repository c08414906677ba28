"""The grid of one image on its way into the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from std_msgs.msg import Header

from segnet_model.driving import GroundProjector
from segnet_model.driving.settings import GroundSettings
from segnet_model.labels import LabelSet


@dataclass(frozen=True)
class Basis:
    """What all grids of a map are made by; with another one, the map begins again.

    Attributes:
        mounting: the camera's pose and the grid, as parameters give them.
        base: the frame of the grids.
        max_uncertainty: of drivable ground.
        labels: gives the classes and their costs.
    """

    mounting: GroundSettings
    base: str
    max_uncertainty: float
    labels: LabelSet


@dataclass(frozen=True, eq=False)
class View:
    """The grid of an image, which waits for the robot's pose of that time."""

    grid: np.ndarray  # (rows, columns) int8
    ground: GroundProjector  # that made it
    header: Header  # of the image
    arrival: float  # seconds of perf_counter
    basis: Basis
