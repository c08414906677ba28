"""Noise, cells, relief and strokes on a sheet whose opposite edges meet."""

from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.draws import Color, Palette, pick

SIDE = 256  # texels
Owners = npt.NDArray[np.intp]  # (SIDE, SIDE) number of the stone or cell
_WARM = np.array([1.0, 0.1, -1.1])  # natural hues differ most between warm and cool
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
    return np.asarray(np.clip(1 + np.float32(strength) * slope, 0.3, 1.8), np.float32)


def ramp(value: Single, dark: Color, light: Color) -> Single:
    """Return colors between dark, for -1.5, and light, for 1.5."""
    share = np.clip(value / 3 + 0.5, 0, 1)[..., None]
    low, high = np.array(dark, np.float32), np.array(light, np.float32)
    return np.asarray(low + (high - low) * share, np.float32)


def pick_tone(rng: Generator, palette: Palette, varied: float = 0.14) -> Color:
    """Return a color of the palette, darker or brighter, with a little of another hue."""
    gain = np.exp(rng.normal(0, varied) + rng.normal(0, 0.035) * _WARM + rng.normal(0, 0.008, 3))
    red, green, blue = np.clip(gain * pick(rng, palette), 4, 250)
    return float(red), float(green), float(blue)


def spread(rng: Generator, count: int, color: Color, tone: float, hue: float) -> Single:
    """Return `count` colors (count, 3) around one: brightness varies by `tone`, hue by `hue`."""
    warm = rng.normal(0, hue, (count, 1)) * _WARM
    gain = np.exp(rng.normal(0, tone, (count, 1)) + warm + rng.normal(0, hue / 3, (count, 3)))
    return np.asarray(np.clip(gain * color, 0, 255), np.float32)


def cells(rng: Generator, count: int, jitter: float = 1.0) -> tuple[Single, Owners]:
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
    return np.asarray(away[window, window], np.float32), owner[window, window].astype(np.intp)


def draw_shapes(sheet: Single, outlines: npt.NDArray[np.floating], colors: Single) -> None:
    """Fill n polygons (n, corners, 2), in texels, one over the other, round the edges."""
    for corners, color in _copies(outlines, colors):
        cv2.fillPoly(sheet, [corners], color, cv2.LINE_AA, 4)


def draw_strokes(
    sheet: Single, lines: npt.NDArray[np.floating], colors: Single, width: int = 1
) -> None:
    """Draw n lines (n, points, 2), in texels, one over the other, round the edges."""
    for points, color in _copies(lines, colors):
        cv2.polylines(sheet, [points], False, color, width, cv2.LINE_AA, 4)


def _copies(
    points: npt.NDArray[np.floating], colors: Single
) -> Iterator[tuple[npt.NDArray[np.int32], list[float]]]:
    """Yield each shape, in 1/16 texels, with its color, at each place where it is on the sheet."""
    low, high = points.min(axis=1) - 3, points.max(axis=1) + 3
    whole = ((low > 0) & (high < SIDE)).all(axis=1).tolist()
    fixed = np.rint(points * 16).astype(np.int32)
    for k, color in enumerate(colors.tolist()):
        if whole[k]:
            yield fixed[k], color
            continue
        for shift in product((-SIDE, 0, SIDE), repeat=2):
            if ((high[k] + shift > 0) & (low[k] + shift < SIDE)).all():
                yield fixed[k] + np.array(shift, np.int32) * 16, color


def over(*layers: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return the layers (n, ...) of n things as (layers * n, ...), thing by thing."""
    return np.stack(layers, 1).reshape(-1, *layers[0].shape[1:])


def warped(rng: Generator, sheet: Single, texels: float, bumps_a_side: int = 8) -> Single:
    """Return a periodic sheet whose points are shifted by some texels, smoothly and at random."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    x += fractal(rng, bumps_a_side, 64) * np.float32(texels) + 32
    y += fractal(rng, bumps_a_side, 64) * np.float32(texels) + 32
    rim = [(32, 32), (32, 32)] + [(0, 0)] * (sheet.ndim - 2)
    wide = np.pad(sheet, rim, mode="wrap")
    return np.asarray(cv2.remap(wide, x, y, cv2.INTER_LINEAR), np.float32)


def draw_stones(
    rng: Generator, sheet: Single, count: int, sizes: tuple[float, float], colors: Single
) -> None:
    """Lay rounded stones, small ones first, each with its shadow and its lit side.

    Args:
        rng: decides about shapes and places.
        sheet: (SIDE, SIDE, 3), drawn into.
        count: stones.
        sizes: texels, least and most radius.
        colors: (count, 3).
    """
    turn = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], -1)
    radius = np.sort(np.exp(rng.uniform(np.log(sizes[0]), np.log(sizes[1]), count)))
    rough = rng.uniform(0.72, 1.1, (count, 9, 1))
    squash = rng.uniform(0.6, 1.0, (count, 1))
    spin = rng.uniform(0, 2 * np.pi, count)
    across = np.stack([np.cos(spin), np.sin(spin)], -1)
    shape = ring * rough
    along = (shape * across[:, None]).sum(-1, keepdims=True) * across[:, None]
    shape = (along + (shape - along) * squash[:, None]) * radius[:, None, None]
    places = rng.uniform(0, SIDE, (count, 1, 2))
    shift = radius[:, None, None] * np.array([0.22, 0.26])
    layers = over(
        shape * 1.05 + places + shift, shape + places, shape * 0.72 + places - shift * 0.6
    )
    dark, middle = colors * np.float32(0.22), colors * np.float32(0.72)
    draw_shapes(sheet, layers, over(dark, middle, colors))


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
