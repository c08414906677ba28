"""Lamp posts, traffic signs, traffic lights and fences."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import FENCE, POLE, SIGN
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow, upright, wall_shadow
from segnet_model.scenes.drawing.sketch import Cover, Point, Sketch, Texture
from segnet_model.scenes.draws import Color, Palette, chance, dim, pick, pick_color, vary
from segnet_model.scenes.weather.sky import Weather

FENCE_LENGTH, FENCE_SCALE = 8.0, 48.0  # meters of one picture, texels a meter
POLE_REACH = 29.0  # meters; a pole 0.24 m wide is 3 pixels there at f = 360 pixels
SIGN_REACH = 28.0
_METAL: Palette = ((112, 116, 120), (74, 80, 82), (142, 146, 148), (60, 78, 66), (96, 84, 70))
_RED: Color = (196, 32, 38)
_WHITE: Color = (240, 240, 238)
_BLUE: Color = (30, 84, 170)
_YELLOW: Color = (246, 204, 40)


def lamp_post(rng: Generator, foot: Floats, towards: float, weather: Weather, reach: float) -> Prop:
    """Return a street lamp; `towards` is the sign of y in which its arm points."""
    height, arm = rng.uniform(5.0, 7.0), 1.4
    sheet = Sketch(2 * arm + 0.4, height, POLE, 40.0)
    metal, middle = pick_color(rng, _METAL, 8), sheet.width / 2
    tip = middle - towards * arm
    sheet.box((middle - 0.12, 0), (middle + 0.12, height - 0.1), metal)
    sheet.box((middle + 0.04, 0), (middle + 0.12, height - 0.1), dim(metal, 0.7))
    sheet.box((middle - 0.19, 0), (middle + 0.19, 1.0), dim(metal, 0.7))
    sheet.limb([(middle, height - 0.25), (tip, height - 0.15)], 0.18, metal)
    sheet.limb([(tip, height - 0.17), (tip + towards * 0.45, height - 0.2)], 0.26, dim(metal, 0.7))
    return _standing(sheet, foot, weather, reach, height, 0.12)


def traffic_sign(rng: Generator, foot: Floats, weather: Weather, reach: float) -> Prop:
    """Return one of six kinds of sign on its post."""
    height, half = rng.uniform(2.5, 3.0), rng.uniform(0.48, 0.6)
    sheet = Sketch(1.3, height, SIGN, 64.0)
    post = pick_color(rng, _METAL, 8)
    sheet.box((0.54, 0), (0.76, height - half), post, POLE)
    sheet.box((0.68, 0), (0.76, height - half), dim(post, 0.7), POLE)
    pick(rng, SIGNS)(sheet, (0.65, height - half - 0.02), half)
    if chance(rng, 0.3):
        sheet.box(
            (0.65 - half, height - 2 * half - 0.42), (0.65 + half, height - 2 * half - 0.08), _WHITE
        )
    return _standing(sheet, foot, weather, reach, height, 0.12)


def traffic_light(rng: Generator, foot: Floats, weather: Weather, reach: float) -> Prop:
    """Return a traffic light; its head counts as a sign, as in CamVid."""
    sheet = Sketch(0.8, 3.3, SIGN, 64.0)
    sheet.box((0.28, 0), (0.52, 2.3), (92, 94, 96), POLE)
    sheet.box((0.1, 2.05), (0.7, 3.3), (44, 46, 44))
    lit = int(rng.integers(3))
    for lamp, color in enumerate(((60, 220, 110), (250, 190, 50), (236, 50, 44))):
        sheet.disc((0.4, 2.27 + 0.4 * lamp), 0.17, color if lamp == lit else dim(color, 0.3))
    return _standing(sheet, foot, weather, reach, 3.3, 0.12)


def _standing(
    sheet: Sketch, foot: Floats, weather: Weather, reach: float, height: float, radius: float
) -> Prop:
    light = weather.on_billboard(weather.shade)
    panel = billboard(foot, sheet.texture(), (sheet.width, sheet.height), light, reach)
    return Prop((panel,), (oval_shadow(foot, radius, 0.0, height, weather),))


def _prohibition(sheet: Sketch, center: Point, half: float) -> None:
    sheet.disc(center, half, _RED)
    sheet.disc(center, half * 0.7, _WHITE)
    x, y = center
    sheet.box((x - half * 0.35, y - half * 0.3), (x - half * 0.08, y + half * 0.3), (20, 20, 20))
    sheet.box((x + half * 0.08, y - half * 0.3), (x + half * 0.35, y + half * 0.3), (20, 20, 20))


def _warning(sheet: Sketch, center: Point, half: float) -> None:
    x, y = center
    for size, color in ((1.0, _RED), (0.66, _WHITE)):
        r, low = half * size, y - half * 0.1 - half * 0.75 * size
        sheet.polygon([(x - r, low), (x + r, low), (x, low + 1.75 * r)], color)
    sheet.box((x - 0.05, y - half * 0.5), (x + 0.05, y + half * 0.25), (20, 20, 20))


def _mandatory(sheet: Sketch, center: Point, half: float) -> None:
    x, y = center
    sheet.disc(center, half, _WHITE)
    sheet.disc(center, half * 0.93, _BLUE)
    sheet.limb([(x - half * 0.4, y - half * 0.4), (x + half * 0.35, y + half * 0.35)], 0.11, _WHITE)
    sheet.polygon(
        [(x + half * 0.6, y + half * 0.6), (x, y + half * 0.5), (x + half * 0.5, y)], _WHITE
    )


def _stop(sheet: Sketch, center: Point, half: float) -> None:
    x, y = center
    for size, color in ((1.0, _WHITE), (0.92, _RED)):
        angles = np.pi / 8 + np.arange(8) * np.pi / 4
        corners = [
            (x + half * size * float(np.cos(a)), y + half * size * float(np.sin(a))) for a in angles
        ]
        sheet.polygon(corners, color)
    sheet.box((x - half * 0.6, y - half * 0.16), (x + half * 0.6, y + half * 0.16), _WHITE)


def _priority(sheet: Sketch, center: Point, half: float) -> None:
    x, y = center
    for size, color in ((1.0, _WHITE), (0.72, _YELLOW)):
        r = half * size
        sheet.polygon([(x - r, y), (x, y - r), (x + r, y), (x, y + r)], color)


def _board(sheet: Sketch, center: Point, half: float) -> None:
    x, y = center
    sheet.box((x - half, y - half), (x + half, y + half), _WHITE)
    sheet.box((x - half * 0.92, y - half * 0.92), (x + half * 0.92, y + half * 0.92), _BLUE)
    sheet.box((x - half * 0.35, y - half * 0.6), (x - half * 0.1, y + half * 0.6), _WHITE)
    sheet.disc((x + half * 0.1, y + half * 0.25), half * 0.35, _WHITE)
    sheet.disc((x + half * 0.1, y + half * 0.25), half * 0.15, _BLUE)


SIGNS = (_prohibition, _warning, _mandatory, _stop, _priority, _board)


def draw_fence(rng: Generator) -> Texture:
    """Draw eight meters of fence: pickets, railings, mesh or boards."""
    sheet = Sketch(FENCE_LENGTH, rng.uniform(1.3, 1.9), FENCE, FENCE_SCALE)
    kinds = (_pickets, _railings, _mesh, _boards)
    pick(rng, kinds)(rng, sheet)
    sheet.labels[:] = FENCE
    sheet.grain(rng, 7)
    return sheet.texture()


def _pickets(rng: Generator, sheet: Sketch) -> None:
    wood = vary(rng, (232, 228, 216), 6) if chance(rng, 0.5) else vary(rng, (150, 112, 76), 10)
    sheet.box((0, 0), (8, sheet.height), (62, 60, 50))
    for x in np.arange(0.02, 8, 0.2):
        sheet.box((float(x), 0), (float(x) + 0.13, sheet.height), vary(rng, wood, 5))
    for level in (0.25, 0.75):
        sheet.box((0, sheet.height * level), (8, sheet.height * level + 0.09), dim(wood, 0.7))


def _railings(rng: Generator, sheet: Sketch) -> None:
    stone, iron = vary(rng, (168, 158, 146), 10), vary(rng, (44, 46, 48), 6)
    sheet.box((0, 0), (8, sheet.height), vary(rng, (132, 136, 128), 8))
    for x in np.arange(0.0, 8, 0.16):
        sheet.box((float(x), 0.4), (float(x) + 0.06, sheet.height), iron)
    sheet.box((0, sheet.height - 0.14), (8, sheet.height - 0.07), iron)
    sheet.box((0, 0), (8, 0.45), stone)
    sheet.box((0, 0.4), (8, 0.47), dim(stone, 0.7))


def _mesh(rng: Generator, sheet: Sketch) -> None:
    wire = vary(rng, (170, 178, 176), 8)
    sheet.box((0, 0), (8, sheet.height), vary(rng, (96, 112, 102), 8))
    for x in np.arange(-sheet.height, 8, 0.2):
        sheet.limb([(float(x), 0), (float(x) + sheet.height, sheet.height)], 0.03, wire)
        sheet.limb([(float(x) + sheet.height, 0), (float(x), sheet.height)], 0.03, wire)
    for x in np.arange(0.0, 8.1, 2.0):
        sheet.box((float(x) - 0.07, 0), (float(x) + 0.07, sheet.height), wire)
    sheet.box((0, sheet.height - 0.09), (8, sheet.height), wire)


def _boards(rng: Generator, sheet: Sketch) -> None:
    wood = vary(rng, (148, 108, 70), 10)
    step = sheet.height / 6
    for row in range(6):
        sheet.box((0, row * step), (8, (row + 1) * step), vary(rng, wood, 5))
        sheet.box((0, row * step), (8, row * step + 0.04), (52, 40, 30))
    for x in np.arange(0.0, 8.1, 2.0):
        sheet.box((float(x) - 0.08, 0), (float(x) + 0.08, sheet.height), dim(wood, 0.7))


def fence(
    texture: Cover, start: Floats, end: Floats, weather: Weather, height: float | None = None
) -> Prop:
    """Return up to eight meters of fence over the line from start to end.

    height: meters; None takes that of the picture, which is painted for it.
    """
    height = texture.labels.shape[0] / FENCE_SCALE if height is None else height
    normal = np.array([-0.3, -np.sign(start[1]) * 0.9, 0.3])
    light = max(weather.shade * 0.9, weather.facing(normal))
    panel = Panel(upright(start, end, height), texture, light, 90.0)
    return Prop((panel,), (wall_shadow(start, end, height, weather),))
