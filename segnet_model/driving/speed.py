"""The speed limit by the ground that a robot is about to drive on."""

from __future__ import annotations

import math

import numpy as np

from segnet_model.base.tables import AnswerSettings
from segnet_model.driving.grid import FREE, OCCUPIED, UNKNOWN, GridSpec


def speed_limit(
    grid: np.ndarray, in_view: np.ndarray, spec: GridSpec, settings: AnswerSettings
) -> float:
    """The highest speed, in percent of the robot's top speed.

    The robot can stop within the free ground straight ahead: braking with a constant deceleration
    from a share s of the top speed takes s^2 of its stopping distance. Ground at a cost of c, 1 to
    99, takes c percent off.

    Args:
        grid: (rows, columns) int8, as of `GroundProjector.grid`.
        in_view: (rows, columns) bool, as of `GroundProjector.in_view`. Up to where the way is in
            view in its whole width, ground that is not is passed over.
        spec: of the grid; where it does not hold the whole width of the way, the limit is lowest.
        settings: the robot's width, stopping distance and lowest limit.

    Returns:
        `lowest_speed` to 100; never 0, which is no limit to Nav2.

    Example:
        >>> spec = GridSpec(resolution=1.0, x_max=4, y_min=-1, y_max=1)
        >>> grid = np.array([[0, 0, 0, 100], [0, 0, 0, 0]], np.int8)
        >>> settings = AnswerSettings(robot_width=1.0, stopping_distance=4.0)
        >>> round(speed_limit(grid, np.ones((2, 4), bool), spec, settings))
        87
    """
    if min(-spec.y_min, spec.y_max) < settings.robot_width / 2:
        return settings.lowest_speed  # nothing is known of the way beside the grid
    cells, seen = _way(grid, spec, settings), _way(in_view, spec, settings)
    whole = np.logical_or.accumulate(seen.all(0))
    stops = ((cells == OCCUPIED) | ((cells == UNKNOWN) & (seen | whole))).any(0)
    first = int(stops.argmax()) if stops.any() else len(stops)
    if not whole[:first].any():
        return settings.lowest_speed
    ahead = _way(spec.centers[:, 0].reshape(spec.rows, spec.columns), spec, settings)[0]
    free = min(ahead[first - 1] + spec.resolution / 2, settings.stopping_distance)
    reached = 100 * math.sqrt(free / settings.stopping_distance)
    slowed = 100.0 - int(cells[cells < OCCUPIED].max(initial=FREE))
    return max(settings.lowest_speed, min(reached, slowed))


def _way(values: np.ndarray, spec: GridSpec, settings: AnswerSettings) -> np.ndarray:
    """The part of a grid's values (rows, columns) that the robot crosses until it stops."""
    x, y = spec.centers.reshape(spec.rows, spec.columns, 2).transpose(2, 0, 1)
    half = spec.resolution / 2  # cells that the way only touches count, too
    rows = np.abs(y[:, 0]) - half < settings.robot_width / 2
    ahead = (x[0] + half > 0) & (x[0] - half < settings.stopping_distance)
    return values[np.ix_(rows, ahead)]
