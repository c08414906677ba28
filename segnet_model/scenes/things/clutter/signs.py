"""Signs and traffic lights."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.shops import lettering
from segnet_model.scenes.classes import POLE
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, Palette, between, chance, dim, pick, pick_color, vary
from segnet_model.scenes.things.clutter.tools import DARK, WHITE, plate, post
from segnet_model.scenes.things.furniture import SIGNS

_BOARDS: Palette = ((30, 84, 170), (24, 96, 62), (240, 240, 238), (246, 204, 40), (120, 70, 40))
_STOPS: Palette = ((200, 36, 40), (246, 204, 40), (30, 110, 70), (30, 84, 170), (240, 240, 238))


def _ink(color: Color) -> Color:
    """Return the color of letters that are seen on a board."""
    return DARK if sum(color) > 450 else WHITE


def faces(rng: Generator, sheet: Sketch) -> None:
    """Draw one or two signs over each other, some with a plate below, some seen from behind."""
    middle, half = sheet.width / 2, between(rng, 0.3, 0.46)
    post(rng, sheet, middle, sheet.height - half)
    y = sheet.height - half - 0.03
    for _ in range(1 + chance(rng, 0.3)):
        if chance(rng, 0.12):
            sheet.disc((middle, y), half, vary(rng, (120, 122, 124), 10))
        else:
            pick(rng, SIGNS)(sheet, (middle, y), half)
        y -= 2 * half + 0.05
    if chance(rng, 0.4):
        low, high = (middle - half, y + half - 0.32), (middle + half, y + half)
        plate(sheet, low, high, WHITE, DARK)
        lettering(rng, sheet, low, high, DARK)


def name_plate(rng: Generator, sheet: Sketch) -> None:
    """Draw the name of a street on a board with two short posts."""
    wide = sheet.width
    for x in (0.2, wide - 0.2):
        post(rng, sheet, x, sheet.height - 0.1)
    color = pick(rng, (WHITE, WHITE, (30, 70, 140), (40, 90, 60)))
    low, high = (0.0, sheet.height - 0.32), (wide, sheet.height)
    plate(sheet, low, high, color, dim(color, 0.6))
    lettering(rng, sheet, low, high, DARK if color == WHITE else WHITE)


def fingers(rng: Generator, sheet: Sketch) -> None:
    """Draw boards that point to both sides from one post."""
    middle, y = sheet.width / 2, sheet.height - 0.3
    post(rng, sheet, middle, sheet.height)
    color = pick_color(rng, _BOARDS, 8)
    ink = _ink(color)
    for _ in range(int(rng.integers(1, 5))):
        side, long = pick(rng, (-1.0, 1.0)), between(rng, 0.6, 0.95)
        tip = middle + side * long
        back = middle - side * 0.1
        low = y - 0.2
        sheet.polygon([(back, low), (tip - side * 0.12, low), (tip, low + 0.1),
                       (tip - side * 0.12, y), (back, y)], color)  # fmt: skip
        left = min(back, tip - side * 0.12)
        lettering(rng, sheet, (left + 0.05, low), (left + long - 0.2, y), ink)
        y -= 0.26


def bus_stop(rng: Generator, sheet: Sketch) -> None:
    """Draw the flag and the timetable of a bus stop."""
    at = 0.35
    post(rng, sheet, at, sheet.height - 0.05)
    color = pick_color(rng, _STOPS, 8)
    low, high = (at, sheet.height - between(rng, 0.5, 0.9)), (sheet.width, sheet.height)
    plate(sheet, low, high, color, WHITE)
    middle = (low[0] + high[0]) / 2, high[1] - 0.24
    sheet.disc(middle, 0.18, WHITE if sum(color) < 450 else (30, 110, 70))
    lettering(rng, sheet, low, (high[0], low[1] + 0.25), _ink(color))
    plate(sheet, (at - 0.22, 1.1), (at + 0.22, 1.8), WHITE, DARK)
    for row in np.arange(1.2, 1.7, 0.1):
        sheet.box((at - 0.16, float(row)), (at + 0.16, float(row) + 0.03), (120, 122, 126))


def direction(rng: Generator, sheet: Sketch) -> None:
    """Draw a large board with names and arrows on two posts."""
    metal = post(rng, sheet, sheet.width * 0.22, sheet.height - 0.2)
    post(rng, sheet, sheet.width * 0.78, sheet.height - 0.2, color=metal)
    color, low = pick_color(rng, _BOARDS, 8), (0.0, sheet.height - between(rng, 0.9, 1.5))
    ink = _ink(color)
    plate(sheet, low, (sheet.width, sheet.height), color, ink)
    rows = int(rng.integers(1, 4))
    step = (sheet.height - low[1]) / rows
    for row in range(rows):
        y = low[1] + row * step
        lettering(rng, sheet, (0.4, y + 0.05), (sheet.width - 0.1, y + step - 0.05), ink)
        sheet.polygon(
            [(0.12, y + step * 0.3), (0.32, y + step * 0.3), (0.22, y + step * 0.75)], ink
        )


def parking(rng: Generator, sheet: Sketch) -> None:
    """Draw a small plate about parking or a path."""
    middle, half = sheet.width / 2, between(rng, 0.16, 0.3)
    post(rng, sheet, middle, sheet.height - 0.1)
    low, high = (middle - half, sheet.height - 2.6 * half), (middle + half, sheet.height)
    color = pick_color(rng, (*_BOARDS, WHITE, WHITE), 6)
    plate(sheet, low, high, color, dim(color, 0.5))
    ink = _ink(color)
    lettering(rng, sheet, (low[0], high[1] - 1.2 * half), high, ink)
    sheet.box((low[0] + 0.06, low[1] + 0.1), (high[0] - 0.06, low[1] + 0.16), ink)


def keep_side(rng: Generator, sheet: Sketch) -> None:
    """Draw a lit bollard with an arrow."""
    sheet.box((0, 0), (sheet.width, sheet.height), pick(rng, (WHITE, (246, 204, 40))))
    sheet.box((0, 0), (sheet.width, 0.2), DARK)
    sheet.disc((sheet.width / 2, sheet.height - 0.28), 0.2, (30, 84, 170))
    x, y = sheet.width / 2, sheet.height - 0.28
    sheet.limb([(x + 0.1, y + 0.08), (x - 0.1, y - 0.1)], 0.05, WHITE)


def _lit_head(rng: Generator, sheet: Sketch, x: float, low: float, board: bool) -> None:
    """Draw three lamps, some before a board with a white rim."""
    tall, half = between(rng, 0.85, 1.1), 0.15
    if board:
        sheet.box((x - 0.33, low - 0.15), (x + 0.33, low + tall + 0.15), WHITE)
        sheet.box((x - 0.3, low - 0.12), (x + 0.3, low + tall + 0.12), (26, 28, 28))
    sheet.box((x - half - 0.03, low), (x + half + 0.03, low + tall), (38, 40, 40))
    lit = int(rng.integers(3))
    for lamp, color in enumerate(((60, 220, 130), (250, 190, 50), (236, 50, 44))):
        y = low + tall * (lamp + 0.5) / 3
        sheet.disc((x, y), tall * 0.125, color if lamp == lit else dim(color, 0.22))


def light(rng: Generator, sheet: Sketch) -> None:
    """Draw a traffic light, some with a second head or a box for people who walk."""
    x = sheet.width / 2
    color = pick(rng, ((92, 94, 96), (40, 44, 44), (150, 152, 150), (196, 160, 40)))
    post(rng, sheet, x, sheet.height - 0.2, color=vary(rng, color, 8))
    _lit_head(rng, sheet, x, sheet.height - 1.25, chance(rng, 0.5))
    if chance(rng, 0.35):
        sheet.box((x - 0.15, 1.0), (x + 0.15, 1.45), (46, 48, 48))
    if chance(rng, 0.3):
        pick(rng, SIGNS)(sheet, (x, sheet.height - 1.65), 0.24)


def beacon(rng: Generator, sheet: Sketch) -> None:
    """Draw the striped pole of a crossing with its globe."""
    x = sheet.width / 2
    for number, y in enumerate(np.arange(0.0, sheet.height - 0.4, 0.35)):
        tone = DARK if number % 2 else WHITE
        sheet.box((x - 0.06, float(y)), (x + 0.06, float(y) + 0.35), tone, POLE)
    sheet.disc((x, sheet.height - 0.2), 0.19, vary(rng, (246, 160, 40), 8))
