"""Bays that stand on the ground, and oriels above it."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.blocks import Span, tone, underside
from segnet_model.scenes.buildings.facades.mural import Mural
from segnet_model.scenes.buildings.facades.stand import Elevation, Stand
from segnet_model.scenes.buildings.facades.walls import paint_wall
from segnet_model.scenes.buildings.facades.windows import RIM, SILL, draw_window
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, between, chance, dim

_SCALE = 28.0  # texels a meter
_REACH = 75.0  # meters
_WIDEST = 2.4  # meters of a bay


def bays(rng: Generator, plan: Elevation, stand: Stand, free: float) -> Iterator[Panel]:
    """Yield bays from the ground, or oriels above it where people walk."""
    style = plan.style
    out = between(rng, 0.4, 0.8)
    grounded = "bay" in style.extras and free > out + 0.3
    first = 0 if grounded else 1
    last = style.floors if chance(rng, 0.6) else min(style.floors, first + 1)
    if last <= first:
        return
    z = (0.0 if grounded else plan.base(1) - 0.15, plan.base(last) - 0.1)
    slant = out * 0.6 if chance(rng, 0.6) else 0.0
    wide = min(_WIDEST, style.bay * 0.96)
    paint = partial(_paint_bay, plan, (first, last), z)
    face = Mural(wide - 2 * slant, z[1] - z[0], BUILDING, _SCALE, paint)
    cheek = Mural(
        out, z[1] - z[0], BUILDING, _SCALE, partial(_paint_cheek, plan, (first, last), z, out)
    )
    for i in plan.stacked:
        left, right = plan.columns[i] - wide / 2, plan.columns[i] + wide / 2
        yield Panel(
            stand.face((left + slant, right - slant), z, out), face, stand.front_light(), _REACH
        )
        yield from _bay_sides(stand, (left, right), slant, (out, z), cheek)
        if not grounded:
            yield underside(stand, (left, right), (0.0, out), z[0], dim(style.trim, 0.5))
        yield _bay_roof(stand, (left, right), (z[1], z[1] + 0.35), out, style.roof)


def _bay_sides(
    stand: Stand, s: Span, slant: float, size: tuple[float, Span], cheek: Mural
) -> Iterator[Panel]:
    out, z = size
    for foot, end in ((s[0], s[0] + slant), (s[1], s[1] - slant)):
        first, second = stand.at(foot, 0.0, z[0]), stand.at(end, out, z[0])
        across = second - first
        rise = np.array([0.0, 0.0, z[1] - z[0]])
        normal = np.array([across[1], -across[0], 0.0]) / np.sqrt((across**2).sum())
        if normal @ stand.outward < 0 or (slant == 0 and normal[0] > 0):
            normal = -normal
        light = stand.weather.facing(normal)
        yield Panel(np.stack([first + rise, across, -rise]), cheek, light, _REACH)


def _bay_roof(stand: Stand, s: Span, z: Span, out: float, color: Color) -> Panel:
    back = stand.at(s[0], 0.0, z[1])
    corners = np.stack(
        [back, stand.at(s[1], 0.0, z[1]) - back, stand.at(s[0], out + 0.08, z[0]) - back]
    )
    return Panel(
        corners, tone(color), stand.weather.facing(stand.outward * 0.4 + (0, 0, 0.9)), _REACH
    )


def _paint_bay(plan: Elevation, floors: tuple[int, int], z: Span, scale: float) -> Sketch:
    """Paint the front of a bay: a broad window on each floor, panels between."""
    rng, style = plan.stream(3), plan.style
    slim = min(_WIDEST, style.bay * 0.96) * 0.8
    sheet = paint_wall(rng, plan, slim, z[1] - z[0], scale)
    if chance(rng, 0.5):
        sheet.box((0, 0), (sheet.width, sheet.height), style.trim)
    _bay_windows(rng, sheet, plan, floors, z[0])
    sheet.box((0, sheet.height - 0.15), (sheet.width, sheet.height), style.trim)
    sheet.grain(rng, 5)
    return sheet


def _bay_windows(
    rng: Generator, sheet: Sketch, plan: Elevation, floors: tuple[int, int], low: float
) -> None:
    style = plan.style
    for floor in range(*floors):
        tall = style.ground if floor == 0 else style.floor
        height = min(style.window_height * 1.1, tall - 1.1)
        size = (sheet.width - 0.24, height)
        window = draw_window(rng, style, plan.light, sheet.scale, size)
        bottom = plan.base(floor) - low + 0.75 - SILL
        sheet.paste(window, 0.12 - RIM, bottom)


def _paint_cheek(
    plan: Elevation, floors: tuple[int, int], z: Span, out: float, scale: float
) -> Sketch:
    rng = plan.stream(4)
    sheet = paint_wall(rng, plan, out, z[1] - z[0], scale)
    _bay_windows(rng, sheet, plan, floors, z[0])
    return sheet
