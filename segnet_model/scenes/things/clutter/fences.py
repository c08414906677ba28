"""Boundaries of plots: a fence of one of many kinds, some with a hedge behind."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.mural import Cutout, Mural
from segnet_model.scenes.classes import FENCE, TREE
from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.props import Prop, upright
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Color, Purpose, between, chance, stream, vary
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.things.clutter.fence_kinds import KINDS, leaves
from segnet_model.scenes.things.furniture import FENCE_LENGTH, FENCE_SCALE, fence
from segnet_model.scenes.weather.sky import Weather


def boundary(
    key: int,
    pieces: Sequence[tuple[Floats, Floats]],
    place: tuple[float, float],
    leaf: Color,
    weather: Weather,
    coverings: Coverings,
) -> Iterator[Prop]:
    """Yield a boundary of the kind that the key decides; all its pieces are alike.

    Args:
        key: of its random stream.
        pieces: (3,) world meters, the first and the last foot of each; up to eight meters long.
        place: meters to move a hedge behind railings: along x and y.
        leaf: the color of leaves in this drive.
        weather: lights it.
        coverings: the surfaces of the drive.
    """
    rng = stream(key, Purpose.CLUTTER)
    kind, height = _draw_kind(rng)
    front, away = picture(key, coverings), np.array([*place, 0.0])
    hedged = kind == "hedged" or (kind == "low wall" and chance(rng, 0.3))
    props = [fence(front, *ends, weather, height) for ends in pieces]
    if not hedged:
        yield from props
        return
    tall = height + between(rng, -0.2, 0.9)
    paint = partial(_paint_leaves, key, tall, leaf)
    hedge = Mural(FENCE_LENGTH, tall, TREE, FENCE_SCALE, paint)
    for prop, (start, end) in zip(props, pieces, strict=True):
        (panel,) = prop.panels
        corners = upright(start + away, end + away, tall)
        yield Prop((panel, replace(panel, corners=corners, texture=hedge)), prop.shadows)


def picture(key: int, coverings: Coverings) -> Cutout:
    """Return eight meters of a boundary, FENCE_SCALE texels a meter."""
    kind, height = _draw_kind(stream(key, Purpose.CLUTTER))
    return Cutout(partial(_paint, key, kind, height, coverings))


def kind_of(key: int) -> str:
    """Return the name of the boundary that a key gives."""
    return _draw_kind(stream(key, Purpose.CLUTTER))[0]


def _draw_kind(rng: Generator) -> tuple[str, float]:
    """Draw the name and the height in meters of a boundary."""
    kind = str(rng.choice(list(KINDS), p=[share for share, _, _ in KINDS.values()]))
    _, heights, _ = KINDS[kind]
    return kind, between(rng, *heights)


def _paint(key: int, kind: str, height: float, coverings: Coverings) -> Sketch:
    rng = stream(key, Purpose.CLUTTER, 1)
    sheet = Sketch(FENCE_LENGTH, height, FENCE, FENCE_SCALE)
    _, _, draw = KINDS[kind]
    draw(rng, sheet)
    if kind in ("boards", "hoarding", "low wall") and chance(rng, 0.5):
        coverings.lay("Wall" if kind == "low wall" else "Fence", sheet, float(key % 1000))
    sheet.grain(rng, 7)
    return sheet


def _paint_leaves(key: int, tall: float, leaf: Color, scale: float) -> Sketch:
    sheet = Sketch(FENCE_LENGTH, tall, TREE, scale)
    leaves(stream(key, Purpose.CLUTTER, 2), sheet, vary(stream(key, Purpose.CLUTTER, 3), leaf, 12))
    sheet.labels[:] = TREE
    return sheet
