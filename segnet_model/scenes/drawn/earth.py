"""Soil, gravel, rock, rubble and snow."""

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.drawn.tools import (
    SIDE,
    Single,
    cells,
    fractal,
    pick_tone,
    ramp,
    relief,
    spread,
)
from segnet_model.scenes.draws import Color, Palette, chance, dim, pick

_SOILS: Palette = ((118, 92, 68), (96, 78, 60), (150, 124, 92), (138, 116, 96), (84, 72, 62))
_STONES: Palette = ((134, 130, 124), (158, 146, 130), (112, 112, 114), (176, 164, 148))


def soil(rng: Generator) -> Single:
    """Return bare earth with crumbs and small stones."""
    tone = pick_tone(rng, _SOILS)
    crumbs = fractal(rng, 8, 128, 0.85)
    color = ramp(fractal(rng, 2, 32, 0.7), dim(tone, 0.75), dim(tone, 1.25))
    color *= relief(crumbs, rng.uniform(0.08, 0.25), rng.uniform(0, 6.3))[..., None]
    if chance(rng, 0.6):
        _strew(rng, color, rng.uniform(0.03, 0.3))
    return np.clip(color, 0, 255)


def _strew(rng: Generator, color: Single, share: float) -> None:
    """Lay small stones on a share of the ground."""
    count = int(rng.integers(300, 1200))
    away, owner = cells(rng, count)
    shown = rng.random(owner.max() + 1) < share
    reach = (
        rng.uniform(0.35, 0.9, owner.max() + 1).astype(np.float32)[owner] * SIDE / np.sqrt(count)
    )
    stone = np.clip(away - reach * 0.2, 0, 1) * shown[owner]
    tones = spread(rng, owner.max() + 1, pick(rng, _STONES), 0.2, 0.03)[owner]
    tones *= relief(np.minimum(away, 4), 0.2, 0.8)[..., None]
    color += (tones - color) * stone[..., None]


def gravel(rng: Generator) -> Single:
    """Return pebbles or crushed stone, side by side."""
    sheet = _pebbles(rng, int(rng.integers(500, 2600)))
    if chance(rng, 0.4):  # sand and dust between
        dust = np.clip(fractal(rng, 4, 64) - rng.uniform(-0.5, 1.5), 0, 1)[..., None]
        sheet += (soil(rng) - sheet) * dust * np.float32(0.8)
    return sheet


def _pebbles(rng: Generator, count: int) -> Single:
    away, owner = cells(rng, count)
    number = int(owner.max()) + 1
    tone = pick_tone(rng, _STONES)
    radius = SIDE / np.sqrt(count)
    dome = np.sqrt(np.clip(away / (radius * 0.45), 0, 1))
    sheet = spread(rng, number, tone, rng.uniform(0.1, 0.35), rng.uniform(0.01, 0.06))[owner]
    sheet *= (0.25 + 0.75 * np.clip(dome * 1.3, 0, 1))[..., None]
    light = relief(
        cv2.blur(dome, (3, 3), borderType=cv2.BORDER_REFLECT_101), 0.9, rng.uniform(0, 6.3)
    )
    sheet *= light[..., None]
    return np.asarray(
        sheet * np.exp(fractal(rng, 32, 128, 0.9) * np.float32(0.08))[..., None], np.float32
    )


def rubble(rng: Generator) -> Single:
    """Return broken rock: large pieces of many tones, with cracks between."""
    away, owner = cells(rng, int(rng.integers(20, 160)))
    number = int(owner.max()) + 1
    sheet = spread(rng, number, pick_tone(rng, _STONES), 0.25, 0.03)[owner]
    height = fractal(rng, 4, 128, 0.7)
    height += np.minimum(away, 6) * np.float32(0.8)
    sheet *= relief(height, 0.25, rng.uniform(0, 6.3))[..., None]
    sheet *= (0.3 + 0.7 * np.clip(away / 4, 0, 1))[..., None]
    return sheet


def rock(rng: Generator) -> Single:
    """Return the face of a rock: ridges, layers and stains."""
    folds = fractal(rng, 2, 128, 0.62, stretch=int(rng.choice([1, 1, 2])))
    ridges = np.asarray(1 - 2 * np.abs(folds), np.float32)
    tone = pick_tone(rng, _STONES)
    stain = fractal(rng, 2, 32)
    color = ramp(stain + 0.3 * ridges, dim(tone, 0.6), dim(tone, 1.2))
    color *= relief(ridges, rng.uniform(0.15, 0.5), rng.uniform(0, 6.3))[..., None]
    if chance(rng, 0.4):
        moss = np.clip(fractal(rng, 4, 64) - 1.0, 0, 0.7)[..., None]
        color += (np.array((92, 104, 52), np.float32) - color) * moss
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
