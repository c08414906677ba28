"""The camera's motion along the street, and the ground points of its rays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from segnet_model.scenes.draws import Purpose, stream
from segnet_model.scenes.panels import Floats, View
from segnet_model.scenes.street import Street

_FAR = 1e6  # meters; depth of rays that never meet the ground


@dataclass(frozen=True, eq=False)
class CameraMotion:
    """Smooth motion of a vehicle around the middle of its lane."""

    street: Street
    lift: float  # meters added to the mount height
    tilt: float  # radians added to the pitch
    sway: Floats  # (4, 3): for y, yaw, pitch and roll: amplitude, radians a second, phase
    lane: float  # meters left of the center line

    def pose(self, x: float, stamp: float, height: float, pitch: float) -> Floats:
        """Return camera_to_world (4, 4) at x meters along the street."""
        aside, yaw, nod, roll = self.sway[:, 0] * np.sin(self.sway[:, 1] * stamp + self.sway[:, 2])
        position = self.street.place(x, self.lane + float(aside), height + self.lift)
        yaw += np.arctan(self.street.slope(x + 6.0))  # drivers look into the bend ahead
        return look(position, float(yaw), pitch + self.tilt + float(nod), float(roll))


def draw_motion(seed: int, street: Street) -> CameraMotion:
    """Draw the motion of one drive's camera."""
    rng = stream(seed, Purpose.MOTION)
    amplitude = np.array([0.3, 0.02, 0.004, 0.006]) * rng.uniform(0.3, 1.0, 4)
    rate = np.array([0.5, 0.6, 5.0, 2.0]) * rng.uniform(0.7, 1.3, 4)
    sway = np.stack([amplitude, rate, rng.uniform(0, 2 * np.pi, 4)], axis=1)
    lane = street.keep * street.lane_width / 2
    return CameraMotion(street, rng.uniform(-0.05, 0.05), rng.uniform(-0.02, 0.02), sway, lane)


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
