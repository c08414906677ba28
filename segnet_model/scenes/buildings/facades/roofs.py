"""Roofs and what stands on them: gables, mansards, dormers, chimneys, towers, parapets."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.blocks import tone
from segnet_model.scenes.buildings.facades.gables import end_wall, gable
from segnet_model.scenes.buildings.facades.mural import Cutout, Mural
from segnet_model.scenes.buildings.facades.slopes import paint_tiles, sloped, tiles
from segnet_model.scenes.buildings.facades.stand import Elevation, Stand
from segnet_model.scenes.buildings.facades.towers import chimneys, plant, tower
from segnet_model.scenes.buildings.facades.windows import RIM, SILL, draw_window
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, between, chance, dim, mix

_SCALE = 14.0  # texels a meter
_FAR = 220.0
_NEAR = 80.0


def roof_over(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield the roof of a house, with the end wall below it that the drive sees."""
    crown, style = plan.style.crown, plan.style
    rise = stand.depth * between(rng, 0.3, 0.5) if crown == "eaves" else 0.0
    yield from end_wall(plan, stand, rise)
    if crown == "eaves":
        yield from _slope(rng, plan, stand, rise)
        if "dormers" in style.extras:
            yield from _dormers(rng, plan, stand, rise)
    elif crown == "gable":
        yield from gable(rng, plan, stand)
    elif crown == "mansard":
        yield from _mansard(rng, plan, stand)
    elif crown == "pediment":
        yield _pediment(plan, stand)
    elif crown in ("balustrade", "battlements"):
        yield _parapet(plan, stand)
    if "chimney" in style.extras:
        yield from chimneys(rng, plan, stand, plan.eaves + rise)
    if "plant" in style.extras:
        yield from plant(rng, plan, stand)
    if "tower" in style.extras:
        yield from tower(rng, plan, stand)


def _slope(rng: Generator, plan: Elevation, stand: Stand, rise: float) -> Iterator[Panel]:
    over = between(rng, 0.1, 0.4)
    half = stand.depth / 2
    drop = over * rise / half
    size = plan.width, float(np.hypot(half + over, rise + drop))
    picture = tiles(rng, plan, size, _SCALE)
    z = plan.eaves - drop, plan.eaves + rise
    yield sloped(stand, (0.0, plan.width), (over, -half), z, picture)


def _dormers(rng: Generator, plan: Elevation, stand: Stand, rise: float) -> Iterator[Panel]:
    """Yield dormers on a roof: their front, near cheek and roof."""
    half, style = stand.depth / 2, plan.style
    wide, tall = between(rng, 1.1, 1.8), min(between(rng, 1.2, 1.7), rise * 0.6)
    back, pointed = between(rng, 0.3, 0.9), chance(rng, 0.55)
    low = plan.eaves + back * rise / half
    deep = tall * half / rise
    face = Cutout(partial(_dormer_face, plan, wide, tall, pointed))
    shape = Cutout(partial(_cheek_shape, style.roof))
    for middle in plan.columns[:: int(rng.integers(1, 4))]:
        s = middle - wide / 2, middle + wide / 2
        if s[0] < 0.2 or s[1] > plan.width - 0.2:
            continue
        top = low + tall + (wide * 0.4 if pointed else 0.0)
        yield Panel(stand.face(s, (low, top), -back), face, stand.front_light(), _NEAR)
        near = stand.near(s)
        cheek = stand.cheek(near, (-back, -back - deep), (low, low + tall))
        yield Panel(cheek, shape, stand.cheek_light(), _NEAR)
        if not pointed:
            z = low + tall, low + tall + 0.15
            yield sloped(stand, s, (-back + 0.15, -back - deep), z, tone(style.roof))


def _dormer_face(plan: Elevation, wide: float, tall: float, pointed: bool) -> Sketch:
    rng, style = plan.stream(7), plan.style
    sheet = Sketch(wide, tall + (wide * 0.4 if pointed else 0.0), BUILDING, 28.0)
    wall = style.trim if chance(rng, 0.6) else style.color
    sheet.box((0, 0), (wide, tall), wall)
    if pointed:
        sheet.polygon([(0, tall), (wide, tall), (wide / 2, sheet.height)], wall)
        sheet.limb([(0, tall), (wide / 2, sheet.height - 0.05), (wide, tall)], 0.16, style.roof)
    else:
        sheet.box((0, tall - 0.14), (wide, tall), style.roof)
    window = draw_window(rng, style, plan.light, 28.0, (wide - 0.4, tall - 0.5))
    sheet.paste(window, 0.2 - RIM, 0.22 - SILL)
    return sheet


