"""The wall at the street with all that is flat: windows, orders, courses, pipes, shadows."""

import itertools

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.draws import Palette, between, chance, dim, mix, pick, pick_color, vary
from segnet_model.scenes.facades.shops import lettering, paint_base
from segnet_model.scenes.facades.stand import Elevation
from segnet_model.scenes.facades.walls import paint_wall
from segnet_model.scenes.facades.windows import RIM, SILL, draw_window
from segnet_model.scenes.sketch import Sketch

_VARIANTS = 3
_IVY: Palette = ((52, 78, 40), (70, 92, 44), (90, 84, 50), (120, 66, 44))
_OPPOSITE = 17.0  # meters to the houses on the other side, which cast a shadow
_BACK_ROOM = 0.02


def paint_front(plan: Elevation, scale: float) -> Sketch:
    """Paint the front of a house."""
    rng, style = plan.stream(1), plan.style
    sheet = paint_wall(rng, plan, plan.width, plan.eaves, scale)
    _courses(rng, sheet, plan)
    _upper_floors(rng, sheet, plan)
    _order(rng, sheet, plan, style.ground if style.base in ("shop", "office", "arcade") else 0.0)
    if style.wall != "timber" and style.base not in ("shop", "office"):
        sheet.box((0, 0), (plan.width, between(rng, 0.2, 0.7)), dim(style.trim, 0.7))
    paint_base(rng, sheet, plan)
    _crown(sheet, plan)
    _fittings(rng, sheet, plan)
    _shadows(rng, sheet, plan)
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
    band = style.window in ("curtain", "ribbon")
    width = plan.width / len(plan.columns) if band else style.window_width
    drawn: list[Sketch] = []
    height = style.window_height
    for floor in range(1, style.floors):
        if not drawn or (not band and chance(rng, 0.3)):
            height = style.window_height * (1.0 if band else between(rng, 0.8, 1.0))
            drawn = [
                draw_window(rng, style, plan.light, sheet.scale, (width, height))
                for _ in range(min(_VARIANTS, len(plan.columns)))
            ]
        sill = plan.base(floor) + _sill_height(style.floor, height, style.window)
        for middle in plan.columns:
            chosen = pick(rng, drawn)
            sheet.paste(chosen, middle - width / 2 - RIM, sill - SILL)
        if band and chance(rng, 0.5):
            sheet.box((0, sill - 0.12), (plan.width, sill), dim(style.trim, 0.9))


def _sill_height(floor: float, height: float, window: str) -> float:
    """Return the meters from the floor to the lower edge of its windows."""
    if window == "french":
        return 0.15
    return max(0.15, min(0.9, floor - height - 0.35))


def _order(rng: Generator, sheet: Sketch, plan: Elevation, foot: float) -> None:
    """Draw what divides the wall upright: pilasters, columns, piers, fins, quoins."""
    style, light = plan.style, plan.light
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
    lines = _between(plan)
    every = 1 if style.order == "fins" or len(lines) < 8 else int(rng.integers(1, 3))
    for x in lines[::every]:
        fall = 0.2 * light.aside
        sheet.darken([(x + wide / 2, foot), (x + wide / 2 + fall, foot),
                      (x + wide / 2 + fall, top), (x + wide / 2, top)], light.shade)  # fmt: skip
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
        sheet.darken([(a, span[0]), (b, span[0]), (b, span[1]), (a, span[1])], dark)


def _between(plan: Elevation) -> list[float]:
    """Return the places between the windows, and both edges."""
    columns = plan.columns
    middles = [(a + b) / 2 for a, b in itertools.pairwise(columns)]
    return [0.25, *middles, plan.width - 0.25]


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
    sheet.darken(
        [(0, low - drop), (plan.width, low - drop), (plan.width, low), (0, low)], plan.light.shade
    )


