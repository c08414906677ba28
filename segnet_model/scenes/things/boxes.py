"""Boxes of no class: a sofa, and a stack of painted crates."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import UNKNOWN
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, hull_shadow, upright
from segnet_model.scenes.drawing.sketch import Point, Sketch, Texture
from segnet_model.scenes.draws import Color, Palette, dim, pick_color, vary
from segnet_model.scenes.weather.sky import Weather

Paint = Callable[[float, float], Texture]  # draws a side of (width, height) in meters
Size = tuple[float, float, float]  # meters away from the camera, across the street, up
_SCALE = 64.0  # texels a meter
_COVERS: Palette = ((222, 60, 140), (30, 170, 170), (240, 190, 40), (110, 70, 190))
_DOTS: Palette = ((250, 246, 232), (250, 220, 60), (40, 30, 80))
_PAINTS: Palette = ((236, 110, 30), (120, 200, 40), (40, 120, 230), (230, 50, 160))


def cuboid(
    middle: Floats, size: Size, turn: float, paint: Paint, weather: Weather, reach: float
) -> list[Panel]:
    """Return a box without its underside.

    Args:
        middle: (3,) meters, of the underside, before the turn.
        size: meters.
        turn: radians to the left about the upright axis through the origin.
        paint: draws each side.
        weather: lights each side.
        reach: meters; the box is not drawn beyond.
    """
    along, across, height = size
    ring = np.array([(-1, 1, 0), (-1, -1, 0), (1, -1, 0), (1, 1, 0)]) * (along / 2, across / 2, 0)
    feet = turned(ring + middle, turn)
    sides = [upright(feet[i], feet[(i + 1) % 4], height) for i in range(4)]
    lid = np.stack([feet[3] + (0.0, 0.0, height), feet[2] - feet[3], feet[0] - feet[3]])
    widths = (across, along, across, along)
    panels = [
        _side(side, paint(width, height), weather, reach)
        for side, width in zip(sides, widths, strict=True)
    ]
    return [*panels, _side(lid, paint(across, along), weather, reach)]


def _side(corners: Floats, texture: Texture, weather: Weather, reach: float) -> Panel:
    normal = np.cross(corners[2], corners[1])
    normal /= np.sqrt((normal**2).sum())
    return Panel(corners, texture, weather.facing(normal), reach)


def turned(points: Floats, turn: float) -> Floats:
    """Return (n, 3) points turned to the left about the origin."""
    cosine, sine = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]))


def standing(panels: list[Panel], weather: Weather) -> Prop:
    """Return a prop of panels, with the shadow of their corners and the shade below them."""
    corners = np.array([_corners(panel) for panel in panels]).reshape(-1, 3)
    thrown = [*corners[:, :2], *(point[:2] + weather.cast(float(point[2])) for point in corners)]
    return Prop(tuple(panels), (hull_shadow(thrown), hull_shadow([*corners[:, :2]], 2.0)))


def _corners(panel: Panel) -> Floats:
    origin, across, down = panel.corners
    return np.stack([origin, origin + across, origin + down, origin + across + down])


def sofa(rng: Generator, weather: Weather, reach: float) -> Prop:
    """Return a sofa at the origin that roughly faces the camera."""
    fabric, dots = pick_color(rng, _COVERS, 10), pick_color(rng, _DOTS, 8)
    paint, turn = partial(_dotted, rng, fabric, dots), rng.uniform(-0.5, 0.5)
    width, arm = rng.uniform(2.0, 2.4), 0.28
    parts: list[tuple[Point, Size]] = [
        ((0.0, 0.0), (0.9, width - 2 * arm, 0.5)),
        ((0.38, 0.0), (0.3, width, 1.15)),
        ((-0.05, (width - arm) / 2), (1.0, arm, 0.75)),
        ((-0.05, (arm - width) / 2), (1.0, arm, 0.75)),
    ]
    panels = [
        panel
        for spot, size in parts
        for panel in cuboid(np.array([*spot, 0.0]), size, turn, paint, weather, reach)
    ]
    return standing(panels, weather)


def _dotted(rng: Generator, fabric: Color, dots: Color, width: float, height: float) -> Texture:
    sheet = Sketch(width, height, UNKNOWN, _SCALE)
    sheet.box((-0.1, -0.1), (width + 0.1, height + 0.1), dim(fabric, 0.6))
    sheet.box((0.03, 0.03), (width - 0.03, height - 0.03), fabric)
    for row, y in enumerate(np.arange(0.15, height, 0.24)):
        for x in np.arange(0.12 + 0.14 * (row % 2), width, 0.28):
            sheet.disc((float(x), float(y)), 0.085, dots)
    sheet.grain(rng, 6)
    return sheet.texture()


def crates(rng: Generator, weather: Weather, reach: float) -> Prop:
    """Return two or three tiers of crates at the origin, each tier turned a little."""
    side, turn = rng.uniform(0.7, 0.85), rng.uniform(-0.4, 0.4)
    panels: list[Panel] = []
    for tier, count in enumerate((2, int(rng.integers(1, 3)), 1)):
        tier_turn = turn + rng.uniform(-0.15, 0.15)
        for number in range(count):
            aside = (number - (count - 1) / 2) * side * 1.06
            paint = partial(_braced, rng, pick_color(rng, _PAINTS, 10))
            spot = np.array([0.0, aside, tier * side])
            panels += cuboid(spot, (side, side, side), tier_turn, paint, weather, reach)
    return standing(panels, weather)


def _braced(rng: Generator, color: Color, width: float, height: float) -> Texture:
    """Return a painted frame with a cross in it over the dark inside."""
    sheet = Sketch(width, height, UNKNOWN, _SCALE)
    sheet.box((-0.1, -0.1), (width + 0.1, height + 0.1), color)
    sheet.box((0.1, 0.1), (width - 0.1, height - 0.1), vary(rng, (44, 34, 40), 4))
    for x in np.arange(0.2, width - 0.1, 0.2):
        sheet.box((float(x), 0.1), (float(x) + 0.07, height - 0.1), dim(color, 0.6))
    sheet.limb([(0.1, 0.1), (width - 0.1, height - 0.1)], 0.1, color)
    sheet.limb([(0.1, height - 0.1), (width - 0.1, 0.1)], 0.1, color)
    sheet.grain(rng, 6)
    return sheet.texture()
