"""Windows: sashes, casements, tall and arched ones, lancets, grids, bands and walls of glass."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.stand import Light
from segnet_model.scenes.buildings.facades.style import Style
from segnet_model.scenes.classes import BUILDING
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

RIM = 0.22  # meters of wall around a window that its sheet shows
SILL = 0.3
_GLASS: Palette = ((34, 40, 48), (48, 58, 68), (26, 28, 32), (66, 80, 94), (40, 52, 50))
_SKY: Color = (168, 188, 208)
_CURTAIN: Palette = ((222, 216, 202), (196, 190, 178), (170, 120, 100), (236, 236, 232))
_SHUTTERS: Palette = ((60, 84, 70), (70, 90, 120), (130, 60, 54), (200, 196, 186), (90, 70, 54))


def draw_window(
    rng: Generator, style: Style, light: Light, scale: float, size: tuple[float, float]
) -> Sketch:
    """Return a window of (width, height) meters with its surround, RIM wider and SILL lower."""
    sheet = Sketch(size[0] + 2 * RIM, size[1] + SILL + RIM, BUILDING, scale)
    low, high = (RIM, SILL), (RIM + size[0], SILL + size[1])
    _SHAPES[style.window](rng, sheet, style, low, high)
    if not style.banded:
        _reveal(sheet, light, low, high)
        _sill(sheet, style, low, high)
    return sheet


def glass(rng: Generator, sheet: Sketch, low: Point, high: Point, sky: float = 0.35) -> None:
    """Fill a pane: dark, or with the sky over roofs in it, curtains, a blind or a lamp."""
    color, width, height = pick_color(rng, _GLASS, 8), high[0] - low[0], high[1] - low[1]
    sheet.box(low, high, color)
    mood = rng.random()
    if mood < sky:
        cut = low[1] + height * between(rng, 0.1, 0.7)
        other = low[1] + height * between(rng, 0.1, 0.7)
        bright = mix(color, vary(rng, _SKY, 16), between(rng, 0.35, 0.95))
        sheet.polygon([(low[0], cut), (high[0], other), high, (low[0], high[1])], bright)
    elif mood < sky + 0.2:
        _curtains(rng, sheet, low, high)
    elif mood < sky + 0.3:
        drop = high[1] - height * between(rng, 0.2, 0.9)
        sheet.box((low[0], drop), high, dim(pick_color(rng, _CURTAIN, 8), 0.7))
    elif mood < sky + 0.4:
        middle = low[0] + width * between(rng, 0.2, 0.8), low[1] + height * between(rng, 0.4, 0.8)
        radius = min(width, height) * between(rng, 0.08, 0.2)
        sheet.disc(middle, radius, (232, 206, 150))
    sheet.box((low[0], high[1] - 0.06), high, dim(color, 0.5))


def _curtains(rng: Generator, sheet: Sketch, low: Point, high: Point) -> None:
    cloth, width = dim(pick_color(rng, _CURTAIN, 8), 0.75), high[0] - low[0]
    share = between(rng, 0.15, 0.48)
    sheet.box(low, (low[0] + width * share, high[1]), cloth)
    sheet.box((high[0] - width * share, low[1]), high, dim(cloth, 0.9))


def _bars(
    sheet: Sketch, low: Point, high: Point, color: Color, count: tuple[int, int], thick: float
) -> None:
    """Draw a frame and the bars of `count` panes across and up."""
    for i in range(count[0] + 1):
        x = low[0] + (high[0] - low[0]) * i / count[0]
        sheet.box((x - thick / 2, low[1]), (x + thick / 2, high[1]), color)
    for j in range(count[1] + 1):
        y = low[1] + (high[1] - low[1]) * j / count[1]
        sheet.box((low[0], y - thick / 2), (high[0], y + thick / 2), color)


def _surround(sheet: Sketch, style: Style, low: Point, high: Point, wide: float) -> None:
    sheet.box((low[0] - wide, low[1] - 0.05), (high[0] + wide, high[1] + wide), style.trim)


def _sash(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    _lintel(rng, sheet, style, low, high)
    glass(rng, sheet, low, high)
    panes = pick(rng, ((1, 2), (2, 2), (2, 4), (3, 4)))
    _bars(sheet, low, high, style.frame, panes, 0.045)
    _bars(sheet, low, high, style.frame, (1, 2), 0.09)


def _lintel(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    kind = rng.random()
    if kind < 0.4:
        _surround(sheet, style, low, high, between(rng, 0.08, 0.18))
    elif kind < 0.75:
        top = high[1] + between(rng, 0.12, 0.2)
        left, right = low[0] - 0.12, high[0] + 0.12
        sheet.polygon(
            [(low[0], high[1]), (high[0], high[1]), (right, top), (left, top)], style.trim
        )


def _casement(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    _lintel(rng, sheet, style, low, high)
    count = max(1, round((high[0] - low[0]) / between(rng, 0.5, 0.8)))
    for i in range(count):
        step = (high[0] - low[0]) / count
        glass(rng, sheet, (low[0] + i * step, low[1]), (low[0] + (i + 1) * step, high[1]))
    _bars(sheet, low, high, style.frame, (count, 1), 0.08)
    if chance(rng, 0.5):
        top = high[1] - 0.3 * (high[1] - low[1])
        sheet.box((low[0], top - 0.03), (high[0], top + 0.03), style.frame)
    if "shutters" in style.extras:
        paint = pick_color(rng, _SHUTTERS, 6)
        for x in (low[0] - RIM, high[0]):
            sheet.box((x, low[1]), (x + RIM, high[1]), paint)
            sheet.box((x + 0.04, low[1] + 0.06), (x + RIM - 0.04, high[1] - 0.06), dim(paint, 0.8))


def _tall(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    _surround(sheet, style, low, high, 0.16)
    if chance(rng, 0.4):
        middle, top = (low[0] + high[0]) / 2, high[1] + RIM
        left, right = (low[0] - 0.2, high[1] + 0.06), (high[0] + 0.2, high[1] + 0.06)
        sheet.polygon([left, right, (middle, top)], dim(style.trim, 0.9))
    glass(rng, sheet, low, high)
    rows = max(2, round((high[1] - low[1]) / 0.6))
    _bars(sheet, low, high, style.frame, (2, rows), 0.045)
    _bars(sheet, low, high, style.frame, (1, 1), 0.09)


def _french(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    _surround(sheet, style, low, high, 0.08)
    middle = (low[0] + high[0]) / 2
    glass(rng, sheet, low, (middle, high[1]))
    glass(rng, sheet, (middle, low[1]), high)
    _bars(sheet, low, high, style.frame, (2, 1), 0.1)


def _arch(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    middle, half = (low[0] + high[0]) / 2, (high[0] - low[0]) / 2
    spring = max(low[1] + 0.2, high[1] - half)
    rise = high[1] - spring
    sheet.oval((middle, spring), (half + 0.16, rise + 0.16), style.trim)
    sheet.box((low[0] - 0.16, low[1]), (high[0] + 0.16, spring), style.trim)
    glass(rng, sheet, low, (high[0], spring))
    pane = vary(rng, pick(rng, (*_GLASS, _SKY)), 8)
    _half_disc(sheet, (middle, spring), (half, rise), pane)
    _bars(sheet, low, (high[0], spring), style.frame, (2, 2), 0.06)
    sheet.box((middle - 0.03, spring), (middle + 0.03, high[1]), style.frame)
    for aside in (-0.7, 0.7):
        sheet.limb(
            [(middle, spring), (middle + aside * half, spring + 0.7 * rise)], 0.05, style.frame
        )


def _half_disc(sheet: Sketch, center: Point, radii: Point, color: Color) -> None:
    angles = np.linspace(0, np.pi, 13)
    ring = [
        (center[0] + radii[0] * float(np.cos(a)), center[1] + radii[1] * float(np.sin(a)))
        for a in angles
    ]
    sheet.polygon(ring, color)


def _lancet(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    middle, half = (low[0] + high[0]) / 2, (high[0] - low[0]) / 2
    spring = max(low[1] + 0.3, high[1] - 1.6 * half)
    for grow, color in ((0.2, style.trim), (0.0, vary(rng, (36, 38, 46), 5))):
        points = _pointed(middle, half + grow, spring, high[1] + grow)
        points += [(high[0] + grow, low[1]), (low[0] - grow, low[1])]
        sheet.polygon(points, color)
    lights = int(rng.integers(1, 4))
    for i in range(1, lights):
        x = low[0] + (high[0] - low[0]) * i / lights
        sheet.box((x - 0.05, low[1]), (x + 0.05, spring), style.trim)
    for i in range(lights):
        x, width = low[0] + (high[0] - low[0]) * (i + 0.5) / lights, half / lights
        sheet.limb(_pointed(x, width, spring - 0.2, spring + width), 0.07, style.trim)
    for y in np.arange(low[1] + 0.4, spring, 0.5):
        sheet.box((low[0], float(y)), (high[0], float(y) + 0.02), (60, 62, 66))


def _pointed(middle: float, half: float, spring: float, top: float) -> list[Point]:
    """Return a pointed arch from the left to the right."""
    shares = np.linspace(0, 1, 7)
    left = [(middle - half * float(1 - s**2.0), spring + (top - spring) * float(s)) for s in shares]
    return left + [(2 * middle - x, y) for x, y in left[::-1]]


def _grid(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    glass(rng, sheet, low, high, 0.5)
    count = max(2, round((high[0] - low[0]) / 0.4)), max(2, round((high[1] - low[1]) / 0.4))
    _bars(sheet, low, high, style.frame, count, 0.05)


def _square(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    glass(rng, sheet, low, high, 0.45)
    split = low[0] + (high[0] - low[0]) * pick(rng, (0.3, 0.5, 0.7, 1.0))
    _bars(sheet, low, high, style.frame, (1, 1), 0.09)
    sheet.box((split - 0.045, low[1]), (split + 0.045, high[1]), style.frame)
    if chance(rng, 0.4):
        below = vary(rng, style.color, 24)
        sheet.box((low[0], low[1] - SILL), (high[0], low[1]), below)


def _band(rng: Generator, sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    """Draw one field of a band of windows or of a wall of glass: it reaches both sides."""
    left, right = (0.0, low[1]), (sheet.width, high[1])
    glass(rng, sheet, left, right, 0.6)
    thick = between(rng, 0.05, 0.14)
    sheet.box((0.0, low[1]), (thick, high[1]), style.frame)
    if chance(rng, 0.6):
        split = low[1] + (high[1] - low[1]) * between(rng, 0.2, 0.8)
        sheet.box((0.0, split), (sheet.width, split + 0.07), style.frame)


_SHAPES: Mapping[str, Callable[[Generator, Sketch, Style, Point, Point], None]] = {
    "sash": _sash, "casement": _casement, "tall": _tall, "french": _french, "arch": _arch,
    "lancet": _lancet, "grid": _grid, "square": _square, "ribbon": _band, "curtain": _band,
}  # fmt: skip


def _reveal(sheet: Sketch, light: Light, low: Point, high: Point) -> None:
    """Draw the shadow that the wall casts on the glass set back in it."""
    back = 0.14
    down, aside = back * light.down, back * light.aside
    sheet.darken_box((low[0], high[1] - down), high, light.shade)
    x = low[0] if aside > 0 else high[0]
    sheet.darken_box((x, low[1]), (x + aside, high[1]), light.shade)


def _sill(sheet: Sketch, style: Style, low: Point, high: Point) -> None:
    sheet.box((low[0] - 0.12, low[1] - 0.12), (high[0] + 0.12, low[1]), style.trim)
    sheet.box((low[0] - 0.12, low[1] - 0.17), (high[0] + 0.12, low[1] - 0.1), dim(style.trim, 0.55))
