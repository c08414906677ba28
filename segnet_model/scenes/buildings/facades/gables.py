"""End walls, and gables: plain, stepped or curved."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.mural import Cutout, Mural
from segnet_model.scenes.buildings.facades.slopes import tiles
from segnet_model.scenes.buildings.facades.stand import Elevation, Stand
from segnet_model.scenes.buildings.facades.walls import paint_wall
from segnet_model.scenes.buildings.facades.windows import RIM, SILL, draw_window
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.sketch import CLEAR, Sketch
from segnet_model.scenes.draws import between, chance, dim, pick, vary

_SCALE = 14.0  # texels a meter
_FAR = 220.0  # meters


def end_wall(plan: Elevation, stand: Stand, rise: float) -> Iterator[Panel]:
    """Yield the end wall that the drive sees, and the gable of a roof on it."""
    near = stand.near((0.0, plan.width))
    out, light = (0.0, -stand.depth), stand.cheek_light()
    wall = Mural(stand.depth, plan.eaves, BUILDING, _SCALE, partial(_paint_end, plan, stand.depth))
    yield Panel(stand.cheek(near, out, (0.0, plan.eaves)), wall, light, _FAR)
    if rise:
        top = Cutout(partial(_triangle, plan, stand.depth, rise, 6))
        yield Panel(stand.cheek(near, out, (plan.eaves, plan.eaves + rise)), top, light, _FAR)


def _paint_end(plan: Elevation, depth: float, scale: float) -> Sketch:
    """Paint an end wall: mostly bare, with a few windows, pipes and patches."""
    rng, style = plan.stream(5), plan.style
    sheet = paint_wall(rng, plan, depth, plan.eaves, scale)
    if chance(rng, 0.55):
        size = (
            style.window_width if style.window_width < depth / 2 else depth / 3,
            style.window_height,
        )
        window = draw_window(rng, style, plan.light, scale, size)
        columns = np.arange(depth * 0.25, depth - 1.0, max(style.bay * 1.3, size[0] + 1.0))
        for floor in range(style.floors):
            for x in columns:
                if chance(rng, 0.7):
                    sheet.paste(window, float(x) - size[0] / 2 - RIM, plan.base(floor) + 0.9 - SILL)
    for x in rng.uniform(0.3, depth - 0.3, int(rng.integers(0, 3))):
        sheet.box((float(x), 0), (float(x) + 0.11, plan.eaves), vary(rng, (60, 58, 56), 12))
    sheet.grain(rng, 5)
    sheet.shade(0.84, 1.0)
    return sheet


def _triangle(plan: Elevation, width: float, rise: float, part: int, form: str = "plain") -> Sketch:
    """Return the wall in a gable: plain, stepped or curved."""
    rng, style = plan.stream(part), plan.style
    sheet = paint_wall(rng, plan, width, rise, _SCALE)
    if not style.banded and rise > 2.2:
        size = min(style.window_width, width * 0.25), min(style.window_height, rise * 0.45)
        window = draw_window(rng, style, plan.light, _SCALE, size)
        sheet.paste(window, width / 2 - window.width / 2, 0.05)
    edge = _edge(width, rise, form)
    rim = style.trim if chance(rng, 0.6) else dim(style.color, 0.6)
    sheet.limb(edge, 0.28, rim)
    sheet.polygon([*edge[: len(edge) // 2 + 1], (0, rise)], (0, 0, 0), CLEAR)
    sheet.polygon([*edge[len(edge) // 2 :], (width, rise)], (0, 0, 0), CLEAR)
    sheet.grain(rng, 5)
    return sheet


def _edge(width: float, rise: float, form: str) -> list[tuple[float, float]]:
    """Return the upper edge of a gable from the left over its top to the right."""
    if form == "stepped":
        left = [(0.0, 0.0)]
        for i in range(1, 6):
            left += [(left[-1][0], rise * i / 5), (width / 2 * i / 5, rise * i / 5)]
    elif form == "curved":
        shares = np.linspace(0, 1, 9)
        left = [
            (width / 2 * float(s), rise * float(s**0.6 + 0.08 * np.sin(9 * s)) / 1.04)
            for s in shares
        ]
    else:
        left = [(0.0, 0.0), (width / 2, rise)]
    return left + [(width - x, y) for x, y in left[::-1]]


def gable(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield a gable to the street, and the slopes of the roof behind it."""
    rise = plan.width * between(rng, 0.3, 0.75)
    rise = min(rise, 9.0)
    form = pick(rng, ("plain", "plain", "stepped", "curved"))
    top = plan.eaves + rise
    face = Cutout(partial(_triangle, plan, plan.width, rise, 8, form))
    yield Panel(
        stand.face((0.0, plan.width), (plan.eaves, top), 0.0), face, stand.front_light(), _FAR
    )
    ridge = stand.at(plan.width / 2, -0.1, top - 0.2)
    picture = tiles(rng, plan, (stand.depth, float(np.hypot(plan.width / 2, rise))), _SCALE)
    for s in (0.0, plan.width):
        along = stand.inward
        down = stand.at(s, -0.1, plan.eaves) - ridge
        turned = np.cross(along, down)
        normal = turned / np.sqrt((turned**2).sum())
        light = stand.weather.facing(normal if normal[2] > 0 else -normal)
        yield Panel(np.stack([ridge, along, down]), picture, light, _FAR)
