"""Noise, cells, relief and strokes on a sheet whose opposite edges meet."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.draws import Color, Palette, pick

SIDE = 256  # texels
Single = npt.NDArray[np.float32]  # (SIDE, SIDE), or (SIDE, SIDE, 3) RGB, 0 to 255


def bumps(rng: Generator, rows: int, columns: int) -> Single:
    """Return smooth noise of zero mean and deviation 1 with so many bumps a side."""
    grid = np.pad(rng.standard_normal((rows, columns), np.float32), 2, mode="wrap")
    high, wide = SIDE // rows, SIDE // columns
    large = cv2.resize(grid, None, fx=wide, fy=high, interpolation=cv2.INTER_CUBIC)
    inner = large[2 * high : 2 * high + SIDE, 2 * wide : 2 * wide + SIDE]
    return np.asarray((inner - inner.mean()) / max(float(inner.std()), 1e-6), np.float32)


def fractal(rng: Generator, first: int, last: int, fall: float = 0.6, stretch: int = 1) -> Single:
    """Return bumps summed over octaves from `first` to `last` a side, of deviation 1.

    Each octave is `fall` times as strong as the one before. With a stretch of 4 the bumps are
    four times as high as wide.
    """
    total, strength, count = np.zeros((SIDE, SIDE), np.float32), 1.0, first
    while count <= last:
        total += bumps(rng, max(1, count // stretch), count) * np.float32(strength)
        count, strength = count * 2, strength * fall
    return np.asarray(total / total.std(), np.float32)


def relief(height: Single, strength: float, angle: float) -> Single:
    """Return the light, about 1, on a surface of this height, lit from the side."""
    slope = np.roll(height, 1, 1) - np.roll(height, -1, 1)
    slope *= np.float32(np.cos(angle))
    slope += (np.roll(height, 1, 0) - np.roll(height, -1, 0)) * np.float32(np.sin(angle))
    return np.clip(1 + np.float32(strength) * slope, 0.3, 1.8)


def ramp(value: Single, dark: Color, light: Color) -> Single:
    """Return colors between dark, for -1.5, and light, for 1.5."""
    share = np.clip(value / 3 + 0.5, 0, 1)[..., None]
    low, high = np.array(dark, np.float32), np.array(light, np.float32)
    return np.asarray(low + (high - low) * share, np.float32)


def pick_tone(rng: Generator, palette: Palette, varied: float = 0.14) -> Color:
    """Return a color of the palette, darker or brighter, with a little of another hue."""
    gain = np.exp(rng.normal(0, varied) + rng.normal(0, 0.025, 3))
    red, green, blue = np.clip(gain * pick(rng, palette), 4, 250)
    return float(red), float(green), float(blue)


def spread(rng: Generator, count: int, color: Color, tone: float, hue: float) -> Single:
    """Return `count` colors (count, 3) around one: brightness varies by `tone`, hue by `hue`."""
    gain = np.exp(rng.normal(0, tone, (count, 1)) + rng.normal(0, hue, (count, 3)))
    return np.clip(gain * color, 0, 255).astype(np.float32)


def cells(rng: Generator, count: int, jitter: float = 1.0) -> tuple[Single, npt.NDArray[np.int32]]:
    """Return the distance in texels to the border of each point's cell, and the cell's number.

    The cells are those of `count` random points (Voronoi); with less jitter they form rows.
    """
    side = max(2, round(np.sqrt(count)))
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2) + 0.5
    points = (grid + rng.uniform(-0.5, 0.5, grid.shape) * jitter) * (SIDE / side)
    half = SIDE // 2
    seeds = np.full((2 * SIDE, 2 * SIDE), 255, np.uint8)
    number = np.zeros(seeds.shape, np.int32)
    for shift in np.ndindex(3, 3):
        at = (points + (np.array(shift) - 1) * SIDE + half).astype(np.intp)
        inside = ((at >= 0) & (at < 2 * SIDE)).all(axis=1)
        column, row = at[inside].T
        seeds[row, column], number[row, column] = 0, np.nonzero(inside)[0]
    _, nearest = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    names = np.zeros(int(nearest.max()) + 1, np.int32)
    names[nearest[seeds == 0]] = number[seeds == 0]
    owner = names[nearest]
    edge = (owner != np.roll(owner, 1, 0)) | (owner != np.roll(owner, 1, 1))
    edge[0] = edge[:, 0] = False
    away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5)
    window = slice(half, half + SIDE)
    return np.asarray(away[window, window], np.float32), owner[window, window]


def draw_shapes(sheet: Single, outlines: npt.NDArray[np.float64], colors: Single) -> None:
    """Fill n polygons (n, corners, 2), in texels, one over the other, round the edges."""
    for outline, color in zip(outlines, colors, strict=True):
        for corners in _copies(outline):
            cv2.fillPoly(sheet, [corners], color.tolist(), cv2.LINE_AA, 4)


def draw_strokes(
    sheet: Single, lines: npt.NDArray[np.float64], colors: Single, widths: Sequence[int]
) -> None:
    """Draw n lines (n, points, 2), in texels, one over the other, round the edges."""
    for line, color, width in zip(lines, colors, widths, strict=True):
        for points in _copies(line):
            cv2.polylines(sheet, [points], False, color.tolist(), width, cv2.LINE_AA, 4)


def _copies(points: npt.NDArray[np.float64]) -> list[npt.NDArray[np.int32]]:
    """Return the points, in 1/16 texels, at each place where they touch the sheet."""
    low, high = points.min(axis=0) - 3, points.max(axis=0) + 3
    across = [k * SIDE for k in (-1, 0, 1) if high[0] + k * SIDE > 0 and low[0] + k * SIDE < SIDE]
    down = [k * SIDE for k in (-1, 0, 1) if high[1] + k * SIDE > 0 and low[1] + k * SIDE < SIDE]
    return [
        np.rint((points + np.array([x, y])) * 16).astype(np.int32) for x in across for y in down
    ]


def scattered(
    rng: Generator, count: int, shape: npt.NDArray[np.float64], low: float, high: float
) -> npt.NDArray[np.float64]:
    """Return a shape (points, 2) at `count` places: turned, and low to high times as large."""
    turn = rng.uniform(0, 2 * np.pi, count)
    size = rng.uniform(low, high, count)
    cos, sin = np.cos(turn) * size, np.sin(turn) * size
    spin = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], 1)
    places = rng.uniform(0, SIDE, (count, 1, 2))
    return np.asarray(np.einsum("nij,pj->npi", spin, shape) + places)
