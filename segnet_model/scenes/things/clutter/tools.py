"""Posts and plates."""

from collections.abc import Callable

from numpy.random import Generator

from segnet_model.scenes.classes import POLE
from segnet_model.scenes.drawing.sketch import Point, Sketch
from segnet_model.scenes.draws import Color, Palette, between, dim, pick_color

Draw = Callable[[Generator, Sketch], None]  # into a sheet of the right size
_METAL: Palette = ((112, 116, 120), (74, 80, 82), (150, 154, 156), (40, 44, 44), (60, 78, 66),
                   (186, 186, 182))  # fmt: skip
WHITE: Color = (240, 240, 238)
DARK: Color = (30, 32, 34)


def post(
    rng: Generator,
    sheet: Sketch,
    x: float,
    top: float,
    wide: float = 0.0,
    color: Color | None = None,
) -> Color:
    """Draw a post, lit from one side, and return its color."""
    metal = color or pick_color(rng, _METAL, 8)
    wide = wide or between(rng, 0.09, 0.15)
    sheet.box((x - wide / 2, 0), (x + wide / 2, top), metal, POLE)
    sheet.box((x + wide * 0.15, 0), (x + wide / 2, top), dim(metal, 0.7), POLE)
    return metal


def plate(sheet: Sketch, low: Point, high: Point, color: Color, rim: Color) -> None:
    """Draw a board with a rim."""
    sheet.box(low, high, rim)
    sheet.box((low[0] + 0.03, low[1] + 0.03), (high[0] - 0.03, high[1] - 0.03), color)
