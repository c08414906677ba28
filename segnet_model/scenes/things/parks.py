"""Things that stand in parks: benches, bins, boulders, logs, posts, fences and low walls."""

from functools import partial
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import FENCE, OBSTACLE, POLE, SIGN
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow
from segnet_model.scenes.drawing.sketch import Point, Sketch, Texture
from segnet_model.scenes.draws import Color, Palette, chance, dim, pick_color, vary
from segnet_model.scenes.things.boxes import Size, cuboid, standing
from segnet_model.scenes.weather.sky import Weather

_WOODS: Palette = ((150, 112, 76), (120, 88, 60), (98, 80, 66), (168, 140, 104), (86, 96, 74))
_METALS: Palette = ((70, 76, 72), (44, 62, 50), (112, 116, 118), (54, 54, 58))
_STONES: Palette = ((138, 134, 126), (116, 112, 108), (160, 150, 134), (104, 100, 92))
_BOARDS: Palette = ((40, 96, 60), (30, 84, 160), (140, 100, 60), (236, 234, 226), (196, 60, 46))
_REACH = 60.0  # meters


def _painted(rng: Generator, color: Color, step: float, width: float, height: float) -> Texture:
    """Return a side of boards, `step` meters wide each."""
    sheet = Sketch(width, height, OBSTACLE, 48.0)
    sheet.box((-0.1, -0.1), (width + 0.1, height + 0.1), dim(color, 0.55))
    for y in np.arange(0.0, height, step):
        sheet.box(
            (-0.1, float(y) + 0.015), (width + 0.1, float(y) + step - 0.01), vary(rng, color, 6)
        )
    sheet.grain(rng, 7)
    return sheet.texture()


def boxes(
    rng: Generator,
    parts: list[tuple[tuple[float, float, float], Size, Color]],
    turn: float,
    weather: Weather,
    step: float = 0.12,
) -> Prop:
    """Return a prop of boxes: the middle of each underside, its size, and its color."""
    panels: list[Panel] = []
    for middle, size, color in parts:
        paint = partial(_painted, rng, color, step)
        panels += cuboid(np.array(middle), size, turn, paint, weather, _REACH)
    return standing(panels, weather)


