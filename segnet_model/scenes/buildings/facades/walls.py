"""Bare walls: bricks, stones, render, panels, metal, boards and timber frames."""

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.stand import Elevation
from segnet_model.scenes.buildings.facades.style import Style
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import between, chance, dim, vary

_UNITS = {  # meters of one brick, stone or panel, upright first; 0 for none; and how they differ
    "brick": (0.075, 0.24, 10.0), "stone": (0.34, 0.7, 7.0), "render": (0.0, 0.0, 0.0),
    "panels": (1.4, 2.4, 4.0), "metal": (3.0, 1.2, 3.0), "boards": (0.16, 4.0, 8.0),
    "timber": (0.0, 0.0, 0.0),
}  # fmt: skip


def paint_wall(
    rng: Generator, plan: Elevation, width: float, height: float, scale: float
) -> Sketch:
    """Return a bare wall, some with one of the drive's surfaces."""
    sheet, style = Sketch(width, height, BUILDING, scale), plan.style
    sheet.labels[:] = BUILDING
    sheet.rgb[:] = np.array(style.color, np.uint8)
    _units(rng, sheet, style)
    if style.wall == "timber":
        _timber(rng, sheet)
    elif plan.covered:
        plan.coverings.lay("Wall", sheet, plan.place)
    _stain(rng, sheet)
    return sheet


def _units(rng: Generator, sheet: Sketch, style: Style) -> None:
    tall, wide, spread = _UNITS[style.wall]
    if not tall:
        return
    sheet.units(rng, style.color, spread, (wide, tall))
    if tall > 0.1:
        for y in np.arange(0.0, sheet.height, tall):
            sheet.box((0, float(y)), (sheet.width, float(y) + 0.02), dim(style.color, 0.75))
    if tall > 1:
        for x in np.arange(0.0, sheet.width, wide):
            sheet.box((float(x), 0), (float(x) + 0.02, sheet.height), dim(style.color, 0.7))


def _timber(rng: Generator, sheet: Sketch) -> None:
    """Draw the beams of a timber frame."""
    wood = vary(rng, (62, 48, 40), 6)
    step = between(rng, 0.8, 1.3)
    for number, x in enumerate(np.arange(0.0, sheet.width, step)):
        sheet.box((float(x), 0), (float(x) + 0.16, sheet.height), wood)
        if number % 4 == 1:
            low = between(rng, 2.5, max(2.6, sheet.height - 2.5))
            sheet.limb([(float(x), low), (float(x) + step, low + 2.2)], 0.15, wood)
    for y in np.arange(2.8, sheet.height, 1.4):
        sheet.box((0, float(y)), (sheet.width, float(y) + 0.15), wood)


def _stain(rng: Generator, sheet: Sketch) -> None:
    """Vary the brightness slowly over the wall: damp, dirt and old paint."""
    cells = max(2, round(sheet.height / 1.6)), max(2, round(sheet.width / 1.6))
    noise = rng.normal(128, between(rng, 3, 12), cells)
    if chance(rng, 0.5):
        noise[-1:] *= between(rng, 0.7, 1.0)  # splashed from the street
    gain = np.clip(noise, 60, 200).astype(np.uint8)
    rows, columns = sheet.labels.shape
    large = cv2.resize(gain, (columns, rows), interpolation=cv2.INTER_LINEAR)
    cv2.multiply(sheet.rgb, cv2.merge([large, large, large]), dst=sheet.rgb, scale=1 / 128)
