"""Foliage made of noise: crowns, bushes and thickets with ragged edges and holes."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.drawing.panels import Mask
from segnet_model.scenes.drawing.sketch import CLEAR, Point, Sketch
from segnet_model.scenes.draws import Color
from segnet_model.scenes.materials.tiles import Single
from segnet_model.scenes.weather.sky import Weather


def fractal(rng: Generator, shape: tuple[int, ...], cells: Sequence[float]) -> Single:
    """Return smooth noise of about -1 to 1; each octave has bumps of `cells` texels."""
    total, weight = np.zeros(shape[:2], np.float32), 1.0
    for cell in cells:
        grid = (max(2, round(shape[0] / cell)) + 2, max(2, round(shape[1] / cell)) + 2)
        bumps = rng.random(grid, dtype=np.float32) * 2 - 1
        large = cv2.resize(bumps, shape[1::-1], interpolation=cv2.INTER_CUBIC)
        total += np.float32(weight) * large
        weight *= 0.7
    return np.asarray(total, np.float32)


def foliage(
    rng: Generator,
    sheet: Sketch,
    middle: Point,
    radii: Point,
    leaf: Color,
    weather: Weather,
    dense: float = 1.0,
) -> None:
    """Draw a crown of leaves in an ellipse; dense: 1 for full foliage, 0.4 for a thin one."""
    part, u, v = _box(sheet, middle, radii)
    size = radii[0] * sheet.scale
    lump = fractal(rng, u.shape, (size * 0.5, size * 0.25, size * 0.12))
    fine = fractal(rng, u.shape, (max(4.0, size * 0.05), max(2.5, size * 0.025)))
    full = 1 - np.sqrt(u * u + v * v) + np.float32(0.28) * lump
    shown = (full + np.float32(0.2) * fine > 0.1) & (
        (fine + np.float32(0.5) * lump > -1.6 * dense) | (full > 2)
    )
    sunward = np.float32(np.clip(-weather.sun[1], -0.7, 0.7))
    slope = cv2.Sobel(lump, cv2.CV_32F, 0, 1) + sunward * cv2.Sobel(lump, cv2.CV_32F, 1, 0)
    slope *= np.float32(size * 0.02)
    light = 0.8 + 0.22 * v + np.clip(slope, -0.35, 0.35) + np.float32(0.26) * fine
    _put(sheet, part, shown, leaf, light, rng.normal(0, 0.06, 3).astype(np.float32), lump)


def _box(sheet: Sketch, middle: Point, radii: Point) -> tuple[tuple[slice, slice], Single, Single]:
    """Return the texels around an ellipse, and their places in it, -1 to 1, v upwards."""
    rows, columns = sheet.labels.shape
    left = max(0, int((middle[0] - 1.2 * radii[0]) * sheet.scale))
    right = min(columns, int((middle[0] + 1.2 * radii[0]) * sheet.scale) + 1)
    top = max(0, int((sheet.height - middle[1] - 1.2 * radii[1]) * sheet.scale))
    bottom = min(rows, int((sheet.height - middle[1] + 1.2 * radii[1]) * sheet.scale) + 1)
    x = (np.arange(left, right, dtype=np.float32) / np.float32(sheet.scale) - middle[0]) / radii[0]
    height = sheet.height - np.arange(top, bottom, dtype=np.float32) / np.float32(sheet.scale)
    u, v = np.meshgrid(x, (height - middle[1]) / radii[1])
    return (slice(top, bottom), slice(left, right)), u.astype(np.float32), v.astype(np.float32)


def _put(
    sheet: Sketch,
    part: tuple[slice, slice],
    shown: Mask,
    leaf: Color,
    light: npt.NDArray[np.floating],
    hue: Single,
    lump: Single,
) -> None:
    """Draw texels of one color under varying light; `hue` shifts it from lump to lump."""
    tone = np.clip(light.astype(np.float32), 0.25, 1.5)[..., None] * np.array(leaf, np.float32)
    tone = tone * (1 + hue * lump[..., None])
    np.copyto(sheet.rgb[part], np.clip(tone, 0, 255).astype(np.uint8), where=shown[..., None])
    sheet.labels[part][shown] = sheet.label


def veil(
    rng: Generator, sheet: Sketch, middle: Point, radii: Point, twig: Color, dense: float
) -> None:
    """Draw the twigs of a bare crown: a fine net with holes; dense: 0 to 1."""
    part, u, v = _box(sheet, middle, radii)
    size = radii[0] * sheet.scale
    lump = fractal(rng, u.shape, (size * 0.5, size * 0.25))
    net = np.abs(fractal(rng, u.shape, (9.0, 5.0, 3.0)))
    full = 1 - np.sqrt(u * u + v * v) + np.float32(0.3) * lump
    shown = (full > 0.08) & (net < 0.15 + 0.5 * dense * np.clip(full * 2, 0.3, 1))
    light = np.float32(0.95) + np.float32(0.25) * lump - np.float32(0.3) * net
    _put(sheet, part, shown, twig, light, np.zeros(3, np.float32), lump)


def close(sheet: Sketch, size: int, color: Color) -> None:
    """Fill the gaps of less than `size` texels with a color."""
    drawn = (sheet.labels != CLEAR).astype(np.uint8)
    closed = cv2.morphologyEx(drawn, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    gaps = (closed > 0) & (drawn == 0)
    sheet.rgb[gaps] = np.clip(np.array(color), 0, 255).astype(np.uint8)
    sheet.labels[gaps] = sheet.label
