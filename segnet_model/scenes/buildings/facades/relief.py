"""What stands out from a front: bays, oriels, balconies, awnings, porticos, scaffolds."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.bays import bays
from segnet_model.scenes.buildings.facades.blocks import REACH, block
from segnet_model.scenes.buildings.facades.mural import Cutout, Mural
from segnet_model.scenes.buildings.facades.shops import lettering
from segnet_model.scenes.buildings.facades.stand import Elevation, Stand
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, Palette, between, chance, dim, pick, pick_color, vary

_SCALE = 28.0  # texels a meter
_FINE = 40.0
_FAR = 75.0  # meters
_CLOTH: Palette = ((150, 40, 40), (40, 90, 60), (40, 60, 110), (226, 220, 206), (200, 150, 60),
                   (60, 60, 64))  # fmt: skip
_IRON: Palette = ((38, 40, 42), (60, 62, 64), (120, 124, 126), (220, 220, 216))


def stand_out(rng: Generator, plan: Elevation, stand: Stand, free: float) -> Iterator[Panel]:
    """Yield all that stands out; `free`: meters before the front where nobody walks."""
    extras = plan.style.extras
    if plan.stacked:
        yield from bays(rng, plan, stand, free)
    if plan.railed:
        yield from _balconies(rng, plan, stand)
    if "awning" in extras and plan.style.base == "shop":
        yield from _awnings(rng, plan, stand)
    if "blade" in extras and plan.style.base == "shop":
        yield from _blade(rng, plan, stand)
    if {"portico", "porch", "canopy"} & extras and plan.style.base in ("door", "office"):
        yield from _porch(rng, plan, stand, free)
    if plan.style.order in ("buttresses", "columns", "fins"):
        yield from _uprights(plan, stand)
    if plan.style.crown in ("cornice", "balustrade", "pediment"):
        yield from _cornice(plan, stand)
    if "scaffold" in extras and plan.style.floors > 1:
        face = stand.face((0.0, plan.width), (0.0, plan.eaves + 1.0), 0.9)
        tubes = Cutout(partial(_scaffold, plan))
        yield Panel(face, tubes, stand.front_light(), _FAR)


def _balconies(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield balconies with railings, glass or solid fronts."""
    style, out = plan.style, between(rng, 0.5, 1.5)
    half, iron = style.bay * 0.46, pick_color(rng, _IRON, 6)
    kind = pick(rng, ("rails", "rails", "glass", "solid"))
    glass = vary(rng, (120, 138, 144), 14)
    colors = (iron, glass if kind == "glass" else style.trim)
    front, side = (Cutout(partial(_railing, w, kind, colors)) for w in (2 * half, out))
    for floor in range(1, style.floors):
        base = plan.base(floor)
        for i in plan.railed:
            s = plan.columns[i] - half, plan.columns[i] + half
            yield from block(stand, s, (base - 0.18, base), (0.0, out), style.trim)
            yield Panel(stand.face(s, (base, base + 1.05), out), front, stand.front_light(), REACH)
            near = stand.near(s)
            cheek = stand.cheek(near, (0.0, out), (base, base + 1.05))
            yield Panel(cheek, side, stand.cheek_light(), REACH)


def _railing(width: float, kind: str, colors: tuple[Color, Color]) -> Sketch:
    """Draw the front of a balcony in the colors of its rails and its panes."""
    iron, pane = colors
    sheet = Sketch(width, 1.05, BUILDING, _FINE)
    if kind in ("glass", "solid"):
        sheet.box((0, 0.05), (width, 1.0), dim(pane, 0.95))
    else:
        for x in np.arange(0.03, width, 0.13):
            sheet.box((float(x), 0), (float(x) + 0.03, 1.0), iron)
        sheet.box((0, 0.06), (width, 0.1), iron)
    sheet.box((0, 0.96), (width, 1.05), iron)
    return sheet


