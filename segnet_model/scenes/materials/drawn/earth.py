"""Soil, gravel, rock, rubble and snow."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.draws import Color, Palette, chance, dim
from segnet_model.scenes.materials.drawn.tools import (
    SIDE,
    Single,
    cells,
    draw_stones,
    fractal,
    pick_tone,
    ramp,
    relief,
    spread,
    warped,
)

_SOILS: Palette = ((118, 92, 68), (96, 78, 60), (150, 124, 92), (138, 116, 96), (84, 72, 62))
_STONES: Palette = ((134, 130, 124), (158, 146, 130), (112, 112, 114), (176, 164, 148))


def soil(rng: Generator) -> Single:
    """Return bare earth with crumbs and small stones."""
    tone = pick_tone(rng, _SOILS)
    crumbs = fractal(rng, 16, 128, rng.uniform(0.7, 1.1))
    blotches = fractal(rng, 4, 64, 0.75) * np.float32(rng.uniform(0.5, 1))
    color = ramp(blotches, dim(tone, 0.75), dim(tone, 1.25))
    color *= relief(crumbs, rng.uniform(0.08, 0.3), rng.uniform(0, 6.3))[..., None]
    color *= np.exp(rng.normal(0, 0.06, (SIDE, SIDE, 1))).astype(np.float32)
    count = int(rng.choice([0, 20, 80, 250]))
    draw_stones(rng, color, count, (0.8, rng.uniform(2, 6)), _stones(rng, count))
    return np.clip(color, 0, 255)


def _stones(rng: Generator, count: int) -> Single:
    """Return the colors (count, 3) of stones of two kinds."""
    tone, hue = rng.uniform(0.08, 0.3), rng.uniform(0.01, 0.05)
    kinds = np.stack([spread(rng, count, pick_tone(rng, _STONES), tone, hue) for _ in range(2)])
    colors = kinds[(rng.random(count) < rng.uniform(0, 0.5)).astype(np.intp), np.arange(count)]
    return np.asarray(colors, np.float32)


def gravel(rng: Generator) -> Single:
    """Return pebbles or crushed stone on smaller grit."""
    sheet, count = _grit(rng, int(rng.integers(900, 3500))), int(rng.choice([0, 200, 600]))
    draw_stones(rng, sheet, count, (1.2, rng.uniform(3, 9)), _stones(rng, count))
    if chance(rng, 0.4):  # sand and dust between
        dust = np.clip(fractal(rng, 4, 64) - rng.uniform(-0.5, 1.5), 0, 1)[..., None]
        sheet += (soil(rng) - sheet) * dust * np.float32(0.8)
    sheet *= np.exp(fractal(rng, 32, 128, 0.9) * np.float32(0.07))[..., None]
    return sheet


def _grit(rng: Generator, count: int) -> Single:
    """Return small stones that cover the ground."""
    away, owner = cells(rng, count)
    dome = np.sqrt(np.clip(away / (SIDE / np.sqrt(count) * 0.45), 0, 1))
    dome = warped(rng, dome, 1.0, 32)
    sheet = _stones(rng, int(owner.max()) + 1)[owner]
    sheet *= (0.3 + 0.7 * np.clip(dome * 1.3, 0, 1))[..., None]
    sheet *= relief(dome, 0.7, rng.uniform(0, 6.3))[..., None]
    return np.asarray(sheet, np.float32)


def rubble(rng: Generator) -> Single:
    """Return broken rock: stones of many sizes, over one another or set in earth."""
    if chance(rng, 0.4):
        return _layered(rng)
    sheet = soil(rng) if chance(rng, 0.5) else _grit(rng, 1500)
    count = int(rng.integers(60, 260))
    draw_stones(rng, sheet, count, (3.0, rng.uniform(14, 34)), _stones(rng, count))
    sheet *= relief(fractal(rng, 8, 128, 0.8), 0.12, 0.8)[..., None]
    return sheet


def _layered(rng: Generator) -> Single:
    """Return slabs of rock with cracks between."""
    away, owner = cells(rng, int(rng.integers(20, 120)))
    away = warped(rng, away, 5.0)
    sheet = warped(rng, _stones(rng, int(owner.max()) + 1)[owner], 5.0)
    height = fractal(rng, 4, 128, 0.75)
    height += np.minimum(away, 5) * np.float32(0.6)
    sheet *= relief(height, 0.25, rng.uniform(0, 6.3))[..., None]
    sheet *= (0.35 + 0.65 * np.clip(away / 4, 0, 1))[..., None]
    return sheet


def rock(rng: Generator) -> Single:
    """Return the face of a rock: folds, layers, stains and moss."""
    folds = fractal(rng, 4, 128, 0.66, stretch=int(rng.choice([1, 1, 2, 4])))
    ridges = np.asarray(1 - 2 * np.abs(folds), np.float32)
    if chance(rng, 0.5):  # layers lie
        ridges = np.ascontiguousarray(np.rot90(ridges))
    tone = pick_tone(rng, _STONES)
    color = ramp(fractal(rng, 4, 64, 0.8) + 0.5 * ridges, dim(tone, 0.7), dim(tone, 1.2))
    color *= relief(ridges, rng.uniform(0.2, 0.5), rng.uniform(0, 6.3))[..., None]
    color *= np.exp(rng.normal(0, 0.05, (SIDE, SIDE, 1))).astype(np.float32)
    if chance(rng, 0.4):
        grown = np.clip(2 * (fractal(rng, 4, 128, 0.8) - 1.0), 0, 0.8)[..., None]
        fuzz = ramp(fractal(rng, 32, 128, 0.9), (48, 58, 22), (124, 132, 66))
        color += (fuzz - color) * grown
    return color


def snow(rng: Generator) -> Single:
    """Return fresh, trodden or melting snow."""
    white: Color = pick_tone(rng, ((226, 232, 242),), 0.04)
    drifts = fractal(rng, 2, 64, 0.45)
    color = ramp(drifts, dim(white, 0.9), dim(white, 1.05))
    rough = rng.uniform(0.02, 0.25)
    color *= relief(fractal(rng, 8, 128, 0.7), rough, rng.uniform(0, 6.3))[..., None]
    if chance(rng, 0.35):
        bare = np.clip((fractal(rng, 4, 64) - rng.uniform(0.6, 1.6)) * 2, 0, 1)[..., None]
        color += (soil(rng) * np.float32(0.8) - color) * bare
    return color
