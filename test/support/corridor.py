"""A corridor of rough walls and a rough floor, rendered ray by ray, without the package."""

from __future__ import annotations

import numpy as np

WIDTH, HEIGHT, FOCAL = 320, 240, 250.0
HALF, ROOF = 2.5, 4.0  # meters to each wall, and up to the ceiling
CELL = 0.06  # meters, of the texture
ROAD, BUILDING = 3, 1  # of CamVid
_TEXTURE = np.random.default_rng(5).integers(20, 235, (3, 512, 512)).astype(float)


def render(x, height, pitch, roll=0.0):
    """The image and labels of a camera at x meters along the corridor, angles in radians.

    Returns:
        (H, W, 3) uint8, and (H, W) uint8.
    """
    across, down = np.meshgrid(
        (np.arange(WIDTH) - (WIDTH - 1) / 2) / FOCAL, (np.arange(HEIGHT) - (HEIGHT - 1) / 2) / FOCAL
    )
    across, down = (
        np.cos(roll) * across - np.sin(roll) * down,
        np.sin(roll) * across + np.cos(roll) * down,
    )
    cosine, sine = np.cos(pitch), np.sin(pitch)
    ray = np.stack([cosine - sine * down, -across, -sine - cosine * down], -1)
    with np.errstate(divide="ignore"):
        to_floor = np.where(ray[..., 2] < 0, -height / ray[..., 2], (ROOF - height) / ray[..., 2])
        to_wall = HALF / np.abs(ray[..., 1])
    floor, wall = to_floor < to_wall, to_wall <= to_floor
    hit = np.minimum(to_floor, to_wall)[..., None] * ray + (x, 0.0, height)
    side = np.where(floor, hit[..., 1], hit[..., 2])
    which = np.where(floor, 0, np.where(hit[..., 1] > 0, 1, 2))
    gray = _smooth(which, hit[..., 0] / CELL, side / CELL + 100.0)
    labels = np.where(floor & (ray[..., 2] < 0), ROAD, BUILDING).astype(np.uint8)
    assert wall.any()
    return np.repeat(gray.round().astype(np.uint8)[..., None], 3, -1), labels


def _smooth(which, first, second):
    """The texture between its cells."""
    i, j = np.floor(first).astype(int), np.floor(second).astype(int)
    a, b = first - i, second - j
    at = lambda m, n: _TEXTURE[which, m % 512, n % 512]  # noqa: E731
    return (1 - a) * ((1 - b) * at(i, j) + b * at(i, j + 1)) + a * (
        (1 - b) * at(i + 1, j) + b * at(i + 1, j + 1)
    )
