"""What hangs on a front or falls on it: pipes, cables, boxes, posters, ivy, shadows."""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.shops import lettering
from segnet_model.scenes.buildings.facades.stand import Elevation
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Palette, between, chance, dim, pick, pick_color, vary

_IVY: Palette = ((52, 78, 40), (70, 92, 44), (90, 84, 50), (120, 66, 44))
_OPPOSITE = 17.0  # meters to the houses on the other side, which cast a shadow


def paint_fittings(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw drainpipes, cables, alarm boxes, plates, posters, ivy and lamps."""
    style, extras = plan.style, plan.style.extras
    if "pipes" in extras:
        _pipes(rng, sheet, plan)
    if "cables" in extras:
        y = plan.style.ground + between(rng, -0.3, 0.5)
        points = [(float(x), y + float(rng.normal(0, 0.06))) for x in np.arange(0, plan.width, 2.0)]
        sheet.limb(points, 0.035, (40, 40, 42))
    if "boxes" in extras:
        for _ in range(int(rng.integers(1, 4))):
            x, y = between(rng, 0.3, plan.width - 0.6), between(rng, 2.2, plan.eaves - 0.8)
            sheet.box(
                (x, y),
                (x + 0.3, y + 0.35),
                pick_color(rng, ((230, 228, 220), (200, 60, 50), (60, 90, 160)), 10),
            )
    if "plates" in extras:
        x, y = between(rng, 0.2, max(0.3, plan.width - 1.4)), between(rng, 2.4, 3.2)
        sheet.box((x, y), (x + 1.1, y + 0.22), (236, 236, 230))
        lettering(rng, sheet, (x, y), (x + 1.1, y + 0.22), (30, 32, 36))
    if "hoarding" in extras:
        _poster(rng, sheet, plan)
    if "ivy" in extras:
        _ivy(rng, sheet, plan)
    if style.base not in ("shop", "office"):
        for x in plan.columns[::3]:
            if chance(rng, 0.2):
                sheet.disc((x + style.bay * 0.45, 2.2), 0.12, (230, 226, 206))


def _pipes(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw drainpipes from the gutter to the street, with brackets and a hopper."""
    color = vary(rng, pick(rng, ((40, 40, 42), (96, 94, 90), (220, 216, 206), (80, 60, 52))), 8)
    for edge in (0.18, plan.width - 0.18)[: int(rng.integers(1, 3))]:
        x, wide, top = edge, between(rng, 0.09, 0.14), plan.eaves - 0.2
        fall = 0.12 * plan.light.aside
        sheet.darken_box((x + wide, 0), (x + wide + fall, top), plan.light.shade)
        sheet.box((x, 0), (x + wide, top), color)
        sheet.box((x + wide * 0.7, 0), (x + wide, top), dim(color, 0.6))
        for y in np.arange(1.2, top, 1.8):
            sheet.box((x - 0.03, float(y)), (x + wide + 0.03, float(y) + 0.06), dim(color, 0.7))
        sheet.box((x - 0.08, top - 0.3), (x + wide + 0.08, top), color)


def _poster(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    wide, tall = min(plan.width - 0.4, between(rng, 2.0, 5.0)), between(rng, 1.4, 2.6)
    x, y = between(rng, 0.2, plan.width - wide), between(rng, 0.4, 1.2)
    color = vary(rng, pick(rng, ((220, 60, 50), (40, 110, 190), (240, 200, 60), (60, 60, 64))), 20)
    sheet.box((x - 0.1, y - 0.1), (x + wide + 0.1, y + tall + 0.1), (206, 204, 198))
    sheet.box((x, y), (x + wide, y + tall), color)
    lettering(rng, sheet, (x, y + tall * 0.5), (x + wide, y + tall), (246, 244, 236))
    sheet.disc(
        (x + wide * between(rng, 0.2, 0.8), y + tall * 0.35),
        tall * 0.25,
        vary(rng, (214, 170, 130), 30),
    )


def _ivy(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    leaf, root = pick_color(rng, _IVY, 8), between(rng, 0, plan.width)
    reach, rise = between(rng, 1.0, 4.0), between(rng, 2.0, plan.eaves)
    for _ in range(260):
        up = float(rng.random())
        x = root + float(rng.normal(0, reach * (1 - 0.4 * up)))
        sheet.disc((x, up * rise), between(rng, 0.08, 0.24), vary(rng, leaf, 14))


def paint_shadows(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw the shadows of what stands out, of the roof's edge and of the houses opposite."""
    light, style = plan.light, plan.style
    for floor in range(1, style.floors):
        y = plan.base(floor)
        for i in plan.railed:
            x, half, drop = plan.columns[i], style.bay * 0.45, 1.1 * light.down
            side = 1.1 * light.aside
            sheet.darken([(x - half, y), (x + half, y), (x + half + side, y - drop),
                          (x - half + side, y - drop)], light.shade)  # fmt: skip
    if style.crown in ("eaves", "mansard"):
        drop, top = 0.4 * light.down, plan.eaves
        sheet.darken_box((0, top - drop), (plan.width, top), light.shade)
    if light.shade < 0.9 and chance(rng, 0.6):
        _skyline(rng, sheet, plan)


def _skyline(rng: Generator, sheet: Sketch, plan: Elevation) -> None:
    """Draw the shadow of the other side of the street."""
    points, x = [(0.0, 0.0)], 0.0
    while x < plan.width:
        wide = between(rng, 4.0, 12.0)
        top = between(rng, 6.0, 16.0) - _OPPOSITE * plan.light.down
        points += [(x, max(0.0, top)), (x + wide * 0.5, max(0.0, top + between(rng, 0, 2.5)))]
        points += [(x + wide, max(0.0, top))]
        x += wide
    points.append((x, 0.0))
    if max(y for _, y in points) > 0.02:
        sheet.darken(points, plan.light.shade)
