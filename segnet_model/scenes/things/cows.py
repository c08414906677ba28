"""A cow on the street, of no class."""

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import UNKNOWN
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, chance, dim, noise_tile, vary
from segnet_model.scenes.weather.sky import Weather

_SCALE = 64.0  # texels a meter
_WIDTH, _HEIGHT = 2.6, 1.75  # meters


def cow(rng: Generator, weather: Weather, reach: float) -> Prop:
    """Return a cow at the origin, seen from its side."""
    sheet = Sketch(_WIDTH, _HEIGHT, UNKNOWN, _SCALE)
    hide = vary(rng, (236, 230, 218), 6)
    _trunk(sheet, hide)
    _patches(rng, sheet, vary(rng, (40, 34, 34) if chance(rng, 0.5) else (132, 72, 36), 6))
    _details(sheet)
    sheet.shade(0.7, 1.08)
    sheet.grain(rng, 8)
    if chance(rng, 0.5):
        sheet.rgb, sheet.labels = sheet.rgb[:, ::-1].copy(), sheet.labels[:, ::-1].copy()
    light = weather.on_billboard(weather.shade)
    foot = np.zeros(3)
    panel = billboard(foot, sheet.texture(), (_WIDTH, _HEIGHT), light, reach)
    shade = oval_shadow(foot, 0.7, 0.0, 0.1, weather, strength=1.4)
    return Prop((panel,), (oval_shadow(foot, 0.8, 0.7, 1.4, weather), shade))


def _trunk(sheet: Sketch, hide: Color) -> None:
    """Draw body, legs, neck and head; the head points to the right."""
    for x in (0.58, 1.58):
        sheet.limb([(x + 0.2, 0.8), (x + 0.24, 0.07)], 0.15, dim(hide, 0.75))
    for x in (0.5, 1.76):
        sheet.limb([(x, 0.85), (x - 0.03, 0.07)], 0.17, hide)
    sheet.limb([(0.72, 1.02), (1.62, 1.02)], 0.72, hide)
    sheet.polygon([(1.5, 1.38), (2.1, 1.55), (2.2, 1.2), (1.7, 0.75)], hide)
    sheet.limb([(2.12, 1.42), (2.36, 1.14)], 0.26, hide)


def _patches(rng: Generator, sheet: Sketch, color: Color) -> None:
    """Color patches of the body drawn so far."""
    height, width = sheet.labels.shape
    noise = cv2.resize(noise_tile(rng, 128, (4, 8)), (width, height))
    sheet.rgb[(noise > 0.12) & (sheet.labels == UNKNOWN)] = np.array(color, np.uint8)


def _details(sheet: Sketch) -> None:
    """Draw muzzle, eye, horns, ear, udder, tail and hooves."""
    sheet.disc((2.4, 1.1), 0.13, (226, 160, 150))
    sheet.disc((2.22, 1.4), 0.035, (20, 16, 16))
    sheet.limb([(2.08, 1.52), (2.02, 1.66), (2.1, 1.71)], 0.05, (224, 214, 180))
    sheet.oval((1.96, 1.48), (0.13, 0.07), (96, 70, 56))
    sheet.oval((0.95, 0.66), (0.17, 0.12), (230, 166, 156))
    sheet.limb([(0.4, 1.25), (0.28, 0.9), (0.3, 0.6)], 0.07, (120, 96, 80))
    sheet.disc((0.3, 0.52), 0.09, (50, 40, 36))
    for x in (0.47, 0.82, 1.73, 1.82):
        sheet.box((x - 0.09, 0.0), (x + 0.09, 0.09), (40, 34, 30))
