"""Which pixels show a cell of the ground, and which a walk over it passes."""

from __future__ import annotations

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose

SAMPLES = 4  # along each side of a cell: what is wider than a third of a cell is not missed
MAX_STEPS = 1000  # of a walk; 100 MB while lookups are made


def covered_pixels(lens: Lens, pose: CameraPose, spec: GridSpec) -> tuple[np.ndarray, np.ndarray]:
    """The pixels that each cell covers.

    Points are rounded away from the middle of their cell, to the pixels on both sides of a cell
    that is smaller than a pixel: the label of neither alone tells where between them it ends.

    Returns:
        (n,) int64 numbers of the cells that are seen, and (16, n) int64 indices of pixels in the
        flat image, the image's size where a point is not seen.
    """
    centres = spec.centres
    middle = _seen_at(lens, pose, centres)
    offsets = (np.arange(SAMPLES) / (SAMPLES - 1) - 0.5) * spec.resolution
    pixels = [
        _flat(lens, _away(_seen_at(lens, pose, centres + np.array([x, y])), middle))
        for x in offsets
        for y in offsets
    ]
    covered = np.stack(pixels)
    cells = np.flatnonzero((covered < lens.width * lens.height).any(0))
    return cells, covered[:, cells]


def raised_pixels(lens: Lens, pose: CameraPose, spec: GridSpec, cells: np.ndarray) -> np.ndarray:
    """The pixel that shows the point `clearance` above the middle of each of cells (n,) int64.

    Returns:
        (n,) int64 indices as above.
    """
    return _flat(lens, np.rint(_seen_at(lens, pose, spec.centres[cells], spec.clearance)))


def walked_pixels(lens: Lens, pose: CameraPose, spec: GridSpec) -> tuple[np.ndarray, np.ndarray]:
    """The pixels that straight walks pass which start below the camera.

    A step is as long as a cell, and walks are half a cell apart where they end.

    Returns:
        The cells of each step and the indices of its pixel as above, both (steps, walks) int64.

    Raises:
        SettingsError: the walks are too long to be looked up.
    """
    start = pose.matrix[:2, 3]
    steps = int(np.hypot(*(spec.centres - start).T).max() / spec.resolution) + 1
    if steps > MAX_STEPS:
        raise SettingsError(
            f"the grid reaches {steps} cells from the camera, more than {MAX_STEPS}; "
            "give a coarser resolution or a smaller rectangle"
        )
    angles = np.linspace(0, 2 * np.pi, int(4 * np.pi * steps), endpoint=False)
    ways = np.column_stack([np.cos(angles), np.sin(angles)])
    distances = np.arange(1, steps + 1) * spec.resolution
    walked = np.stack(
        [_flat(lens, np.rint(_seen_at(lens, pose, start + ways * far))) for far in distances]
    )
    seen = (walked < lens.width * lens.height).any(0)
    places = start + ways[seen] * distances[:, None, None]
    return spec.indices(places), walked[:, seen]


def _seen_at(lens: Lens, pose: CameraPose, places: np.ndarray, height: float = 0.0) -> np.ndarray:
    """The pixels (n, 2), NaN if none, that show points above places (n, 2); metres."""
    points = np.column_stack([places, np.full(len(places), height)])
    return lens.project(pose.to_optical(points))


def _away(pixels: np.ndarray, middle: np.ndarray) -> np.ndarray:
    return np.where(pixels < middle, np.floor(pixels), np.ceil(pixels))


def _flat(lens: Lens, pixels: np.ndarray) -> np.ndarray:
    """Indices in the flat image of whole pixels (n, 2), the image's size for those outside."""
    column, row = pixels.T
    inside = (column >= 0) & (column < lens.width) & (row >= 0) & (row < lens.height)
    flat = np.where(inside, row * lens.width + column, lens.width * lens.height)
    return flat.astype(np.int64)