def _awnings(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield sloping cloths over shop windows, with a valance."""
    top, out = plan.style.ground - 0.6, between(rng, 0.8, 1.5)
    low = max(2.15, top - between(rng, 0.4, 0.9))
    wide = plan.width * between(rng, 0.4, 0.95)
    left = between(rng, 0.1, max(0.11, plan.width - wide))
    long = float(np.hypot(out, top - low))
    cloth = Mural(wide, long, BUILDING, 20.0, partial(_stripes, plan, wide, long))
    back = stand.at(left, 0.0, top)
    edge = np.stack([back, stand.at(left + wide, 0.0, top) - back, stand.at(left, out, low) - back])
    light = stand.weather.facing(stand.outward * 0.5 + (0, 0, 0.85))
    yield Panel(edge, cloth, light, REACH)
    valance = stand.face((left, left + wide), (low - 0.25, low), out)
    yield Panel(valance, cloth, stand.front_light(), REACH)


def _stripes(plan: Elevation, wide: float, long: float, scale: float) -> Sketch:
    rng = plan.stream(10)
    sheet, color = Sketch(wide, long, BUILDING, scale), pick_color(rng, _CLOTH, 10)
    sheet.box((0, 0), (wide, long), color)
    if chance(rng, 0.5):
        for x in np.arange(0.0, wide, 0.5):
            sheet.box((float(x), 0), (float(x) + 0.25, long), (232, 226, 212))
    else:
        lettering(rng, sheet, (wide * 0.2, 0.05), (wide * 0.8, long * 0.5), (236, 232, 222))
    sheet.shade(0.8, 1.0)
    return sheet


def _blade(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield a board on a bracket, at right angles to the street."""
    board = Cutout(partial(_paint_blade, plan))
    z = plan.style.ground + between(rng, -0.2, 0.6)
    corners = stand.cheek(between(rng, 0.3, plan.width - 0.3), (0.08, 0.88), (z, z + 0.9))
    yield Panel(corners, board, stand.weather.on_billboard(stand.weather.shade), REACH)


def _paint_blade(plan: Elevation) -> Sketch:
    rng = plan.stream(11)
    sheet = Sketch(0.8, 0.9, BUILDING, _FINE)
    sheet.box((0, 0), (0.8, 0.75), pick_color(rng, _CLOTH, 14))
    sheet.box((0, 0.78), (0.8, 0.84), (30, 30, 32))
    lettering(rng, sheet, (0.03, 0.2), (0.77, 0.6), (240, 236, 224))
    return sheet


def _porch(rng: Generator, plan: Elevation, stand: Stand, free: float) -> Iterator[Panel]:
    """Yield a roof over the door, on columns where nobody walks."""
    style, middle = plan.style, plan.columns[plan.door]
    half = min(plan.width / 2 - 0.1, between(rng, 0.9, 1.6))
    middle = float(np.clip(middle, half, plan.width - half))
    out = min(1.4, free - 0.1) if free > 1.0 else between(rng, 0.4, 0.9)
    low = min(style.ground - 0.3, between(rng, 2.5, 3.4))
    s = middle - half, middle + half
    yield from block(stand, s, (low, low + between(rng, 0.15, 0.5)), (0.0, out), style.trim)
    if free > 1.0 or out < 0.5:
        for x in (s[0], s[1] - 0.26):
            yield from block(stand, (x, x + 0.26), (0.0, low), (out - 0.26, out), style.trim)
    if "canopy" not in style.extras:
        top = Cutout(partial(_pediment, 2 * half, half * 0.5, style.trim))
        face = stand.face(s, (low + 0.4, low + 0.4 + half * 0.5), out)
        yield Panel(face, top, stand.front_light(), REACH)


def _pediment(width: float, height: float, color: Color) -> Sketch:
    """Return a flat triangle with a deep rim."""
    sheet = Sketch(width, height, BUILDING, _SCALE)
    sheet.polygon([(0, 0), (width, 0), (width / 2, height)], color)
    inner = [
        (width * 0.12, height * 0.12),
        (width * 0.88, height * 0.12),
        (width / 2, height * 0.86),
    ]
    sheet.polygon(inner, dim(color, 0.72))
    return sheet


def _uprights(plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield buttresses, half columns or fins."""
    style = plan.style
    wide, out = {"buttresses": (0.7, 0.35), "columns": (0.55, 0.3)}.get(style.order, (0.1, 0.3))
    top = plan.eaves - (1.2 if style.order == "buttresses" else plan.cap)
    every = 1 if len(plan.gaps) < 10 else 2
    color = style.color if style.order == "buttresses" else style.trim
    for x in [wide / 2, *plan.gaps[::every], plan.width - wide / 2]:
        yield from block(stand, (x - wide / 2, x + wide / 2), (plan.foot, top), (0.0, out), color)


def _cornice(plan: Elevation, stand: Stand) -> Iterator[Panel]:
    low = plan.eaves - plan.cap
    yield from block(stand, (0.0, plan.width), (low, low + 0.35), (0.0, 0.4), plan.style.trim, _FAR)


def _scaffold(plan: Elevation) -> Sketch:
    """Draw tubes and planks, some behind a net."""
    rng = plan.stream(12)
    sheet = Sketch(plan.width, plan.eaves + 1.0, BUILDING, _SCALE)
    tube, plank = vary(rng, (150, 150, 148), 12), vary(rng, (164, 132, 92), 10)
    if chance(rng, 0.3):
        color = pick(rng, ((80, 130, 100), (190, 196, 196), (70, 100, 140)))
        sheet.box((0, 2.2), (plan.width, plan.eaves), vary(rng, color, 8))
    for x in np.arange(0.1, plan.width, 2.0):
        sheet.box((float(x), 0), (float(x) + 0.07, sheet.height), tube)
    for y in np.arange(2.0, sheet.height, 2.0):
        sheet.box((0, float(y)), (plan.width, float(y) + 0.2), plank)
        sheet.box((0, float(y) + 1.0), (plan.width, float(y) + 1.06), tube)
    for x in np.arange(0.1, plan.width - 4.0, 6.0):
        sheet.limb([(float(x), 2.0), (float(x) + 4.0, 6.0)], 0.07, tube)
    return sheet
