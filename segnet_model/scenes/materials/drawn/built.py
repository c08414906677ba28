"""Asphalt, concrete, plaster, stones, bricks, tiles, boards, roofs and steel."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.draws import Color, Palette, chance, dim
from segnet_model.scenes.materials.drawn.tools import (
    SIDE,
    Owners,
    Single,
    cells,
    fractal,
    pick_tone,
    ramp,
    relief,
    spread,
    warped,
)

_GRAYS: Palette = ((94, 94, 97), (74, 74, 78), (122, 120, 118), (140, 138, 134))
_CLAYS: Palette = ((156, 84, 62), (138, 72, 54), (178, 116, 82), (196, 158, 112), (116, 70, 60))
_PLASTERS: Palette = ((214, 206, 188), (196, 180, 146), (222, 222, 216), (180, 168, 156),
                      (206, 170, 130), (170, 182, 186))  # fmt: skip
_WOODS: Palette = ((150, 110, 72), (118, 88, 62), (160, 150, 136), (92, 66, 48), (186, 146, 100))
_MOSSES: Palette = ((84, 96, 50), (104, 108, 66))
_PAINTS: Palette = ((60, 106, 150), (44, 98, 60), (150, 40, 36), (170, 172, 170), (196, 176, 60))


def asphalt(rng: Generator) -> Single:
    """Return asphalt: grains of stone in tar, patches, cracks."""
    tone = pick_tone(rng, _GRAYS)
    grains = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
    grains = 0.7 * grains + 0.6 * fractal(rng, 64, 128)
    color = ramp(fractal(rng, 4, 32), dim(tone, 0.93), dim(tone, 1.07))
    color *= np.exp(grains * np.float32(rng.uniform(0.05, 0.22)))[..., None]
    if chance(rng, 0.4):
        color *= (1 - _cracks(rng) * np.float32(0.6))[..., None]
    return color


def _cracks(rng: Generator) -> Single:
    """Return 1 in the middle of a crack, 0 away from it."""
    away, _ = cells(rng, int(rng.integers(4, 20)))
    away = warped(rng, away, rng.uniform(3, 9))
    wander = np.clip(1.6 - away / rng.uniform(0.7, 1.4), 0, 1)
    return np.asarray(wander * np.clip(2 * fractal(rng, 2, 8) - 0.6, 0, 1), np.float32)


def concrete(rng: Generator) -> Single:
    """Return concrete with stains and pores."""
    tone = pick_tone(rng, ((168, 164, 156), (146, 144, 140), (188, 182, 168)))
    color = ramp(fractal(rng, 2, 64, 0.7), dim(tone, 0.86), dim(tone, 1.12))
    pores = np.clip(fractal(rng, 32, 128, 0.9) - rng.uniform(1.6, 2.4), 0, 1)
    color *= (1 - pores * 0.6)[..., None]
    color *= np.exp(rng.standard_normal((SIDE, SIDE)).astype(np.float32) * 0.03)[..., None]
    if chance(rng, 0.3):
        color *= (1 - _cracks(rng) * np.float32(0.5))[..., None]
    return color


def plaster(rng: Generator) -> Single:
    """Return painted plaster, smooth or rough."""
    tone = pick_tone(rng, _PLASTERS)
    color = ramp(fractal(rng, 2, 32), dim(tone, 0.92), dim(tone, 1.05))
    return color * relief(fractal(rng, 16, 128, 0.9), rng.uniform(0.01, 0.1), 0.8)[..., None]


def _courses(
    rng: Generator, rows: int, columns: int, shift: float, joint: float, wobble: float = 0.7
) -> tuple[Single, Owners]:
    """Return how far each texel lies inside its stone, in texels, and the stone's number."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) + np.float32(0.5)
    y = np.mod(y + fractal(rng, 4, 32) * np.float32(wobble), SIDE)
    row = np.minimum((y * rows / SIDE).astype(np.intp), rows - 1)
    x = np.mod(
        x + (row % 2) * shift * SIDE / columns + fractal(rng, 4, 32) * np.float32(wobble), SIDE
    )
    column = np.minimum((x * columns / SIDE).astype(np.intp), columns - 1)
    down = np.abs(y - (row + 0.5) * SIDE / rows)
    across = np.abs(x - (column + 0.5) * SIDE / columns)
    inside = np.minimum(SIDE / rows / 2 - down, SIDE / columns / 2 - across) - joint / 2
    return np.asarray(inside, np.float32), row * columns + column


