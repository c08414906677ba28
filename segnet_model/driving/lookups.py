"""Lookup tables between cells of the ground grid and pixels.

A square is the part of the image between the middles of four pixels; its index is that of the upper
left one in the flat image. What is seen at a point of a square may be what any of the four shows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose

# The least that must not be narrower than a pixel on ground that may be called free, in meters
# across the line of sight and along it. Along, a pixel at 15 m covers half a meter of ground for
# most cameras, and what stands there is seen by its height.
LEAST_ACROSS, LEAST_ALONG = 0.3, 1.0
_THICK = 2.0  # pixels; a cell that is wider and longer holds middles of pixels all over
_APART = 0.25  # meters between the points of a thick cell that have to be in view
_BAND = 256  # rows of the image whose rays are in memory at once
_EDGE = 1e-6  # pixels; the middle of the last pixel is in view


def pixel_cells(lens: Lens, pose: CameraPose, spec: GridSpec) -> tuple[np.ndarray, np.ndarray]:
    """The cell that the ray of each pixel hits.

    Returns:
        (height, width) int32, the number of cells for a ray that hits none; and bool, whether the
        pixel has a ray: the distortion model reaches it.
    """
    cells = np.full((lens.height, lens.width), spec.rows * spec.columns, np.int32)
    known = np.zeros(cells.shape, bool)
    for first in range(0, lens.height, _BAND):
        band = slice(first, min(first + _BAND, lens.height))
        rays = lens.rays(band) @ pose.matrix[:3, :3].T
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            far = np.where(rays[..., 2] < 0, -pose.height / rays[..., 2], np.nan)
            places = pose.matrix[:2, 3] + rays[..., :2] * far[..., None]
        cells[band], known[band] = spec.indices(places), ~np.isnan(rays[..., 2])
    return cells, known


def sharp_cells(lens: Lens, pose: CameraPose, spec: GridSpec) -> np.ndarray:
    """Whether an obstacle of LEAST size covers a pixel on each cell: (cells,) bool.

    Smaller ones fall between the pixels of the distance, and nothing in the image shows them.
    """
    centers = spec.centers
    along = centers - pose.matrix[:2, 3]
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    across = along[:, ::-1] * (1, -1)
    middle, sharp = _project(lens, pose, centers), np.ones(len(centers), bool)
    for way in (across * LEAST_ACROSS, along * LEAST_ALONG):  # half of it, away from the camera
        half = _project(lens, pose, centers + way / 2) - middle
        sharp &= np.hypot(*half.T) >= 0.5  # NaN is not
    return sharp


def covered_squares(
    lens: Lens, pose: CameraPose, spec: GridSpec, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The squares at points of cells (n,) int64.

    The points of a cell that is under two pixels in one direction are at most a pixel apart. A
    thicker one is found by the pixels in it, and needs points only to know that it is in view.

    Returns:
        Two (m,) int64: the cell of each point, and its square; the image's size for a point out of
        view.
    """
    found, squares = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for some, places in _points(lens, pose, spec, cells):
        found.append(np.repeat(some, len(places) // len(some)))
        squares.append(_square(lens, _project(lens, pose, places)))
    return np.concatenate(found), np.concatenate(squares)


def _points(
    lens: Lens, pose: CameraPose, spec: GridSpec, cells: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cells (n,) with as many points each, and these points, cell by cell: (n * points, 2)."""
    counts = _counts(lens, pose, spec, cells)
    for number in np.unique(counts, axis=0):
        some = cells[(counts == number).all(1)]
        x, y = ((np.arange(each) / (each - 1) - 0.5) * spec.resolution for each in number)
        offsets = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
        yield some, (spec.centers[some][:, None] + offsets).reshape(-1, 2)


def _counts(lens: Lens, pose: CameraPose, spec: GridSpec, cells: np.ndarray) -> np.ndarray:
    """How many points each cell needs along x and y, (n, 2) int64, of few different numbers."""
    centers, half = spec.centers[cells], np.eye(2) * spec.resolution / 2
    sides = np.stack(
        [_project(lens, pose, centers + at) - _project(lens, pose, centers - at) for at in half]
    )
    lengths = np.hypot(*np.moveaxis(sides, -1, 0)).T
    area = np.abs(sides[0, :, 0] * sides[1, :, 1] - sides[0, :, 1] * sides[1, :, 0])
    thin = area < _THICK * lengths.max(1)  # NaN is not
    counts = np.full((len(cells), 2), max(4, int(np.ceil(spec.resolution / _APART)) + 1))
    powers = np.ceil(2 * np.log2(np.maximum(lengths[thin], 1)))  # steps of a factor of 1.4
    counts[thin] = np.ceil(2 ** (powers / 2)).astype(np.int64) + 1
    return counts


def pixel_of(lens: Lens, pose: CameraPose, places: np.ndarray, height: float) -> np.ndarray:
    """The pixels of points at a height above places (n, 2), meters.

    Returns:
        (n,) int64 indices in the flat image; the image's size for a point out of view.
    """
    return _flat(lens, np.rint(_project(lens, pose, places, height)))


def _project(lens: Lens, pose: CameraPose, places: np.ndarray, height: float = 0.0) -> np.ndarray:
    """The pixels (n, 2), NaN out of view, of points at a height above places (n, 2); meters."""
    points = np.column_stack([places, np.full(len(places), height)])
    return lens.project(pose.to_optical(points))


def _square(lens: Lens, pixels: np.ndarray) -> np.ndarray:
    """Indices of the squares that hold pixels (n, 2); the image's size for those outside."""
    last = np.array([lens.width, lens.height]) - 1.0
    inside = ((pixels >= -_EDGE) & (pixels <= last + _EDGE)).all(1, keepdims=True)
    low = np.clip(np.floor(pixels), 0, np.maximum(last - 1, 0))
    return _flat(lens, np.where(inside, low, np.nan))


def _flat(lens: Lens, pixels: np.ndarray) -> np.ndarray:
    """Indices of whole pixels (n, 2) in the flat image; the image's size for those outside."""
    column, row = pixels.T
    inside = (column >= 0) & (column < lens.width) & (row >= 0) & (row < lens.height)
    flat = np.where(inside, row * lens.width + column, lens.width * lens.height)
    return flat.astype(np.int64)
