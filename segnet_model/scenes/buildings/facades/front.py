"""The wall at the street with all that is flat: windows, orders, courses, pipes, shadows."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.fittings import paint_fittings, paint_shadows
from segnet_model.scenes.buildings.facades.shops import paint_base
from segnet_model.scenes.buildings.facades.stand import Elevation
from segnet_model.scenes.buildings.facades.walls import paint_wall
from segnet_model.scenes.buildings.facades.windows import RIM, SILL, draw_window
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import between, chance, dim, mix, pick

_VARIANTS = 3


def paint_front(plan: Elevation, scale: float) -> Sketch:
    """Paint the front of a house."""
    rng, style = plan.stream(1), plan.style
    sheet = paint_wall(rng, plan, plan.width, plan.eaves, scale)
    _courses(rng, sheet, plan)
    _upper_floors(rng, sheet, plan)
    _order(rng, sheet, plan)
    if style.wall != "timber" and style.base not in ("shop", "office"):
        sheet.box((0, 0), (plan.width, between(rng, 0.2, 0.7)), dim(style.trim, 0.7))
    paint_base(rng, sheet, plan)
    _crown(sheet, plan)
    paint_fittings(rng, sheet, plan)
    paint_shadows(rng, sheet, plan)
    _finish(plan.stream(2), sheet)
    return sheet


def _finish(rng: Generator, sheet: Sketch) -> None:
    sheet.grain(rng, 5)
    sheet.shade(0.86, 1.04)


def _courses(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw string courses between the floors, and stripes of another stone."""
    style = plan.style
    if "courses" not in style.extras:
        return
    for floor in range(1, style.floors):
        y = plan.base(floor)
        sheet.box((0, y - 0.1), (plan.width, y + 0.12), style.trim)
        sheet.box((0, y - 0.16), (plan.width, y - 0.1), dim(style.trim, 0.55))
    if chance(rng, 0.3):
        for joint in np.arange(0.4, style.ground, 0.45):
            low, high = (0.0, float(joint)), (plan.width, float(joint) + 0.04)
            sheet.box(low, high, dim(style.color, 0.6))


def _upper_floors(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw the windows above the ground floor; on each floor all have the same form."""
    style = plan.style
    width = plan.width / len(plan.columns) if style.banded else style.window_width
    drawn: list[Sketch] = []
    height = style.window_height
    for floor in range(1, style.floors):
        if not drawn or (not style.banded and chance(rng, 0.3)):
            height = style.window_height * (1.0 if style.banded else between(rng, 0.8, 1.0))
            drawn = [
                draw_window(rng, style, plan.light, sheet.scale, (width, height))
                for _ in range(min(_VARIANTS, len(plan.columns)))
            ]
        sill = plan.base(floor) + _sill_height(style.floor, height, style.window)
        for middle in plan.columns:
            chosen = pick(rng, drawn)
            sheet.paste(chosen, middle - width / 2 - RIM, sill - SILL)
        if style.banded and chance(rng, 0.5):
            sheet.box((0, sill - 0.12), (plan.width, sill), dim(style.trim, 0.9))


def _sill_height(floor: float, height: float, window: str) -> float:
    """Return the meters from the floor to the lower edge of its windows."""
    if window == "french":
        return 0.15
    return max(0.15, min(0.9, floor - height - 0.35))


def _order(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw what divides the wall upright: pilasters, columns, piers, fins, quoins."""
    style, light, foot = plan.style, plan.light, plan.foot
    if style.order == "quoins":
        _quoins(sheet, plan)
        return
    if not style.order:
        return
    wide = {"fins": 0.12, "columns": 0.5, "buttresses": 0.7}.get(
        style.order, between(rng, 0.3, 0.6)
    )
    color = style.trim if style.order in ("pilasters", "columns", "fins") else style.color
    top = plan.eaves - plan.cap * 0.7
    lines = [0.25, *plan.gaps, plan.width - 0.25]
    every = 1 if style.order == "fins" or len(lines) < 8 else int(rng.integers(1, 3))
    for x in lines[::every]:
        fall = 0.2 * light.aside
        sheet.darken_box((x + wide / 2, foot), (x + wide / 2 + fall, top), light.shade)
        sheet.box((x - wide / 2, foot), (x + wide / 2, top), color)
        _round(sheet, style.order == "columns", x, wide, (foot, top))
        if style.order in ("pilasters", "columns"):
            for y in (foot, top - 0.35):
                sheet.box(
                    (x - wide * 0.7, y),
                    (x + wide * 0.7, y + 0.35),
                    mix(color, (250, 246, 236), 0.2),
                )
                sheet.box((x - wide * 0.7, y), (x + wide * 0.7, y + 0.05), dim(color, 0.6))


def _round(sheet: Sketch, column: bool, x: float, wide: float, span: tuple[float, float]) -> None:
    """Shade the sides of a pier, or all around a column."""
    left, right = x - wide / 2, x + wide / 2
    steps = (
        ((0.0, 0.15, 0.8), (0.6, 0.8, 0.85), (0.8, 1.0, 0.62)) if column else ((0.84, 1.0, 0.7),)
    )
    for start, end, dark in steps:
        a, b = left + start * (right - left), left + end * (right - left)
        sheet.darken_box((a, span[0]), (b, span[1]), dark)


def _quoins(sheet: Sketch, plan: Elevation) -> None:
    color = plan.style.trim
    for number, y in enumerate(np.arange(0.0, plan.eaves - plan.cap, 0.36)):
        wide = 0.55 if number % 2 else 0.34
        for low, high in ((0.0, wide), (plan.width - wide, plan.width)):
            sheet.box((low, float(y)), (high, float(y) + 0.32), color)
            sheet.box((low, float(y) + 0.32), (high, float(y) + 0.36), dim(color, 0.6))


def _crown(sheet: Sketch, plan: Elevation) -> None:
    """Draw the top of the wall: gutter, parapet or cornice."""
    style, top = plan.style, plan.eaves
    if style.crown in ("eaves", "gable"):
        sheet.box((0, top - 0.16), (plan.width, top), dim(style.frame, 0.7))
        sheet.box((0, top - 0.22), (plan.width, top - 0.16), dim(style.color, 0.45))
        return
    if style.crown in ("flat", "battlements"):
        sheet.box((0, top - 0.22), (plan.width, top), dim(style.trim, 0.8))
        return
    sheet.box((0, top - 0.12), (plan.width, top), style.trim)
    low = top - plan.cap
    if style.crown != "parapet":
        sheet.box((0, low), (plan.width, low + 0.3), style.trim)
        for x in np.arange(0.1, plan.width, 0.36):
            sheet.box((float(x), low - 0.14), (float(x) + 0.18, low), dim(style.trim, 0.8))
    sheet.box((0, low + 0.24), (plan.width, low + 0.4), mix(style.trim, (250, 248, 240), 0.3))
    drop = 0.35 * plan.light.down
    sheet.darken_box((0, low - drop), (plan.width, low), plan.light.shade)