def _masonry(
    rng: Generator,
    inside: Single,
    owner: Owners,
    tone: Color,
    mortar: Color,
    varied: float,
) -> Single:
    """Return stones of varied tones with mortar between them."""
    color = spread(rng, int(owner.max()) + 1, tone, varied, varied * 0.3)[owner]
    color *= np.exp(fractal(rng, 8, 128, 0.8) * np.float32(rng.uniform(0.03, 0.12)))[..., None]
    color *= relief(np.clip(inside, -1, 1.5), 0.15, -0.9)[..., None]
    sunk = np.clip(0.5 - inside, 0, 1)[..., None]
    between = np.exp(fractal(rng, 32, 128) * np.float32(0.08))[..., None] * np.array(
        mortar, np.float32
    )
    return np.asarray(color + (between - color) * sunk, np.float32)


def bricks(rng: Generator) -> Single:
    """Return a wall of bricks in mortar."""
    rows = int(rng.choice([8, 10, 12, 16]))
    inside, owner = _courses(rng, rows, max(2, rows // 3), 0.5, SIDE / rows * 0.16)
    mortar = pick_tone(rng, ((186, 180, 168), (140, 132, 122), (96, 90, 86)))
    return _masonry(rng, inside, owner, pick_tone(rng, _CLAYS), mortar, rng.uniform(0.05, 0.2))


def paving(rng: Generator) -> Single:
    """Return slabs, setts, cobbles or a herringbone, some with moss in the joints."""
    tone = pick_tone(rng, (*_PLASTERS, *_GRAYS, (150, 96, 78)))
    joint = dim(tone, rng.uniform(0.35, 0.7)) if chance(rng, 0.7) else pick_tone(rng, _MOSSES)
    if chance(rng, 0.25):  # cobbles
        away, owner = cells(rng, int(rng.integers(60, 200)), rng.uniform(0.3, 0.8))
        return _masonry(rng, warped(rng, away, 1.5) - 1.5, owner, tone, joint, 0.12)
    if chance(rng, 0.3):
        inside, owner = _herringbone(int(rng.choice([2, 4])), rng.uniform(1.0, 2.5))
        return _masonry(rng, inside, owner, tone, joint, rng.uniform(0.03, 0.15))
    rows = int(rng.choice([2, 4, 6, 8]))
    columns = int(rng.choice([rows, max(1, rows // 2)]))
    shift = 0.5 if chance(rng, 0.6) else 0.0
    inside, owner = _courses(rng, rows, columns, shift, rng.uniform(1.5, 4))
    return _masonry(rng, inside, owner, tone, joint, rng.uniform(0.03, 0.12))


def _herringbone(repeats: int, joint: float) -> tuple[Single, Owners]:
    """Return as `_courses` does, of bricks of 2 x 1 units; 4 x 4 units repeat.

    On a diagonal, flat and upright bricks alternate: in row y the pattern is that of row 0, y
    units further to the right.
    """
    unit = SIDE / (4 * repeats)
    y, x = (np.mgrid[0:SIDE, 0:SIDE] + 0.5) / unit
    row, column = np.floor(y).astype(np.intp), np.floor(x).astype(np.intp)
    place = (column - row) % 4  # 0, 1: halves of a flat brick; 2: upper, 3: lower half upright
    left = np.where(place == 1, column - 1, column)
    top = np.where(place == 3, row - 1, row)
    flat = place < 2
    wide, high = np.where(flat, 2, 1), np.where(flat, 1, 2)
    across = np.minimum(x - left, left + wide - x)
    down = np.minimum(y - top, top + high - y)
    side = 4 * repeats
    owner = (top % side) * side + left % side
    return np.asarray(np.minimum(across, down) * unit - joint / 2, np.float32), owner


def tiles(rng: Generator) -> Single:
    """Return glazed or clay tiles."""
    rows = int(rng.choice([4, 6, 8, 12]))
    inside, owner = _courses(rng, rows, rows, 0.0, 2.0, 0.2)
    tone = pick_tone(rng, (*_PAINTS, *_PLASTERS))
    return _masonry(rng, inside, owner, tone, (206, 202, 196), rng.uniform(0.02, 0.1))


def planks(rng: Generator) -> Single:
    """Return upright boards with grain."""
    return _boards(rng, int(rng.choice([4, 6, 8, 10])))


def _boards(rng: Generator, count: int) -> Single:
    x = np.arange(SIDE, dtype=np.float32) * np.float32(count / SIDE)
    board, inside = x.astype(np.intp), np.minimum(x % 1, 1 - x % 1) * SIDE / count
    tone = pick_tone(rng, _WOODS)
    grain = fractal(rng, 32, 128, 0.8, stretch=16)
    shifts = rng.integers(0, SIDE, count)[board]
    grain = grain[(np.arange(SIDE)[:, None] + shifts) % SIDE, np.arange(SIDE)[None, :]]
    color = spread(rng, count, tone, 0.12, 0.03)[board][None] * np.ones((SIDE, 1, 1), np.float32)
    color *= np.exp(grain * np.float32(rng.uniform(0.06, 0.2)) + 0.06 * fractal(rng, 2, 16))[
        ..., None
    ]
    return np.asarray(color * (0.3 + 0.7 * np.clip(inside / 2, 0, 1))[None, :, None], np.float32)


def siding(rng: Generator) -> Single:
    """Return boards that lie and overlap, each throwing a shadow on the next."""
    count = int(rng.choice([6, 8, 12]))
    color = np.rot90(_boards(rng, count)).copy()
    if chance(rng, 0.6):  # painted
        gray = color.mean(axis=2, keepdims=True) / color.mean()
        color = gray * np.array(pick_tone(rng, (*_PLASTERS, *_PAINTS)), np.float32)
    level = np.arange(SIDE) * count / SIDE % 1
    return np.asarray(color * (1.1 - 0.25 * level - 0.3 * (level > 0.9))[:, None, None], np.float32)


def roof_tiles(rng: Generator) -> Single:
    """Return courses of roof tiles, round or flat at their lower ends."""
    rows, columns = int(rng.choice([6, 8, 10])), int(rng.choice([6, 8, 10, 12]))
    round_end = rng.uniform(0, 0.35)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) + np.float32(0.5)
    level = y * rows / SIDE
    for _ in range(2):  # the round end of a tile lies over the next course
        row = np.floor(level)
        across = np.mod(x * columns / SIDE + (row % 2) * 0.5, 1) - 0.5
        level = y * rows / SIDE - round_end * (1 - 4 * across**2) * (level % 1 < round_end)
    row = np.floor(level).astype(np.intp) % rows
    column = np.floor(x * columns / SIDE + (row % 2) * 0.5).astype(np.intp) % columns
    tone = pick_tone(rng, (*_CLAYS[:3], (92, 90, 94), (116, 108, 100)))
    color = spread(rng, rows * columns, tone, 0.1, 0.03)[row * columns + column]
    color *= (1.08 - 0.45 * np.exp(-(level % 1) * 6) - 0.5 * across**2)[..., None]
    color *= np.exp(fractal(rng, 4, 128, 0.8) * np.float32(0.08))[..., None]
    return np.asarray(color, np.float32)


def corrugated(rng: Generator) -> Single:
    """Return painted, corrugated steel."""
    waves = int(rng.choice([8, 12, 16]))
    x = np.arange(SIDE) * (2 * np.pi * waves / SIDE)
    color = np.array(pick_tone(rng, _PAINTS), np.float32) * np.ones((SIDE, SIDE, 1), np.float32)
    if chance(rng, 0.5):
        stain = np.clip(fractal(rng, 4, 64, 0.7, stretch=4) - rng.uniform(0.3, 1.5), 0, 1)[
            ..., None
        ]
        color += (rust(rng) - color) * stain
    return np.asarray(color * (1 + 0.22 * np.sin(x))[None, :, None], np.float32)


def rust(rng: Generator) -> Single:
    """Return rusty steel."""
    color = ramp(fractal(rng, 2, 128, 0.7), (74, 38, 26), (176, 98, 52))
    return color * np.float32(rng.uniform(0.7, 1.1))
