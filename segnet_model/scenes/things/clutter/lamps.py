"""Lamps, and poles for wires."""

from numpy.random import Generator

from segnet_model.scenes.classes import POLE
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import between, chance, dim, vary
from segnet_model.scenes.things.clutter.tools import post


def arm(rng: Generator, sheet: Sketch) -> None:
    """Draw a lamp on an arm; the sheet is as wide on both sides of the post."""
    sheet.label = POLE
    x, top = sheet.width / 2, sheet.height
    metal = post(rng, sheet, x, top - 0.3, between(rng, 0.12, 0.22))
    sheet.box((x - 0.13, 0), (x + 0.13, between(rng, 0.6, 1.4)), dim(metal, 0.85))
    bend = between(rng, 0.0, 0.5)
    for side in (-1, 1) if chance(rng, 0.15) else (-1,):
        tip = x + side * between(rng, 0.7, x - 0.5)
        sheet.limb(
            [(x, top - 0.35 - bend), (x + side * 0.3, top - 0.2), (tip, top - 0.1)], 0.1, metal
        )
        sheet.limb([(tip, top - 0.12), (tip + side * 0.45, top - 0.12)], 0.17, dim(metal, 0.75))


def lantern(rng: Generator, sheet: Sketch) -> None:
    """Draw a lamp on top of its post: a globe or an old lantern."""
    sheet.label = POLE
    x, top = sheet.width / 2, sheet.height
    metal = post(rng, sheet, x, top - 0.5, between(rng, 0.11, 0.17))
    sheet.box((x - 0.14, 0), (x + 0.14, 0.9), dim(metal, 0.85))
    if chance(rng, 0.5):
        sheet.disc((x, top - 0.26), 0.24, vary(rng, (226, 224, 210), 8))
        return
    sheet.polygon([(x - 0.12, top - 0.6), (x + 0.12, top - 0.6), (x + 0.24, top - 0.15),
                   (x - 0.24, top - 0.15)], vary(rng, (200, 200, 186), 12))  # fmt: skip
    sheet.polygon([(x - 0.28, top - 0.15), (x + 0.28, top - 0.15), (x, top)], metal)
    for aside in (-0.2, 0.0, 0.2):
        sheet.limb([(x + aside * 0.5, top - 0.6), (x + aside, top - 0.15)], 0.035, metal)


def wood_pole(rng: Generator, sheet: Sketch) -> None:
    """Draw a wooden pole with arms for wires."""
    sheet.label = POLE
    x, wood = sheet.width / 2, vary(rng, (104, 88, 72), 10)
    post(rng, sheet, x, sheet.height, between(rng, 0.2, 0.28), wood)
    for drop in (0.5, 1.0)[: int(rng.integers(1, 3))]:
        y = sheet.height - drop
        sheet.box((x - 0.9, y), (x + 0.9, y + 0.12), dim(wood, 0.8))
        for aside in (-0.8, -0.4, 0.4, 0.8):
            sheet.box((x + aside - 0.04, y + 0.12), (x + aside + 0.04, y + 0.26), (210, 210, 206))


def plain_pole(rng: Generator, sheet: Sketch) -> None:
    """Draw a bare mast."""
    sheet.label = POLE
    post(rng, sheet, sheet.width / 2, sheet.height, between(rng, 0.14, 0.22))
