"""Grass, moss, leaves, needles, wood chips, bark and thatch."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.draws import Color, Palette, chance, dim, pick
from segnet_model.scenes.materials.drawn.earth import soil
from segnet_model.scenes.materials.drawn.tools import (
    SIDE,
    Single,
    draw_shapes,
    draw_strokes,
    fractal,
    over,
    pick_tone,
    ramp,
    relief,
    scattered,
    spread,
)

_GREENS: Palette = ((84, 116, 42), (104, 132, 54), (70, 100, 44), (120, 130, 66), (134, 126, 74))
_LEAVES: Palette = ((168, 104, 40), (188, 140, 50), (136, 76, 36), (150, 116, 70), (110, 84, 54))
_LEAF = np.array([(-1, 0), (-0.6, 0.35), (0, 0.48), (0.5, 0.3), (1, 0), (0.5, -0.3), (0, -0.48),
                  (-0.6, -0.35)])  # fmt: skip


def grass(rng: Generator) -> Single:
    """Return blades of grass from above: old and dark ones below, fresh ones on top."""
    green = pick_tone(rng, _GREENS)
    sheet = soil(rng) * np.float32(0.45)
    if chance(rng, 0.75):  # so thick that no ground is seen
        sheet = moss(rng, green) * np.float32(0.5)
    count, length = int(rng.integers(1800, 3600)), rng.uniform(6, 24)
    lean = rng.uniform(0, 2 * np.pi)
    turn = rng.normal(lean, rng.uniform(0.6, 2.5), count)
    reach = length * rng.uniform(0.5, 1.3, count)
    foot = rng.uniform(0, SIDE, (count, 2))
    bend = rng.normal(0, 0.35, count)
    step = np.stack([np.cos(turn), np.sin(turn)], -1) * reach[:, None] / 2
    tip = np.stack([np.cos(turn + bend), np.sin(turn + bend)], -1) * reach[:, None] / 2
    lines = np.stack([foot, foot + step, foot + step + tip], 1)
    colors = spread(rng, count, green, 0.16, 0.06)
    colors *= np.linspace(0.45, 1.25, count, dtype=np.float32)[:, None]
    dry = rng.random(count) < rng.choice([0.02, 0.1, 0.3])
    colors[dry] = colors[dry] * 0.5 + np.array([120, 108, 60], np.float32) * 0.5
    patches = fractal(rng, 2, 16)
    row, column = (foot % SIDE).astype(np.intp)[:, ::-1].T
    colors *= np.exp(0.1 * patches[row, column])[:, None]
    draw_strokes(sheet, lines, np.clip(colors, 0, 255), int(rng.choice([1, 1, 2])))
    return sheet


def moss(rng: Generator, tone: Color | None = None) -> Single:
    """Return cushions of moss, or of a tone."""
    green = tone or pick_tone(rng, _GREENS)
    depth = fractal(rng, 8, 128, rng.uniform(0.8, 1.0))
    color = ramp(depth, dim(green, 0.45), dim(green, 1.5))
    color *= relief(fractal(rng, 16, 128, 0.9), 0.2, rng.uniform(0, 6.3))[..., None]
    color *= np.exp(rng.normal(0, 0.1, (SIDE, SIDE, 1))).astype(np.float32)
    return color


def leaves(rng: Generator) -> Single:
    """Return fallen leaves on the ground, autumn's or dry ones."""
    sheet, count = soil(rng) * np.float32(0.6), int(rng.integers(120, 700))
    outlines = scattered(rng, count, _LEAF, 6, 15)
    mixed = [spread(rng, count, pick(rng, _LEAVES), 0.2, 0.08) for _ in range(3)]
    colors = np.stack(mixed)[rng.integers(0, 3, count), np.arange(count)]
    colors *= np.linspace(0.55, 1.1, count, dtype=np.float32)[:, None]
    draw_shapes(sheet, over(outlines + 1.5, outlines), over(colors * np.float32(0.35), colors))
    return np.asarray(
        sheet * np.exp(fractal(rng, 64, 128) * np.float32(0.06))[..., None], np.float32
    )


def needles(rng: Generator) -> Single:
    """Return needles of pines on soil."""
    count = int(rng.integers(900, 2200))
    bent = np.array([(-1.0, 0.0), (0.0, rng.uniform(0, 0.2)), (1.0, 0.0)])
    sheet = soil(rng) * np.float32(0.6)
    colors = spread(rng, count, pick_tone(rng, ((150, 104, 66),)), 0.25, 0.06)
    colors *= np.linspace(0.5, 1.1, count, dtype=np.float32)[:, None]
    draw_strokes(sheet, scattered(rng, count, bent, 6, 15), np.clip(colors, 0, 255))
    return sheet


def wood_chips(rng: Generator) -> Single:
    """Return chips of wood or bark mulch."""
    count = int(rng.integers(500, 1100))
    chip = np.array([(-1, -0.3), (0.8, -0.4), (1, 0.2), (-0.7, 0.35)])
    tone = pick_tone(rng, ((176, 134, 92), (104, 70, 48)))
    sheet = np.full((SIDE, SIDE, 3), np.float32(1)) * np.array(tone, np.float32) * np.float32(0.3)
    outlines = scattered(rng, count, chip, 5, 14)
    colors = spread(rng, count, tone, 0.22, 0.05)
    colors *= np.linspace(0.45, 1.1, count, dtype=np.float32)[:, None]
    draw_shapes(sheet, over(outlines + 1, outlines), over(colors * np.float32(0.4), colors))
    return np.asarray(
        sheet * np.exp(fractal(rng, 64, 128) * np.float32(0.08))[..., None], np.float32
    )


def bark(rng: Generator) -> Single:
    """Return bark with upright furrows."""
    wide = int(rng.choice([8, 16]))
    ridges = np.asarray(1 - np.abs(fractal(rng, wide, 128, 0.55, stretch=4)), np.float32)
    tone = pick_tone(rng, ((104, 86, 70), (122, 112, 100), (80, 66, 54)))
    color = ramp(ridges * np.float32(1.2), dim(tone, 0.35), dim(tone, 1.3))
    return color * relief(ridges + 0.3 * fractal(rng, 32, 128), 0.35, 0.4)[..., None]


def thatch(rng: Generator) -> Single:
    """Return straw, laid downwards."""
    tone = pick_tone(rng, ((124, 108, 82), (96, 88, 74), (150, 132, 96)))
    straw = fractal(rng, 64, 128, 0.9, stretch=16)
    return ramp(straw + 0.5 * fractal(rng, 2, 16), dim(tone, 0.45), dim(tone, 1.35))