def _fittings(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw drainpipes, cables, alarm boxes, plates, brackets, ivy and flagpoles."""
    style, extras = plan.style, plan.style.extras
    if "pipes" in extras:
        _pipes(rng, sheet, plan)
    if "cables" in extras:
        y = plan.style.ground + between(rng, -0.3, 0.5)
        points = [(float(x), y + float(rng.normal(0, 0.06))) for x in np.arange(0, plan.width, 2.0)]
        sheet.limb(points, 0.035, (40, 40, 42))
    if "boxes" in extras:
        for _ in range(int(rng.integers(1, 4))):
            x, y = between(rng, 0.3, plan.width - 0.6), between(rng, 2.2, plan.eaves - 0.8)
            sheet.box(
                (x, y),
                (x + 0.3, y + 0.35),
                pick_color(rng, ((230, 228, 220), (200, 60, 50), (60, 90, 160)), 10),
            )
    if "plates" in extras:
        x, y = between(rng, 0.2, max(0.3, plan.width - 1.4)), between(rng, 2.4, 3.2)
        sheet.box((x, y), (x + 1.1, y + 0.22), (236, 236, 230))
        lettering(rng, sheet, (x, y), (x + 1.1, y + 0.22), (30, 32, 36))
    if "hoarding" in extras:
        _poster(rng, sheet, plan)
    if "ivy" in extras:
        _ivy(rng, sheet, plan)
    if style.base not in ("shop", "office"):
        for x in plan.columns[::3]:
            if chance(rng, 0.2):
                sheet.disc((x + style.bay * 0.45, 2.2), 0.12, (230, 226, 206))


def _pipes(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw drainpipes from the gutter to the street, with brackets and a hopper."""
    color = vary(rng, pick(rng, ((40, 40, 42), (96, 94, 90), (220, 216, 206), (80, 60, 52))), 8)
    for edge in (0.18, plan.width - 0.18)[: int(rng.integers(1, 3))]:
        x, wide, top = edge, between(rng, 0.09, 0.14), plan.eaves - 0.2
        fall = 0.12 * plan.light.aside
        sheet.darken([(x + wide, 0), (x + wide + fall, 0), (x + wide + fall, top), (x + wide, top)],
                     plan.light.shade)  # fmt: skip
        sheet.box((x, 0), (x + wide, top), color)
        sheet.box((x + wide * 0.7, 0), (x + wide, top), dim(color, 0.6))
        for y in np.arange(1.2, top, 1.8):
            sheet.box((x - 0.03, float(y)), (x + wide + 0.03, float(y) + 0.06), dim(color, 0.7))
        sheet.box((x - 0.08, top - 0.3), (x + wide + 0.08, top), color)


def _poster(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    wide, tall = min(plan.width - 0.4, between(rng, 2.0, 5.0)), between(rng, 1.4, 2.6)
    x, y = between(rng, 0.2, plan.width - wide), between(rng, 0.4, 1.2)
    color = vary(rng, pick(rng, ((220, 60, 50), (40, 110, 190), (240, 200, 60), (60, 60, 64))), 20)
    sheet.box((x - 0.1, y - 0.1), (x + wide + 0.1, y + tall + 0.1), (206, 204, 198))
    sheet.box((x, y), (x + wide, y + tall), color)
    lettering(rng, sheet, (x, y + tall * 0.5), (x + wide, y + tall), (246, 244, 236))
    sheet.disc(
        (x + wide * between(rng, 0.2, 0.8), y + tall * 0.35),
        tall * 0.25,
        vary(rng, (214, 170, 130), 30),
    )


def _ivy(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    leaf, root = pick_color(rng, _IVY, 8), between(rng, 0, plan.width)
    reach, rise = between(rng, 1.0, 4.0), between(rng, 2.0, plan.eaves)
    for _ in range(260):
        up = float(rng.random())
        x = root + float(rng.normal(0, reach * (1 - 0.4 * up)))
        sheet.disc((x, up * rise), between(rng, 0.08, 0.24), vary(rng, leaf, 14))


def _shadows(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw the shadows of what stands out, of the roof's edge and of the houses opposite."""
    light, style = plan.light, plan.style
    for floor in range(1, style.floors):
        y = plan.base(floor)
        for i in plan.railed:
            x, half, drop = plan.columns[i], style.bay * 0.45, 1.1 * light.down
            side = 1.1 * light.aside
            sheet.darken([(x - half, y), (x + half, y), (x + half + side, y - drop),
                          (x - half + side, y - drop)], light.shade)  # fmt: skip
    if style.crown in ("eaves", "mansard"):
        drop, top = 0.4 * light.down, plan.eaves
        sheet.darken([(0, top - drop), (plan.width, top - drop), (plan.width, top), (0, top)],
                     light.shade)  # fmt: skip
    if light.shade < 0.9 and chance(rng, 0.6):
        _skyline(rng, sheet, plan)


def _skyline(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw the shadow of the other side of the street."""
    points, x = [(0.0, 0.0)], 0.0
    while x < plan.width:
        wide = between(rng, 4.0, 12.0)
        top = between(rng, 6.0, 16.0) - _OPPOSITE * plan.light.down
        points += [(x, max(0.0, top)), (x + wide * 0.5, max(0.0, top + between(rng, 0, 2.5)))]
        points += [(x + wide, max(0.0, top))]
        x += wide
    points.append((x, 0.0))
    if max(y for _, y in points) > _BACK_ROOM:
        sheet.darken(points, plan.light.shade)
