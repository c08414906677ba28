"""The rays of a view, and the points where they meet the ground."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from segnet_model.scenes.drawing.panels import Floats, View

_FAR = 1e6  # meters; depth of rays that never meet the ground


def look(position: Floats, yaw: float, pitch: float, roll: float) -> Floats:
    """Return the (4, 4) pose of a camera; yaw turns left, pitch down, roll clockwise."""
    forward = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(forward, right)
    pose = np.eye(4)
    pose[:3, 0] = np.cos(roll) * right + np.sin(roll) * down
    pose[:3, 1] = np.cos(roll) * down - np.sin(roll) * right
    pose[:3, 2] = forward
    pose[:3, 3] = position
    return pose


@dataclass(frozen=True, eq=False)
class GroundHits:
    """Points where the rays of the lower image rows meet the plane z = 0."""

    first_row: int
    x: Floats  # (h, W) world meters, as y is; far away for a ray above the horizon
    y: Floats
    depth: Floats  # (h, W) meters along the optical axis
    hit: npt.NDArray[np.bool_]  # (h, W) False above the horizon
    footprint: Floats  # (h, W) meters across the street from one pixel to the next
    height: float  # meters of the camera above the ground

    @cached_property
    def mean_footprint(self) -> Floats:
        """(h, W) meters: the geometric mean of a pixel's length and width on the ground."""
        stretch = np.maximum(1.0, self.depth / self.height)
        return np.asarray(self.footprint * np.sqrt(stretch))


def cast_rays(view: View, shape: tuple[int, ...]) -> Floats:
    """Return (3, H, W) world rays of depth 1."""
    if view.rays is not None:
        x, y = view.rays
        rays = np.stack([x, y, np.ones_like(x)])
        return np.asarray(np.einsum("ij,jhw->ihw", view.camera_to_world[:3, :3], rays))
    matrix = view.matrix
    x = (np.arange(shape[1]) - matrix[0, 2]) / matrix[0, 0]
    y = (np.arange(shape[0]) - matrix[1, 2]) / matrix[1, 1]
    right, down, forward = view.camera_to_world[:3, :3].T
    across, along = x * right[:, None], y * down[:, None] + forward[:, None]
    return np.asarray(across[:, None, :] + along[:, :, None])


def ground_hits(view: View, rays: Floats) -> GroundHits:
    """Intersect (3, H, W) rays with the ground."""
    falling = rays[2] < -1e-6
    rows = falling.any(axis=1)
    first_row = int(np.argmax(rows)) if rows.any() else rays.shape[1]
    hit = falling[first_row:]
    position = view.camera_to_world[:3, 3]
    depth = -position[2] / np.where(hit, rays[2, first_row:], -position[2] / _FAR)
    x, aside = position[0] + depth * rays[0, first_row:], depth * rays[1, first_row:]
    # Far to the side, the next row down is a longer way across the street than the next column.
    footprint = depth / view.matrix[0, 0] * np.maximum(1.0, np.abs(aside) / position[2])
    if view.rays is not None:  # a lens squeezes more ground into a pixel far from the center
        footprint *= np.gradient(view.rays[0, first_row:], axis=1) * view.matrix[0, 0]
    return GroundHits(first_row, x, position[1] + aside, depth, hit, footprint, float(position[2]))


def sky_row_count(rays: Floats) -> int:
    """Return the number of rows, from the top, that contain sky."""
    rows = (rays[2] >= -1e-6).any(axis=1)
    return int(rows.size - np.argmax(rows[::-1])) if rows.any() else 0
