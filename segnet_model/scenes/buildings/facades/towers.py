"""What rises above a roof: chimneys, rooms for machines, towers with spires."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.blocks import block
from segnet_model.scenes.buildings.facades.mural import Cutout, Mural
from segnet_model.scenes.buildings.facades.slopes import sloped
from segnet_model.scenes.buildings.facades.stand import Elevation, Stand
from segnet_model.scenes.buildings.facades.walls import paint_wall
from segnet_model.scenes.buildings.facades.windows import draw_window
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, between, chance, dim, pick, vary

_SCALE = 14.0  # texels a meter
_FAR, _NEAR = 220.0, 100.0  # meters


def chimneys(rng: Generator, plan: Elevation, stand: Stand, top: float) -> Iterator[Panel]:
    """Yield chimneys with their pots."""
    tall, wide = between(rng, 1.0, 2.2), between(rng, 0.6, 1.6)
    stack = Cutout(partial(_stack, plan, wide, tall))
    spots = pick(
        rng, ((0.0,), (plan.width - wide,), (0.0, plan.width - wide), (plan.width * 0.45,))
    )
    back = -stand.depth * (0.5 if plan.style.crown == "eaves" else 0.35)
    for s in spots:
        z = top - 0.4, top - 0.4 + tall + 0.4
        yield Panel(stand.face((s, s + wide), z, back + 0.35), stack, stand.front_light(), _NEAR)
        near = stand.near((s, s + wide))
        cheek = stand.cheek(near, (back + 0.35, back - 0.35), z)
        yield Panel(cheek, stack, stand.cheek_light(), _NEAR)


def _stack(plan: Elevation, wide: float, tall: float) -> Sketch:
    rng = plan.stream(13)
    color = plan.style.color if plan.style.wall == "brick" else (140.0, 86.0, 68.0)
    sheet = Sketch(wide, tall + 0.4, BUILDING, 24.0)
    sheet.box((0, 0), (wide, tall), vary(rng, color, 8))
    sheet.box((0, tall - 0.25), (wide, tall - 0.1), dim(color, 0.7))
    for x in np.arange(0.06, wide - 0.2, 0.32):
        sheet.box(
            (float(x), tall), (float(x) + 0.22, tall + between(rng, 0.2, 0.4)), (166, 100, 70)
        )
    sheet.grain(rng, 6)
    return sheet


def plant(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield the room of a lift or machines on a flat roof."""
    if plan.style.crown not in ("flat", "parapet"):
        return
    wide = plan.width * between(rng, 0.2, 0.5)
    s = between(rng, 0, plan.width - wide)
    z = plan.eaves - 0.1, plan.eaves + between(rng, 1.2, 3.0)
    color = vary(rng, (150, 152, 152), 20)
    yield from block(stand, (s, s + wide), z, (-5.0, -1.5), color, _FAR)


def tower(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield a tower at one end, with a spire or battlements."""
    wide = min(plan.width * 0.5, between(rng, 4.0, 6.0))
    tall = plan.eaves + between(rng, 5.0, 14.0)
    s = (0.0, wide) if chance(rng, 0.5) else (plan.width - wide, plan.width)
    wall = Mural(wide, tall, BUILDING, _SCALE, partial(_paint_tower, plan, (wide, tall)))
    near = stand.near(s)
    yield Panel(stand.face(s, (0.0, tall), 0.4), wall, stand.front_light(), _FAR)
    yield Panel(stand.cheek(near, (0.4, 0.4 - wide), (0.0, tall)), wall, stand.cheek_light(), _FAR)
    if chance(rng, 0.5):
        yield from _spire(rng, plan, stand, s, tall)


def _paint_tower(plan: Elevation, size: tuple[float, float], scale: float) -> Sketch:
    rng, style = plan.stream(9), plan.style
    sheet = paint_wall(rng, plan, *size, scale)
    window = draw_window(rng, style, plan.light, scale, (size[0] * 0.3, size[1] * 0.16))
    for share in (0.2, 0.5, 0.78):
        sheet.paste(window, (size[0] - window.width) / 2, size[1] * share)
    for x in (0.0, size[0] - 0.7):
        sheet.box((x, 0), (x + 0.7, size[1] * 0.9), style.color)
        sheet.box((x + 0.5, 0), (x + 0.7, size[1] * 0.9), dim(style.color, 0.7))
    for share in (0.16, 0.46, 0.74, 0.97):
        sheet.box((0, size[1] * share), (size[0], size[1] * share + 0.2), style.trim)
    sheet.grain(rng, 5)
    return sheet


def _spire(
    rng: Generator, plan: Elevation, stand: Stand, s: tuple[float, float], low: float
) -> Iterator[Panel]:
    wide = s[1] - s[0]
    tall = wide * between(rng, 1.0, 2.5)
    picture = Cutout(partial(_spike, (wide, tall), plan.style.roof))
    middle = 0.4 - wide / 2
    yield sloped(stand, s, (0.4, middle), (low, low + tall), picture)
    near = stand.near(s)
    apex = stand.at((s[0] + s[1]) / 2, 0.4, low + tall)
    corners = np.stack(
        [apex, stand.at(0, 0.4 - wide, 0) - stand.at(0, 0.4, 0), stand.at(near, 0.4, low) - apex]
    )
    yield Panel(corners, picture, stand.cheek_light(), _FAR)


def _spike(size: tuple[float, float], color: Color) -> Sketch:
    sheet = Sketch(*size, BUILDING, _SCALE)
    sheet.polygon([(0, 0), (size[0], 0), (size[0] / 2, size[1])], color)
    return sheet
