"""What the seasons do to trees: colors of leaves, bare crowns, and snow on them."""

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.drawing.panels import Mask
from segnet_model.scenes.drawing.sketch import CLEAR, Point, Sketch, Texture
from segnet_model.scenes.draws import Color, Palette, chance, dim, mix, pick_color
from segnet_model.scenes.plants.foliage import close, veil

SPRING: Palette = ((120, 150, 60), (140, 160, 72), (104, 142, 62), (196, 170, 180), (168, 176, 96))
SUMMER: Palette = ((66, 98, 44), (84, 112, 50), (52, 84, 48), (106, 116, 52), (72, 92, 60))
AUTUMN: Palette = ((176, 110, 40), (150, 70, 36), (190, 150, 60), (120, 100, 50), (100, 106, 50))
TWIGS: Palette = ((120, 98, 78), (104, 90, 78), (136, 106, 84), (92, 78, 66))
LEAVES = {"spring": SPRING, "summer": SUMMER, "autumn": AUTUMN, "winter": TWIGS}
_WHITE = np.array([226.0, 231.0, 240.0], np.float32)


def draw_bare_crown(rng: Generator, sheet: Sketch, bare: float) -> None:
    """Draw boughs, and a veil of twigs with holes for the sky; bare: meters below the twigs."""
    width, height, color = sheet.width, sheet.height, pick_color(rng, TWIGS, 8)
    middle, radii = (width / 2, (bare + height) / 2), (width * 0.46, (height - bare) * 0.48)
    veil(rng, sheet, middle, radii, color, rng.uniform(0.1, 0.7))
    close(sheet, 4, mix(color, (190, 190, 190), 0.3))
    _fork(rng, sheet, (width / 2, 0.0), np.pi / 2, height * 0.42, height * 0.045, dim(color, 0.72))


def _fork(
    rng: Generator,
    sheet: Sketch,
    start: Point,
    turn: float,
    length: float,
    width: float,
    color: Color,
) -> None:
    """Draw a bough that splits into two or three."""
    end = (start[0] + length * float(np.cos(turn)), start[1] + length * float(np.sin(turn)))
    sheet.limb([start, end], width, color)
    if width < 0.05:
        return
    for side in (-1, 1) if chance(rng, 0.6) else (-1, 0.1, 1):
        bend = turn + side * rng.uniform(0.2, 0.65)
        _fork(rng, sheet, end, bend, length * rng.uniform(0.6, 0.8), width * 0.62, color)


def frost(texture: Texture, snow: float) -> None:
    """Lay snow, 0 to 1, on the upper edges of a plant's leaves and twigs."""
    if snow < 0.3:
        return
    solid = texture.labels != CLEAR
    share = np.float32(0.9 * snow) * _edges(solid)[..., None]
    bright = texture.rgb.mean(axis=2, keepdims=True) / np.float32(
        max(1.0, texture.rgb[solid].mean())
    )
    share = np.clip(share * np.clip(bright, 0.3, 1.2), 0, 1)
    texture.rgb[:] = (texture.rgb + (_WHITE - texture.rgb) * share).astype(np.uint8)


def _edges(solid: Mask) -> np.ndarray:
    """Return how close below an upper edge each texel is, (h, w) float32 of 0 to 1."""
    above = np.zeros_like(solid)
    above[2:] = solid[:-2]
    upper = (solid & ~above).astype(np.float32)
    kernel = np.zeros((9, 3), np.float32)
    kernel[:5] = 1.0
    return np.asarray(np.clip(cv2.filter2D(upper, -1, kernel) / 2, 0.35, 1) * solid, np.float32)
