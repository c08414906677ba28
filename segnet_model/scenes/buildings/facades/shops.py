"""The ground floor at the street: shop fronts, offices, arcades, doors, garages and gates."""

import itertools
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.stand import Elevation
from segnet_model.scenes.buildings.facades.windows import draw_window, glass
from segnet_model.scenes.drawing.sketch import Point, Sketch
from segnet_model.scenes.draws import (
    Color,
    Palette,
    between,
    chance,
    dim,
    mix,
    pick,
    pick_color,
    vary,
)

_PAINTS: Palette = (
    (34, 58, 74), (112, 30, 36), (30, 62, 46), (40, 38, 46), (172, 136, 56), (228, 224, 214),
    (26, 84, 150), (196, 40, 38), (220, 120, 30), (90, 40, 90), (60, 60, 62), (120, 150, 60),
    (236, 200, 60), (20, 24, 30),
)  # fmt: skip
_LETTERS = "AAABCDEEEEFGHIIKLMNNOOPRRSSTTUVWY"
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
_DARK: Color = (24, 26, 30)


def paint_base(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw the ground floor."""
    _BASES[plan.style.base](rng, sheet, plan)


def lettering(rng: Generator, sheet: Sketch, low: Point, high: Point, color: Color) -> None:
    """Write a name into a box."""
    tall = (high[1] - low[1]) * between(rng, 0.45, 0.7)
    count = int(np.clip((high[0] - low[0]) / tall * between(rng, 0.5, 0.95), 2, 14))
    text = "".join(pick(rng, _LETTERS) for _ in range(count))
    size = tall * sheet.scale / 22.0
    if size < 0.12:
        return
    font, thick = pick(rng, _FONTS), max(1, round(size * 2.2))
    (wide, _), _ = cv2.getTextSize(text, font, size, thick)
    free = (high[0] - low[0]) - wide / sheet.scale
    x = low[0] + max(0.0, free) * pick(rng, (0.1, 0.5, 0.5))
    y = low[1] + (high[1] - low[1] - tall) / 2
    foot = round(x * sheet.scale), round((sheet.height - y) * sheet.scale)
    cv2.putText(sheet.rgb, text, foot, font, size, color, thick, cv2.LINE_AA)


def _shops(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw one shop or several beside each other, with piers between."""
    count = max(1, round(plan.width / between(rng, 4.0, 8.0)))
    edges = np.linspace(0, plan.width, count + 1)
    for left, right in itertools.pairwise(edges):
        _shop(rng, sheet, (float(left), float(right)), plan.style.ground - 0.1)
    for x in edges:
        pier = plan.style.trim if chance(rng, 0.6) else dim(plan.style.color, 0.9)
        sheet.box((float(x) - 0.2, 0), (float(x) + 0.2, plan.style.ground), pier)
        sheet.box((float(x) + 0.12, 0), (float(x) + 0.2, plan.style.ground), dim(pier, 0.65))


def _shop(rng: Generator, sheet: Sketch, span: tuple[float, float], top: float) -> None:
    left, right = span[0] + 0.15, span[1] - 0.15
    paint, board = pick_color(rng, _PAINTS, 8), between(rng, 0.45, 0.9)
    head, riser = top - board, between(rng, 0.05, 0.6)
    sheet.box((left, 0), (right, top), dim(paint, 0.7))
    if chance(rng, 0.06):
        _shuttered(sheet, (left, 0.0), (right, head), vary(rng, (150, 152, 150), 16))
    else:
        _panes(rng, sheet, (left, right), riser, head, paint)
    fascia = paint if chance(rng, 0.6) else pick_color(rng, _PAINTS, 8)
    sheet.box((left - 0.1, head), (right + 0.1, top), fascia)
    ink = (238, 234, 222) if sum(fascia) < 380 else (40, 36, 40)
    lettering(rng, sheet, (left, head), (right, top), vary(rng, ink, 10))
    sheet.box(
        (left - 0.15, top - 0.06), (right + 0.15, top + 0.08), mix(fascia, (200, 196, 190), 0.5)
    )
    sheet.darken_box((left, head - 0.3), (right, head), 0.55)


def _panes(
    rng: Generator,
    sheet: Sketch,
    span: tuple[float, float],
    riser: float,
    head: float,
    paint: Color,
) -> None:
    """Draw the door and the panes of a shop, with goods, posters and lamps behind them."""
    left, right = span
    wide = min(1.3, (right - left) * 0.4)
    door = between(rng, left, right - wide)
    sheet.box((left, riser), (right, head), _DARK)
    edges = [
        left,
        *np.arange(left + between(rng, 0.9, 2.2), right - 0.5, between(rng, 1.0, 2.4)),
        right,
    ]
    for low, high in itertools.pairwise(edges):
        a, b = (float(low) + 0.04, riser + 0.04), (float(high) - 0.04, head - 0.05)
        glass(rng, sheet, a, b, 0.25)
        _display(rng, sheet, a, b)
    if chance(rng, 0.5):
        bar = head - between(rng, 0.4, 0.8)
        sheet.box((left, bar), (right, bar + 0.06), paint)
    sheet.box((door, 0), (door + wide, head), dim(_DARK, 0.7))
    sheet.box((door + 0.15, 0.05), (door + wide - 0.15, head - 0.5), dim(paint, 0.8))
    glass(rng, sheet, (door + 0.26, 0.4), (door + wide - 0.26, head - 0.6), 0.3)


def _display(rng: Generator, sheet: Sketch, low: Point, high: Point) -> None:
    """Draw goods, a poster, and lamps behind a pane."""
    width, height = high[0] - low[0], high[1] - low[1]
    for _ in range(int(rng.integers(0, 5))):
        x, up = low[0] + between(rng, 0, 0.8) * width, between(rng, 0.1, 0.5) * height
        color = dim(vary(rng, pick(rng, _PAINTS), 30), between(rng, 0.5, 1.0))
        sheet.box((x, low[1]), (x + between(rng, 0.1, 0.3) * width, low[1] + up), color)
    if chance(rng, 0.25):
        x, y = low[0] + between(rng, 0.05, 0.4) * width, low[1] + between(rng, 0.2, 0.4) * height
        end = (x + width * between(rng, 0.25, 0.55), y + height * between(rng, 0.3, 0.5))
        sheet.box((x, y), end, vary(rng, pick(rng, (*_PAINTS, (240, 238, 230))), 20))
    if chance(rng, 0.4):
        for lamp in np.arange(low[0] + 0.2, high[0] - 0.1, 0.5):
            sheet.disc((float(lamp), high[1] - 0.25), 0.05, (250, 236, 200))


def _shuttered(sheet: Sketch, low: Point, high: Point, color: Color) -> None:
    sheet.box(low, high, color)
    for y in np.arange(low[1], high[1], 0.12):
        sheet.box((low[0], float(y)), (high[0], float(y) + 0.03), dim(color, 0.7))


def _office(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw a glazed ground floor with a wide entrance."""
    top = plan.style.ground - between(rng, 0.3, 0.7)
    sheet.box((0, 0), (plan.width, top), plan.style.frame)
    step = between(rng, 1.2, 2.6)
    for x in np.arange(0.0, plan.width, step):
        glass(rng, sheet, (float(x) + 0.06, 0.1), (float(x) + step - 0.06, top - 0.08), 0.35)
    door = plan.columns[plan.door]
    sheet.box((door - 1.0, 0), (door + 1.0, 2.6), dim(plan.style.frame, 0.5))
    glass(rng, sheet, (door - 0.9, 0.05), (door - 0.04, 2.5), 0.2)
    glass(rng, sheet, (door + 0.04, 0.05), (door + 0.9, 2.5), 0.2)
    if chance(rng, 0.5):
        lettering(rng, sheet, (door - 2.5, top), (door + 2.5, plan.style.ground), (230, 230, 226))


def _arcade(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw arches or square openings, deep in shadow, between piers."""
    step, top = between(rng, 2.4, 4.2), plan.style.ground - between(rng, 0.4, 0.8)
    round_ = plan.style.kind in ("mansion", "mill")
    count = max(1, round(plan.width / step))
    step = plan.width / count
    for i in range(count):
        low, high = i * step + 0.35, (i + 1) * step - 0.35
        half = (high - low) / 2
        spring = max(1.2, top - half) if round_ else top
        deep = vary(rng, (34, 34, 36), 6)
        sheet.box((low - 0.12, 0), (high + 0.12, spring), plan.style.trim)
        if round_:
            sheet.oval((low + half, spring), (half + 0.12, top - spring + 0.12), plan.style.trim)
            sheet.oval((low + half, spring), (half, top - spring), deep)
        sheet.box((low, 0), (high, spring), deep)
        glass(rng, sheet, (low + 0.3, 0.2), (high - 0.3, spring - 0.4), 0.1)
        sheet.darken_box((low, 0), (high, spring), 0.6)


def _doors(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw a door among windows."""
    style = plan.style
    top = style.ground - 0.35
    height = min(style.window_height * 1.1, style.ground - 1.2)
    window = draw_window(rng, style, plan.light, sheet.scale, (style.window_width, height))
    for number, middle in enumerate(plan.columns):
        if number != plan.door:
            left = middle - window.width / 2
            sheet.paste(window, left, style.ground - 0.5 - window.height + 0.1)
    door(rng, sheet, plan.columns[plan.door], min(top, between(rng, 2.3, 3.2)), plan)


def door(rng: Generator, sheet: Sketch, middle: float, top: float, plan: Elevation) -> None:
    """Draw a door with its frame, fanlight, steps and lamp."""
    half, paint = between(rng, 0.45, 0.6), pick_color(rng, _PAINTS, 8)
    if plan.style.kind in ("mansion", "chapel"):
        half *= 1.7
    sheet.box((middle - half - 0.2, 0), (middle + half + 0.2, top + 0.15), plan.style.trim)
    sheet.box((middle - half, 0), (middle + half, top), dim(paint, 0.5))
    sheet.box((middle - half + 0.05, 0.1), (middle + half - 0.05, min(top, 2.1)), paint)
    for y in (0.3, 1.15):
        for x in (middle - half * 0.75, middle + half * 0.1):
            sheet.box((x, y), (x + half * 0.65, y + 0.65), dim(paint, 0.75))
    if top > 2.3:
        glass(rng, sheet, (middle - half + 0.05, 2.15), (middle + half - 0.05, top - 0.05))
    sheet.box((middle - half - 0.3, 0), (middle + half + 0.3, 0.14), (150, 146, 138))
    sheet.darken_box((middle - half, top - 0.3), (middle + half, top), 0.6)


def _garage(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw garage doors or a gate, and a door and windows beside them."""
    _doors(rng, sheet, plan)
    wide, tall = between(rng, 2.3, 3.2), between(rng, 2.0, min(2.8, plan.style.ground - 0.2))
    count = 1 if plan.width < 9 else int(rng.integers(1, 4))
    x = between(rng, 0.3, max(0.4, plan.width - count * (wide + 0.3) - 0.3))
    color = pick_color(rng, (*_PAINTS, (226, 224, 218), (120, 88, 60)), 8)
    for i in range(count):
        low = x + i * (wide + 0.3)
        sheet.box((low - 0.1, 0), (low + wide + 0.1, tall + 0.12), plan.style.trim)
        if chance(rng, 0.5):
            _shuttered(sheet, (low, 0), (low + wide, tall), color)
        else:
            _boarded(sheet, (low, 0), (low + wide, tall), color)


def _boarded(sheet: Sketch, low: Point, high: Point, color: Color) -> None:
    """Draw a gate of upright boards with two wings."""
    sheet.box(low, high, color)
    for x in np.arange(low[0], high[0], 0.18):
        sheet.box((float(x), low[1]), (float(x) + 0.03, high[1]), dim(color, 0.65))
    middle = (low[0] + high[0]) / 2
    sheet.box((middle - 0.03, low[1]), (middle + 0.03, high[1]), dim(color, 0.35))


_BASES: Mapping[str, Callable[[Generator, Sketch, Elevation], None]] = {
    "shop": _shops, "office": _office, "arcade": _arcade, "door": _doors, "garage": _garage,
}  # fmt: skip
