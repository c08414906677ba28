"""Rain: wet ground that mirrors the sky, and falling drops."""

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.classes import GRASS, PATH, PAVEMENT, ROAD, ROUGH
from segnet_model.scenes.drawing.panels import Canvas, View
from segnet_model.scenes.drawing.rays import cast_rays
from segnet_model.scenes.draws import look_up

Image = npt.NDArray[np.float32]
_SMOOTH = np.zeros(256, np.float32)  # how well each class mirrors; 0 for what is not ground
_SMOOTH[[ROAD, PAVEMENT, PATH]] = 1.0
_SMOOTH[[GRASS, ROUGH]] = 0.12


def wet(picture: Image, canvas: Canvas, view: View, amount: float, tile: Image) -> None:
    """Darken wet ground, and add what it mirrors; amount: 0 for dry, 1 for puddles.

    Args:
        picture: (H, W, 3) linear light, changed in place.
        canvas: of the frame.
        view: of the frame.
        amount: of water.
        tile: (512, 512) noise that places the puddles.
    """
    smooth = _SMOOTH[canvas.labels]
    rows = np.flatnonzero((smooth > 0).any(axis=1))
    if not rows.size:
        return
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    rays = cast_rays(view, canvas.labels.shape)[:, part].astype(np.float32)
    fall = np.minimum(rays[2], np.float32(-1e-4))
    steep = -fall / np.sqrt((rays * rays).sum(axis=0))
    fresnel = np.float32(0.03) + np.float32(0.97) * (1 - steep) ** 5  # Schlick's approximation
    puddle = _puddles(view, rays, fall, amount, tile)
    share = fresnel * (np.float32(0.35 * amount) + puddle * np.float32(0.5))
    share = (share * smooth[part])[..., None]
    mirror = _mirrored(picture, view, rays, fall, part)
    dark = np.where(smooth[part] > 0, 1 - np.float32(0.5 * amount), 1)[..., None]
    picture[part] = picture[part] * dark * (1 - share) + mirror * share


def _puddles(view: View, rays: Image, fall: Image, amount: float, tile: Image) -> Image:
    """Return how much of each pixel is a film of water, 0 to 1."""
    x, y, height = (np.float32(value) for value in view.camera_to_world[:3, 3])
    away = np.minimum(height / -fall, np.float32(1e4))
    noise = look_up(tile, x + rays[0] * away, y + rays[1] * away, 12.0)
    return np.asarray(np.clip((noise + np.float32(0.5 * amount - 0.5)) * 5, 0, 1), np.float32)


def _mirrored(picture: Image, view: View, rays: Image, fall: Image, part: slice) -> Image:
    """Return what a rough mirror on the ground shows, blurred upwards as on wet asphalt.

    The mirrored ray is looked up as if everything were far away.
    """
    up = view.camera_to_world[2, :3].astype(np.float32)
    forward = np.einsum("i,ihw->hw", view.camera_to_world[:3, 2].astype(np.float32), rays)
    right = np.einsum("i,ihw->hw", view.camera_to_world[:3, 0].astype(np.float32), rays)
    down = np.einsum("i,ihw->hw", view.camera_to_world[:3, 1].astype(np.float32), rays)
    x, y, z = (
        axis - 2 * fall * lift for axis, lift in zip((right, down, forward), up, strict=True)
    )
    z = np.maximum(z, np.float32(0.05))
    column = x / z * np.float32(view.matrix[0, 0]) + np.float32(view.matrix[0, 2])
    row = y / z * np.float32(view.matrix[1, 1]) + np.float32(view.matrix[1, 2])
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.5, sigmaY=picture.shape[0] / 30)
    return np.asarray(
        cv2.remap(smooth, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def draw_streaks(rng: Generator, shape: tuple[int, int]) -> Image:
    """Draw falling drops, (H, W) of 0 to about 1: short lines of one slant."""
    drops = (rng.random(shape, np.float32) > 0.9985).astype(np.float32)
    drops *= rng.random(shape, np.float32)
    length = int(shape[0] / 24) | 1
    kernel = np.zeros((length, length), np.float32)
    lean = int(rng.integers(-length // 4, length // 4 + 1))
    cv2.line(kernel, (length // 2 - lean, 0), (length // 2 + lean, length - 1), 1.0)
    streaks = cv2.filter2D(drops, -1, kernel)
    return np.asarray(cv2.GaussianBlur(streaks, (0, 0), 0.8), np.float32)
