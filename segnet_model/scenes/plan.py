"""The plan of the ground: where a robot could be, whatever a camera sees of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segnet_model.scenes.drawing.panels import Floats, Mask, Panel
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.drawing.sketch import CLEAR

TALL = 2.0  # meters; what is higher is in nobody's way
_POINTS = 3  # a side of a cell
_TEXEL = 0.015  # meters between points of a panel
_MOST = 2000  # of these along a side
_BODY, _LONGEST = 8, 8.0  # panels, and meters, of a thing that is closed all around: a car
_AT_ONCE = 20_000  # points that a world takes


@dataclass(frozen=True)
class Square:
    """A square of ground cut into cells: least x and y, and the side of a cell, in meters."""

    x: float
    y: float
    cells: int  # along a side
    resolution: float


def free_cells(
    square: Square, props: Sequence[Prop], is_drivable: Callable[[Floats, Floats], Mask]
) -> Mask:
    """Return (cells, cells), rows along y: all of a cell is drivable, and nothing stands on it."""
    shape = square.cells, _POINTS, square.cells, _POINTS
    drivable = _drivable(square, is_drivable).reshape(shape).all(axis=(1, 3))
    return np.asarray(drivable & ~_taken(square, props).reshape(shape).any(axis=(1, 3)))


def _drivable(square: Square, is_drivable: Callable[[Floats, Floats], Mask]) -> Mask:
    """Return whether points all over the cells, edges included, are drivable: (points,)."""
    inset = (np.arange(_POINTS) / (_POINTS - 1) - 0.5) * (1 - 1e-6)
    steps = ((np.arange(square.cells) + 0.5)[:, None] + inset).ravel() * square.resolution
    x, y = (each.ravel() for each in np.meshgrid(square.x + steps, square.y + steps))
    parts = [slice(first, first + _AT_ONCE) for first in range(0, x.size, _AT_ONCE)]
    return np.concatenate([is_drivable(x[part], y[part]) for part in parts])


def _taken(square: Square, props: Sequence[Prop]) -> Mask:
    """Return where something stands: (cells * _POINTS, cells * _POINTS)."""
    side = square.cells * _POINTS
    taken: npt.NDArray[np.uint8] = np.zeros((side, side), np.uint8)
    for prop in props:
        places = [_standing(panel, square) for panel in prop.panels]
        points = np.concatenate([*places, np.zeros((0, 2))])
        if len(places) >= _BODY and len(points) and np.ptp(points, axis=0).max() < _LONGEST:
            hull = cv2.convexHull(_texels(points, square).astype(np.float32))
            cv2.fillConvexPoly(taken, np.floor(hull).astype(np.int32), 1)
        column, row = np.floor(_texels(points, square)).astype(int).T
        inside = (np.minimum(column, row) >= 0) & (np.maximum(column, row) < side)
        taken[row[inside], column[inside]] = 1
    return taken > 0


def _texels(points: Floats, square: Square) -> Floats:
    return np.asarray((points - (square.x, square.y)) / square.resolution * _POINTS)


def _standing(panel: Panel, square: Square) -> Floats:
    """Return the places (n, 2) below the part of a panel that is in the way, near the square."""
    origin, across, down = panel.corners
    corners = origin + np.array([(0, 0, 0), across, down, across + down])
    low, high = corners.min(axis=0), corners.max(axis=0)
    first = np.array((square.x, square.y))
    last = first + square.cells * square.resolution
    if low[2] >= TALL or (high[:2] < first).any() or (low[:2] > last).any():
        return np.zeros((0, 2))
    lengths = (float(np.sqrt((way**2).sum())) for way in (across, down))
    s, t = ((np.arange(n) + 0.5) / n for n in (_count(length) for length in lengths))
    rows, columns = panel.texture.labels.shape
    shown = panel.texture.labels[np.ix_((t * rows).astype(int), (s * columns).astype(int))] != CLEAR
    places = origin + s[None, :, None] * across + t[:, None, None] * down
    return np.asarray(places[shown & (places[..., 2] < TALL)][:, :2])


def _count(length: float) -> int:
    return min(_MOST, max(2, int(length / _TEXEL)))
