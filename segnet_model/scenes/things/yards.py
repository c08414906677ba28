"""Things of yards and squares: parked cars and bicycles, planters and low walls."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import BICYCLIST, BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.props import Prop, Thing, oval_shadow, upright
from segnet_model.scenes.drawing.sketch import Sketch, Texture
from segnet_model.scenes.draws import Color, Palette, chance, dim, pick, pick_color, vary
from segnet_model.scenes.things.boxes import Size
from segnet_model.scenes.things.cars import CarKind, car
from segnet_model.scenes.things.parks import boxes
from segnet_model.scenes.weather.sky import Weather

_FRAMES: Palette = ((190, 40, 44), (40, 80, 160), (230, 230, 226), (60, 130, 90), (40, 40, 44))
_POTS: Palette = ((150, 92, 66), (120, 120, 116), (170, 160, 148), (110, 84, 60))
_GREENS: Palette = ((70, 104, 50), (90, 116, 56), (58, 90, 60))
_STONES: Palette = ((156, 148, 138), (168, 100, 76), (190, 182, 170), (128, 122, 116))


def parked_car(kinds: Sequence[CarKind]) -> Thing:
    """Return a maker of parked cars."""

    def make(rng: Generator, weather: Weather, turn: float) -> Prop:
        nose = np.array([np.cos(turn), np.sin(turn), 0.0])
        return car(pick(rng, kinds), np.zeros(3), nose, weather)

    return make


def bicycle(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a parked bicycle; a wheel is labeled as a whole disc."""
    sheet, color = Sketch(1.85, 1.1, BICYCLIST, 80.0), pick_color(rng, _FRAMES, 8)
    rear, front, pedal, seat, bar = (0.38, 0.35), (1.46, 0.35), (0.86, 0.35), (0.7, 0.9), (1.3, 1.0)
    for x, y in (rear, front):
        sheet.disc((x, y), 0.35, (28, 28, 30))
        sheet.disc((x, y), 0.29, (118, 120, 120))
        for spoke in np.arange(0, np.pi, np.pi / 5):
            reach = 0.29 * float(np.cos(spoke)), 0.29 * float(np.sin(spoke))
            ends = [(x - reach[0], y - reach[1]), (x + reach[0], y + reach[1])]
            sheet.limb(ends, 0.02, (70, 72, 74))
    sheet.limb([rear, pedal, seat, rear], 0.06, color)
    sheet.limb([pedal, (1.3, 0.84), seat], 0.06, color)
    sheet.limb([front, (1.3, 0.84), bar, (1.18, 1.02)], 0.06, color)
    sheet.limb([(0.6, 0.95), (0.82, 0.95)], 0.09, (30, 28, 28))
    along = np.array([np.cos(turn), np.sin(turn), 0.0]) * 0.925
    light = weather.on_billboard(weather.shade + 0.1)
    panel = Panel(upright(-along, along, 1.1), sheet.texture(), light, 40.0)
    return Prop((panel,), (oval_shadow(np.zeros(3), 0.3, 0.0, 0.9, weather),))


def planter(rng: Generator, weather: Weather, turn: float) -> Prop:
    """Return a box or pot with a clipped plant."""
    side, height, color = rng.uniform(0.4, 1.2), rng.uniform(0.35, 0.7), pick_color(rng, _POTS, 8)
    green = pick_color(rng, _GREENS, 10)
    parts: list[tuple[tuple[float, float, float], Size, Color]] = [
        ((0.0, 0.0, 0.0), (side, side, height), color),
        ((0.0, 0.0, height), (side * 0.85, side * 0.85, rng.uniform(0.2, 0.8)), green),
    ]
    return boxes(rng, parts, turn, weather, 0.1)


def draw_masonry(rng: Generator) -> Texture:
    """Draw eight meters of a low wall of bricks or stones."""
    sheet = Sketch(8.0, rng.uniform(0.5, 2.0), BUILDING, 40.0)
    color, course = pick_color(rng, _STONES, 10), rng.uniform(0.08, 0.3)
    sheet.box((0, 0), (8, sheet.height), dim(color, 0.65))
    length = course * rng.uniform(1.5, 3.0)
    for row, y in enumerate(np.arange(0.0, sheet.height, course)):
        for x in np.arange(-length * 0.5 * (row % 2), 8.0, length):
            low, high = (float(x) + 0.01, float(y) + 0.01), (float(x + length), float(y + course))
            sheet.box(low, high, vary(rng, color, 7))
    if chance(rng, 0.6):
        sheet.box((0, sheet.height - 0.1), (8, sheet.height), dim(color, 1.1))
    sheet.labels[:] = BUILDING
    sheet.grain(rng, 8)
    return sheet.texture()