def bench(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a bench at the origin that faces -x before its turn; some have no back."""
    wood, metal, width = (
        pick_color(rng, _WOODS, 10),
        pick_color(rng, _METALS, 8),
        rng.uniform(1.3, 2.0),
    )
    parts = [
        ((0.0, 0.0, 0.40), (0.45, width, 0.07), wood),
        ((0.0, width * 0.38, 0.0), (0.40, 0.08, 0.40), metal),
        ((0.0, -width * 0.38, 0.0), (0.40, 0.08, 0.40), metal),
    ]
    if chance(rng, 0.7):
        parts.append(((0.24, 0.0, 0.47), (0.06, width, 0.38), wood))
    return boxes(rng, parts, turn, weather)


def table(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a picnic table with two benches."""
    wood = pick_color(rng, _WOODS, 10)
    parts: list[tuple[tuple[float, float, float], Size, Color]] = [
        ((0.0, 0.0, 0.70), (0.8, 1.8, 0.07), wood),
        ((0.0, 0.6, 0.0), (0.6, 0.1, 0.7), dim(wood, 0.8)),
        ((0.0, -0.6, 0.0), (0.6, 0.1, 0.7), dim(wood, 0.8)),
        ((0.7, 0.0, 0.40), (0.28, 1.8, 0.07), wood),
        ((-0.7, 0.0, 0.40), (0.28, 1.8, 0.07), wood),
    ]
    return boxes(rng, parts, turn, weather)


def bin_(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a litter bin."""
    side, color = rng.uniform(0.35, 0.6), pick_color(rng, (*_METALS, *_BOARDS), 8)
    size = (side, side, rng.uniform(0.7, 1.15))
    return boxes(rng, [((0.0, 0.0, 0.0), size, color)], turn, weather, step=0.3)


def log(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a felled trunk, or a pile of three."""
    thick, long, bark = rng.uniform(0.2, 0.5), rng.uniform(1.2, 4.0), pick_color(rng, _WOODS, 14)
    spots = [(0.0, 0.0)]
    if chance(rng, 0.3):
        spots += [(thick * 1.05, 0.0), (thick * 0.5, thick)]
    parts: list[tuple[tuple[float, float, float], Size, Color]] = [
        ((x, 0.0, z), (thick, long, thick), dim(bark, rng.uniform(0.6, 0.9))) for x, z in spots
    ]
    return boxes(rng, parts, turn, weather, step=thick / 3)


def boulder(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a rock that stands out of the ground."""
    width = rng.uniform(0.35, 1.6)
    height, stone = width * rng.uniform(0.4, 0.8), pick_color(rng, _STONES, 12)
    sheet = Sketch(width, height, OBSTACLE, 60.0)
    turns = np.linspace(0, np.pi, 9)
    reach = rng.uniform(0.75, 1.0, turns.size)
    rim: list[Point] = [
        (width / 2 + float(np.cos(a)) * width / 2 * float(r), height * float(np.sin(a)) * float(r))
        for a, r in zip(turns, reach, strict=True)
    ]
    sheet.polygon(rim, stone)
    peak = (width * rng.uniform(0.35, 0.65), height * rng.uniform(0.4, 0.7))
    for low, high in pairwise(rim):
        sheet.polygon([low, high, peak], dim(stone, rng.uniform(0.6, 1.25)))
    sheet.grain(rng, 14)
    foot = np.zeros(3)
    light = weather.on_billboard(weather.shade + 0.1)
    panel = billboard(foot, sheet.texture(), (width, height), light, _REACH)
    return Prop((panel,), (oval_shadow(foot, width * 0.45, 0.0, height, weather),), turns=True)


def signpost(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a post with a board or arms that point."""
    height = rng.uniform(1.2, 2.6)
    sheet = Sketch(1.2, height, POLE, 60.0)
    sheet.box((0.54, 0), (0.66, height), pick_color(rng, (*_WOODS, *_METALS), 8))
    if chance(rng, 0.5):
        low = height - rng.uniform(0.5, 0.9)
        sheet.box((0.1, low), (1.1, height), dim(pick_color(rng, _WOODS, 8), 0.8), SIGN)
        sheet.box((0.17, low + 0.07), (1.03, height - 0.07), pick_color(rng, _BOARDS, 8), SIGN)
    else:
        color = pick_color(rng, _BOARDS, 8)
        for level in range(int(rng.integers(1, 4))):
            y, tip = height - 0.1 - 0.2 * level, 1.15 if chance(rng, 0.5) else 0.05
            end = tip - 0.12 if tip > 0.6 else tip + 0.12
            arm = [(0.5, y - 0.07), (end, y - 0.07), (tip, y), (end, y + 0.07), (0.5, y + 0.07)]
            sheet.polygon(arm, color, SIGN)
    foot, light = np.zeros(3), weather.on_billboard(weather.shade)
    panel = billboard(foot, sheet.texture(), (1.2, height), light, 30.0)
    return Prop((panel,), (oval_shadow(foot, 0.1, 0.0, height, weather),), turns=True)


def lantern(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a park lamp: a post with a globe or a cap."""
    height, metal = rng.uniform(2.6, 4.5), pick_color(rng, _METALS, 8)
    sheet = Sketch(0.7, height, POLE, 48.0)
    sheet.box((0.29, 0), (0.41, height - 0.4), metal)
    sheet.box((0.24, 0), (0.46, 0.5), dim(metal, 0.8))
    if chance(rng, 0.5):
        sheet.disc((0.35, height - 0.25), 0.22, (236, 234, 222))
    else:
        sheet.box((0.2, height - 0.45), (0.5, height - 0.12), (226, 224, 210))
        sheet.box((0.1, height - 0.12), (0.6, height - 0.04), metal)
    foot, light = np.zeros(3), weather.on_billboard(weather.shade)
    panel = billboard(foot, sheet.texture(), (0.7, height), light, 40.0)
    return Prop((panel,), (oval_shadow(foot, 0.08, 0.0, height, weather),), turns=True)


def post(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a bollard or a stake."""
    height, half = rng.uniform(0.6, 1.2), rng.uniform(0.06, 0.11)
    color = pick_color(rng, (*_WOODS, *_METALS), 8)
    size = (2 * half, 2 * half, height)
    return boxes(rng, [((0.0, 0.0, 0.0), size, color)], turn, weather, step=0.4)


def draw_rails(rng: Generator) -> Texture:
    """Draw eight meters of a fence of posts and rails, open between them."""
    height, wood = rng.uniform(0.8, 1.4), pick_color(rng, _WOODS, 10)
    sheet = Sketch(8.0, height, FENCE, 48.0)
    for level in np.linspace(0.35, 0.9, int(rng.integers(2, 5))):
        y = float(level) * height
        sheet.box((0, y - 0.05), (8, y + 0.05), vary(rng, wood, 6))
    for x in np.arange(0.1, 8.0, 1.98):
        sheet.box((float(x) - 0.08, 0), (float(x) + 0.08, height), dim(wood, 0.8))
    return sheet.texture()
