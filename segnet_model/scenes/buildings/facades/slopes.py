"""Slopes of roofs, with their tiles and skylights."""

from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.mural import Mural
from segnet_model.scenes.buildings.facades.stand import Elevation, Stand
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.sketch import Cover, Sketch
from segnet_model.scenes.draws import between, dim, vary

_REACH = 220.0  # meters


def tiles(rng: Generator, plan: Elevation, size: tuple[float, float], scale: float) -> Mural:
    """Return the tiles of a slope of (width, length) meters."""
    key = int(rng.integers(2**31))
    return Mural(*size, BUILDING, scale, partial(paint_tiles, plan, size, key))


def paint_tiles(plan: Elevation, size: tuple[float, float], key: int, scale: float) -> Sketch:
    """Paint tiles and skylights."""
    rng = plan.stream(key)
    sheet = Sketch(*size, BUILDING, scale)
    sheet.rgb[:] = np.array(plan.style.roof, np.uint8)
    for row in np.arange(0.0, size[1], 0.35):
        sheet.box((0, float(row)), (size[0], float(row) + 0.05), dim(plan.style.roof, 0.78))
    if plan.covered:
        plan.coverings.lay("Roof", sheet, plan.place)
    for _ in range(int(rng.integers(0, 3)) if size[1] > 3 else 0):
        x, y = between(rng, 0.5, size[0] - 1), between(rng, 0.5, size[1] - 1.5)
        sheet.box((x, y), (x + 0.8, y + 1.1), vary(rng, (80, 96, 112), 14))
    sheet.grain(rng, 7)
    return sheet


def sloped(
    stand: Stand, s: tuple[float, float], out: tuple[float, float],
    z: tuple[float, float], picture: Cover,
) -> Panel:  # fmt: skip
    """Return a slope from (out[0], z[0]) below to (out[1], z[1]) above."""
    top = stand.at(s[0], out[1], z[1])
    corners = np.stack(
        [top, stand.at(s[1], out[1], z[1]) - top, stand.at(s[0], out[0], z[0]) - top]
    )
    run, rise = out[0] - out[1], z[1] - z[0]
    normal = (stand.outward * rise + np.array([0.0, 0.0, run])) / np.hypot(run, rise)
    return Panel(corners, picture, stand.weather.facing(normal), _REACH)
