"""Walls of trees: the edge of a wood beside a path, hedges, and the skyline all around."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import TREE
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, upright, wall_shadow
from segnet_model.scenes.drawing.sketch import CLEAR, Cover, Sketch, Texture
from segnet_model.scenes.draws import Color, chance, dim, mix, pick, vary
from segnet_model.scenes.plants.foliage import fractal
from segnet_model.scenes.plants.kinds import Garden
from segnet_model.scenes.weather.sky import Weather

WALL_LENGTH = 12.0  # meters
_RING = 150.0  # meters from the camera
_SIDES = 9


def hedge(texture: Cover, start: Floats, end: Floats, height: float, weather: Weather) -> Prop:
    """Return a hedge over the line from start to end."""
    normal = np.array([-0.4, -np.sign(start[1]) * 0.6, 0.7])
    light = max(weather.shade, weather.facing(normal))
    panel = Panel(upright(start, end, height), texture, light, 160.0)
    return Prop((panel,), (wall_shadow(start, end, height * 0.8, weather),))


def draw_hedge(rng: Generator, leaf: Color) -> Texture:
    """Draw twelve meters of trimmed hedge."""
    sheet = Sketch(WALL_LENGTH, rng.uniform(0.8, 2.2), TREE, 40.0)
    fine = fractal(rng, sheet.labels.shape, (16.0, 7.0, 3.5))
    tone = np.array(leaf, np.float32) * (0.85 + 0.3 * fine)[..., None]
    sheet.rgb[:] = np.clip(tone, 0, 255).astype(np.uint8)
    sheet.shade(0.6, 1.1)
    sheet.labels[:] = TREE
    rough = fractal(rng, (1, sheet.labels.shape[1]), (40.0, 12.0))[0]
    for column, dip in enumerate((1 + rough) * 2.5):
        sheet.labels[: max(0, int(dip)), column] = CLEAR
    return sheet.texture()


def draw_skyline(rng: Generator, garden: Garden, weather: Weather) -> Texture:
    """Draw what closes the view: a tree line, and hills behind it in some drives."""
    length = 2 * np.pi * _RING
    sheet = Sketch(length, 34.0, TREE, 2.6)
    x = np.asarray(np.linspace(0, length, 500), np.float64)
    far = mix(dim(garden.leaves[0], 0.8), weather.horizon, rng.uniform(0.3, 0.6))
    for height, color in (
        (rng.uniform(0, 26) * chance(rng, 0.5), far),
        (rng.uniform(3, 11), dim(pick(rng, garden.leaves), 0.75)),
    ):
        if height:
            _ridge(rng, sheet, x, height, color, ragged=height < 12)
    sheet.labels[-2:] = TREE
    sheet.rgb[-2:] = np.array(dim(garden.leaves[0], 0.7), np.uint8)
    sheet.grain(rng, 8)
    return sheet.texture()


def _ridge(
    rng: Generator, sheet: Sketch, x: Floats, height: float, color: Color, ragged: bool
) -> None:
    """Draw a line of hills or treetops that goes around without a step."""
    top = np.full_like(x, height * 0.55)
    for k in (2, 3, 5, 8, 13, 21):
        top += (
            height
            * rng.normal(0, 0.5)
            / k**0.7
            * np.sin(2 * np.pi * k * x / x[-1] + rng.uniform(0, 6))
        )
    if ragged:
        top += rng.normal(0, height * 0.09, x.size)
    top = np.clip(top, 1.0, sheet.height - 1)
    outline = [(0.0, 0.0), *zip(x.tolist(), top.tolist(), strict=True), (float(x[-1]), 0.0)]
    sheet.polygon(outline, color)
    if ragged:
        for _ in range(2600):
            spot = rng.uniform(0, x[-1])
            level = rng.random() * float(np.interp(spot, x, top))
            sheet.disc(
                (spot, level),
                rng.uniform(0.4, 1.3),
                vary(rng, dim(color, rng.uniform(0.6, 1.2)), 6),
            )


def skyline(texture: Texture, position: Floats) -> Prop:
    """Return the skyline as a ring of panels around a (3,) position: it never comes closer."""
    turns = np.linspace(1.9, -1.9, _SIDES + 1)
    span = (turns[0] - turns[1]) / (2 * np.pi)
    ring = position + _RING * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    ring[:, 2] = 0.0
    height = texture.labels.shape[0] / 2.6
    width = texture.labels.shape[1]
    panels = []
    for side in range(_SIDES):
        low, high = (round(width * ((side + i) * span % 1.0)) for i in (0, 1))
        part = slice(low, high if high > low else width)
        piece = Texture(texture.rgb[:, part], texture.labels[:, part])
        panels.append(Panel(upright(ring[side], ring[side + 1], height), piece, 1.0, 400.0))
    return Prop(tuple(panels))