def _cheek_shape(color: Color) -> Sketch:
    """Return the triangle between a dormer and its roof."""
    sheet = Sketch(1.0, 1.0, BUILDING, 32.0)
    sheet.polygon([(0, 0), (0, 1), (1, 1)], color)
    return sheet


def _mansard(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield a steep slope with windows in it, and the near end of it."""
    tall, back = between(rng, 2.2, 3.4), between(rng, 0.5, 1.1)
    key = int(rng.integers(2**31))
    size = plan.width, float(np.hypot(tall, back))
    picture = Mural(*size, BUILDING, 20.0, partial(_paint_mansard, plan, size, key))
    z = plan.eaves, plan.eaves + tall
    yield sloped(stand, (0.0, plan.width), (0.0, -back), z, picture)
    near = stand.near((0.0, plan.width))
    cheek = stand.cheek(near, (-back * 0.5, -stand.depth), z)
    yield Panel(cheek, tone(plan.style.roof, 0.9), stand.cheek_light(), _FAR)


def _paint_mansard(plan: Elevation, size: tuple[float, float], key: int, scale: float) -> Sketch:
    rng, style = plan.stream(key), plan.style
    sheet = paint_tiles(plan, size, key, scale)
    wide = min(1.2, style.bay * 0.6)
    tall = min(1.5, size[1] - 0.8)
    window = draw_window(rng, style, plan.light, scale, (wide, tall))
    for middle in plan.columns:
        sheet.box((middle - wide * 0.7, 0.3), (middle + wide * 0.7, tall + 0.6), style.trim)
        sheet.paste(window, middle - wide / 2 - RIM, 0.45 - SILL)
    sheet.box((0, size[1] - 0.15), (size[0], size[1]), mix(style.trim, style.roof, 0.5))
    return sheet


def _pediment(plan: Elevation, stand: Stand) -> Panel:
    """Return the flat triangle of a temple over the middle of the cornice."""
    size = plan.width * 0.8, plan.width * 0.16
    s = plan.width * 0.1, plan.width * 0.9
    face = stand.face(s, (plan.eaves, plan.eaves + size[1]), 0.3)
    picture = Cutout(partial(_paint_pediment, size, plan.style.trim))
    return Panel(face, picture, stand.front_light(), _FAR)


def _paint_pediment(size: tuple[float, float], color: Color) -> Sketch:
    wide, tall = size
    sheet = Sketch(wide, tall, BUILDING, _SCALE)
    sheet.polygon([(0, 0), (wide, 0), (wide / 2, tall)], color)
    inner = [(wide * 0.1, 0.25), (wide * 0.9, 0.25), (wide / 2, tall * 0.86)]
    sheet.polygon(inner, dim(color, 0.68))
    sheet.disc((wide / 2, tall * 0.35), tall * 0.2, dim(color, 0.9))
    return sheet


def _parapet(plan: Elevation, stand: Stand) -> Panel:
    """Return a balustrade or battlements against the sky."""
    face = stand.face((0.0, plan.width), (plan.eaves, plan.eaves + 0.9), 0.0)
    return Panel(face, Cutout(partial(_paint_parapet, plan)), stand.front_light(), _NEAR)


def _paint_parapet(plan: Elevation) -> Sketch:
    sheet, color = Sketch(plan.width, 0.9, BUILDING, 20.0), plan.style.trim
    if plan.style.crown == "balustrade":
        for x in np.arange(0.0, plan.width, 0.26):
            sheet.box((float(x), 0), (float(x) + 0.14, 0.8), color)
        sheet.box((0, 0.74), (plan.width, 0.9), color)
    else:
        for x in np.arange(0.0, plan.width, 1.5):
            sheet.box((float(x), 0), (float(x) + 0.8, 0.9), dim(plan.style.color, 0.95))
    return sheet
