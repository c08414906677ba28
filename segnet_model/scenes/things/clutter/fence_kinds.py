"""Kinds of fences: railings that show what is behind, boards, wire, low walls and so on."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import BUILDING, FENCE
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, Palette, between, chance, dim, pick, pick_color, vary
from segnet_model.scenes.things.clutter.tools import Draw

_IRON: Palette = ((36, 38, 40), (54, 60, 56), (30, 50, 42), (120, 124, 126), (206, 206, 200))
_WOOD: Palette = ((150, 112, 76), (112, 88, 66), (232, 228, 216), (92, 72, 56), (124, 120, 112))
_STONE: Palette = ((168, 158, 146), (150, 84, 66), (186, 162, 118), (128, 122, 116),
                   (214, 208, 196))  # fmt: skip
_PAINT: Palette = ((40, 90, 150), (60, 110, 80), (226, 224, 218), (196, 150, 60), (70, 72, 76))
_BEHIND: Palette = ((60, 76, 44), (86, 98, 56), (104, 90, 66), (112, 112, 108), (150, 140, 126),
                    (44, 48, 44))  # fmt: skip


def leaves(rng: Generator, sheet: Sketch, leaf: Color) -> None:
    """Fill a sheet with leaves."""
    rows, columns = sheet.labels.shape
    tone = np.zeros((rows, columns), np.float32)
    for size, strength in ((0.5, 0.14), (0.16, 0.16), (0.06, 0.2)):
        cells = max(2, round(sheet.height / size)), max(2, round(sheet.width / size))
        noise = rng.normal(0, strength, cells).astype(np.float32)
        large = cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_LINEAR)
        tone += np.asarray(large, np.float32)
    ramp = np.linspace(1.1, 0.7, rows, dtype=np.float32)[:, None]
    gain = (ramp * np.clip(1 + tone, 0.35, 1.6))[..., None]
    sheet.rgb[:] = np.clip(gain * np.array(leaf, np.float32), 0, 255).astype(np.uint8)


def _bars(sheet: Sketch, span: tuple[float, float], gap: float, thick: float, color: Color) -> None:
    """Draw upright bars between two heights."""
    for x in np.arange(0.0, sheet.width, gap):
        sheet.box((float(x), span[0]), (float(x) + thick, span[1]), color)


def _posts(sheet: Sketch, gap: float, thick: float, color: Color) -> None:
    """Draw upright bars from the ground to the top."""
    _bars(sheet, (0, sheet.height), gap, thick, color)


def _level(sheet: Sketch, y: float, thick: float, color: Color) -> None:
    sheet.box((0, y), (sheet.width, y + thick), color)


def _backed(rng: Generator, sheet: Sketch) -> None:
    """Draw dense railings: what is behind fills the gaps, and all of it is Fence."""
    behind = pick_color(rng, _BEHIND, 12)
    if chance(rng, 0.6):
        leaves(rng, sheet, behind)
    else:
        sheet.rgb[:] = np.array(behind, np.uint8)
    sheet.labels[:] = FENCE
    iron, foot = pick_color(rng, _IRON, 6), pick(rng, (0.05, 0.05, 0.4))
    _bars(sheet, (foot, sheet.height), between(rng, 0.11, 0.17), 0.035, iron)
    _level(sheet, sheet.height - 0.16, 0.05, iron)
    _level(sheet, foot + 0.08, 0.05, iron)
    if foot > 0.1:
        sheet.box((0, 0), (sheet.width, foot), pick_color(rng, _STONE, 8))


def _open(rng: Generator, sheet: Sketch) -> None:
    """Draw railings that one looks through, some on a low wall."""
    iron, thick = pick_color(rng, _IRON, 6), between(rng, 0.035, 0.06)
    foot = min(pick(rng, (0.0, 0.0, 0.35, 0.6)), 0.35 * sheet.height)
    top = sheet.height - between(rng, 0.0, 0.18)
    _bars(sheet, (foot, sheet.height), between(rng, 0.13, 0.2), thick, iron)
    _level(sheet, top - 0.07, 0.07, iron)
    _level(sheet, foot + 0.1, 0.06, iron)
    _posts(sheet, between(rng, 1.6, 2.8), 0.09, iron)
    if foot:
        sheet.box((0, 0), (sheet.width, foot), pick_color(rng, _STONE, 8), BUILDING)


def _guard(rng: Generator, sheet: Sketch) -> None:
    """Draw the tubes of a guard rail."""
    metal = pick_color(rng, _IRON, 6)
    for share in pick(rng, ((0.5, 0.94), (0.35, 0.65, 0.94), (0.12, 0.94))):
        _level(sheet, sheet.height * share - 0.03, 0.06, metal)
    _posts(sheet, 2.0, 0.08, metal)
    if chance(rng, 0.6):
        _bars(sheet, (0.12, sheet.height * 0.92), 0.16, 0.03, metal)


def _ranch(rng: Generator, sheet: Sketch) -> None:
    """Draw rails of wood between posts, open to look through."""
    wood = pick_color(rng, _WOOD, 8)
    for share in np.linspace(0.3, 0.85, int(rng.integers(2, 5))):
        _level(sheet, sheet.height * float(share), 0.12, vary(rng, wood, 5))
    _posts(sheet, 2.0, 0.14, dim(wood, 0.85))


def _pickets(rng: Generator, sheet: Sketch) -> None:
    """Draw pickets with gaps, some with points."""
    wood, gap = pick_color(rng, _WOOD, 8), between(rng, 0.12, 0.2)
    for share in (0.25, 0.75):
        _level(sheet, sheet.height * share, 0.09, dim(wood, 0.7))
    for x in np.arange(0.0, sheet.width, gap):
        low, high, tone = float(x), float(x) + gap * 0.62, vary(rng, wood, 5)
        sheet.box((low, 0), (high, sheet.height - 0.1), tone)
        sheet.polygon([(low, sheet.height - 0.1), (high, sheet.height - 0.1),
                       ((low + high) / 2, sheet.height)], tone)  # fmt: skip


def _boards(rng: Generator, sheet: Sketch) -> None:
    """Draw close boards, upright or level, with posts."""
    wood, step = pick_color(rng, _WOOD, 8), between(rng, 0.1, 0.2)
    sheet.box((0, 0), (sheet.width, sheet.height), dim(wood, 0.5))
    if chance(rng, 0.6):
        for x in np.arange(0.0, sheet.width, step):
            sheet.box((float(x), 0), (float(x) + step - 0.025, sheet.height), vary(rng, wood, 7))
    else:
        for y in np.arange(0.0, sheet.height, step):
            _level(sheet, float(y), step - 0.025, vary(rng, wood, 7))
    _posts(sheet, between(rng, 1.6, 2.4), 0.12, dim(wood, 0.75))


def _wire(rng: Generator, sheet: Sketch) -> None:
    """Draw a mesh between posts; it is too fine to look through by pixels, so it is Fence."""
    behind, wire = pick_color(rng, _BEHIND, 14), vary(rng, pick(rng, _IRON), 10)
    leaves(rng, sheet, behind)
    sheet.labels[:] = FENCE
    if chance(rng, 0.5):
        _posts(sheet, 0.06, 0.01, wire)
        for y in np.arange(0.0, sheet.height, 0.2):
            _level(sheet, float(y), 0.02, wire)
    else:
        for x in np.arange(-sheet.height, sheet.width, 0.16):
            for a, b in ((0.0, sheet.height), (sheet.height, 0.0)):
                sheet.limb([(float(x) + a, 0), (float(x) + b, sheet.height)], 0.02, wire)
    _posts(sheet, 2.5, 0.08, wire)


def _low_wall(rng: Generator, sheet: Sketch) -> None:
    """Draw a wall of bricks or stones with a coping; it is Building, as all walls."""
    stone, course = pick_color(rng, _STONE, 8), pick(rng, (0.075, 0.075, 0.2, 0.3))
    sheet.label = BUILDING
    sheet.units(rng, stone, 9, (3 * course, course))
    sheet.labels[:] = BUILDING
    _level(sheet, sheet.height - 0.1, 0.1, dim(stone, between(rng, 0.7, 1.2)))
    if chance(rng, 0.6):
        _posts(sheet, 4.0, 0.4, dim(stone, 0.88))


def _hoarding(rng: Generator, sheet: Sketch) -> None:
    """Draw painted boards around a building site, with posters."""
    paint = pick_color(rng, _PAINT, 8)
    sheet.box((0, 0), (sheet.width, sheet.height), paint)
    _posts(sheet, 1.22, 0.03, dim(paint, 0.7))
    for _ in range(int(rng.integers(0, 5))):
        left, y = between(rng, 0, sheet.width - 1), between(rng, 0.3, sheet.height - 1.1)
        sheet.box((left, y), (left + 0.7, y + 1.0), vary(rng, pick(rng, _PAINT), 40))
    _level(sheet, 0.0, 0.15, dim(paint, 0.5))


# The share of all fences, and the least and the greatest height in meters.
KINDS: Mapping[str, tuple[float, tuple[float, float], Draw]] = {
    "backed": (0.17, (1.0, 2.2), _backed),
    "open": (0.12, (0.9, 2.0), _open),
    "hedged": (0.15, (0.8, 1.5), _open),
    "guard": (0.04, (0.95, 1.15), _guard),
    "ranch": (0.05, (0.9, 1.4), _ranch),
    "pickets": (0.09, (0.8, 1.4), _pickets),
    "boards": (0.12, (1.2, 2.1), _boards),
    "wire": (0.08, (1.2, 2.6), _wire),
    "low wall": (0.14, (0.5, 1.6), _low_wall),
    "hoarding": (0.04, (2.0, 2.5), _hoarding),
}
