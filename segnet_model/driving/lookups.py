"""Lookup tables from cells of the ground grid, and from rays over it, to pixels."""

from __future__ import annotations

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose

SAMPLES = 4  # along each side of a cell: things wider than a third of a cell are found
MAX_STEPS = 1000  # of a ray; 100 MB while the tables are built


def covered_pixels(lens: Lens, pose: CameraPose, spec: GridSpec) -> tuple[np.ndarray, np.ndarray]:
    """The pixels that each cell covers.

    Points are rounded away from the center of their cell. So a cell smaller than a pixel covers
    the pixels on both sides: neither label alone is true for the whole cell.

    Returns:
        (n,) int64 indices of the cells in view, and (16, n) int64 indices of pixels in the flat
        image; the image's size for a point out of view.
    """
    centers = spec.centers
    middle = _project(lens, pose, centers)
    offsets = (np.arange(SAMPLES) / (SAMPLES - 1) - 0.5) * spec.resolution
    pixels = [
        _flat(lens, _round_away(_project(lens, pose, centers + np.array([x, y])), middle))
        for x in offsets
        for y in offsets
    ]
    covered = np.stack(pixels)
    cells = np.flatnonzero((covered < lens.width * lens.height).any(0))
    return cells, covered[:, cells]


def raised_pixels(lens: Lens, pose: CameraPose, spec: GridSpec, cells: np.ndarray) -> np.ndarray:
    """The pixel of the point `clearance` above the center of each of cells (n,) int64.

    Returns:
        (n,) int64 indices as above.
    """
    return _flat(lens, np.rint(_project(lens, pose, spec.centers[cells], spec.clearance)))


def ray_pixels(lens: Lens, pose: CameraPose, spec: GridSpec) -> tuple[np.ndarray, np.ndarray]:
    """The pixels along straight rays over the ground that start below the camera.

    A step is as long as a cell, and the ends of the rays are half a cell apart.

    Returns:
        The cells of each step and the indices of its pixel as above, both (steps, rays) int64.

    Raises:
        SettingsError: the rays are too long.
    """
    start = pose.matrix[:2, 3]
    steps = int(np.hypot(*(spec.centers - start).T).max() / spec.resolution) + 1
    if steps > MAX_STEPS:
        raise SettingsError(
            f"the grid reaches {steps} cells from the camera, more than {MAX_STEPS}; "
            "give a coarser resolution or a smaller rectangle"
        )
    angles = np.linspace(0, 2 * np.pi, int(4 * np.pi * steps), endpoint=False)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    distances = np.arange(1, steps + 1) * spec.resolution
    passed = np.stack(
        [_flat(lens, np.rint(_project(lens, pose, start + directions * far))) for far in distances]
    )
    seen = (passed < lens.width * lens.height).any(0)
    places = start + directions[seen] * distances[:, None, None]
    return spec.indices(places), passed[:, seen]


def _project(lens: Lens, pose: CameraPose, places: np.ndarray, height: float = 0.0) -> np.ndarray:
    """The pixels (n, 2), NaN out of view, of points at a height above places (n, 2); meters."""
    points = np.column_stack([places, np.full(len(places), height)])
    return lens.project(pose.to_optical(points))


def _round_away(pixels: np.ndarray, middle: np.ndarray) -> np.ndarray:
    return np.where(pixels < middle, np.floor(pixels), np.ceil(pixels))


def _flat(lens: Lens, pixels: np.ndarray) -> np.ndarray:
    """Indices of whole pixels (n, 2) in the flat image; the image's size for those outside."""
    column, row = pixels.T
    inside = (column >= 0) & (column < lens.width) & (row >= 0) & (row < lens.height)
    flat = np.where(inside, row * lens.width + column, lens.width * lens.height)
    return flat.astype(np.int64)
