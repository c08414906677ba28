"""Roofs and what stands on them: gables, mansards, dormers, chimneys, towers, parapets."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.draws import Color, between, chance, dim, mix, pick, vary
from segnet_model.scenes.facades.mural import Cutout, Mural
from segnet_model.scenes.facades.relief import block, tone
from segnet_model.scenes.facades.stand import Elevation, Stand
from segnet_model.scenes.facades.walls import paint_wall
from segnet_model.scenes.facades.windows import RIM, SILL, draw_window
from segnet_model.scenes.panels import Panel
from segnet_model.scenes.sketch import CLEAR, Cover, Sketch

_SCALE = 14.0  # texels a meter
_FAR = 220.0
_NEAR = 80.0


def roof_over(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield the roof of a house, with the end wall below it that the drive sees."""
    crown, style = plan.style.crown, plan.style
    rise = stand.depth * between(rng, 0.3, 0.5) if crown == "eaves" else 0.0
    yield from _end_wall(plan, stand, rise)
    if crown == "eaves":
        yield from _slope(rng, plan, stand, rise)
        if "dormers" in style.extras:
            yield from _dormers(rng, plan, stand, rise)
    elif crown == "gable":
        yield from _gable(rng, plan, stand)
    elif crown == "mansard":
        yield from _mansard(rng, plan, stand)
    elif crown == "pediment":
        yield _pediment(plan, stand)
    elif crown in ("balustrade", "battlements"):
        yield _parapet(plan, stand)
    if "chimney" in style.extras:
        yield from _chimneys(rng, plan, stand, plan.eaves + rise)
    if "plant" in style.extras:
        yield from _plant(rng, plan, stand)
    if "tower" in style.extras:
        yield from _tower(rng, plan, stand)


def _end_wall(plan: Elevation, stand: Stand, rise: float) -> Iterator[Panel]:
    near = 0.0 if stand.near_left else plan.width
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
    if style.window not in ("curtain", "ribbon") and rise > 2.2:
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


def _tiles(rng: Generator, plan: Elevation, size: tuple[float, float], scale: float) -> Mural:
    key = int(rng.integers(2**31))
    return Mural(*size, BUILDING, scale, partial(_paint_tiles, plan, size, key))


def _paint_tiles(plan: Elevation, size: tuple[float, float], key: int, scale: float) -> Sketch:
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


def _sloped(
    plan: Elevation, stand: Stand, s: tuple[float, float], out: tuple[float, float],
    z: tuple[float, float], picture: Cover,
) -> Panel:  # fmt: skip
    """Return a slope from (out[0], z[0]) below to (out[1], z[1]) above."""
    top = stand.at(s[0], out[1], z[1])
    corners = np.stack(
        [top, stand.at(s[1], out[1], z[1]) - top, stand.at(s[0], out[0], z[0]) - top]
    )
    run, rise = out[0] - out[1], z[1] - z[0]
    normal = (stand.outward * rise + np.array([0.0, 0.0, run])) / np.hypot(run, rise)
    return Panel(corners, picture, stand.weather.facing(normal), _FAR)


def _slope(rng: Generator, plan: Elevation, stand: Stand, rise: float) -> Iterator[Panel]:
    over = between(rng, 0.1, 0.4)
    half = stand.depth / 2
    drop = over * rise / half
    size = plan.width, float(np.hypot(half + over, rise + drop))
    tiles = _tiles(rng, plan, size, _SCALE)
    z = plan.eaves - drop, plan.eaves + rise
    yield _sloped(plan, stand, (0.0, plan.width), (over, -half), z, tiles)


def _dormers(rng: Generator, plan: Elevation, stand: Stand, rise: float) -> Iterator[Panel]:
    """Yield dormers on a roof: their front, near cheek and roof."""
    half, style = stand.depth / 2, plan.style
    wide, tall = between(rng, 1.1, 1.8), min(between(rng, 1.2, 1.7), rise * 0.6)
    back, pointed = between(rng, 0.3, 0.9), chance(rng, 0.55)
    low = plan.eaves + back * rise / half
    deep = tall * half / rise
    face = Cutout(partial(_dormer_face, plan, wide, tall, pointed))
    shape = Cutout(partial(_cheek_shape, style.roof))
    for middle in plan.columns[:: int(rng.integers(1, 4))]:
        s = middle - wide / 2, middle + wide / 2
        if s[0] < 0.2 or s[1] > plan.width - 0.2:
            continue
        top = low + tall + (wide * 0.4 if pointed else 0.0)
        yield Panel(stand.face(s, (low, top), -back), face, stand.front_light(), _NEAR)
        near = s[0] if stand.near_left else s[1]
        cheek = stand.cheek(near, (-back, -back - deep), (low, low + tall))
        yield Panel(cheek, shape, stand.cheek_light(), _NEAR)
        if not pointed:
            z = low + tall, low + tall + 0.15
            yield _sloped(plan, stand, s, (-back + 0.15, -back - deep), z, tone(style.roof))


def _dormer_face(plan: Elevation, wide: float, tall: float, pointed: bool) -> Sketch:
    rng, style = plan.stream(7), plan.style
    sheet = Sketch(wide, tall + (wide * 0.4 if pointed else 0.0), BUILDING, 28.0)
    wall = style.trim if chance(rng, 0.6) else style.color
    sheet.box((0, 0), (wide, tall), wall)
    if pointed:
        sheet.polygon([(0, tall), (wide, tall), (wide / 2, sheet.height)], wall)
        sheet.limb([(0, tall), (wide / 2, sheet.height - 0.05), (wide, tall)], 0.16, style.roof)
    else:
        sheet.box((0, tall - 0.14), (wide, tall), style.roof)
    window = draw_window(rng, style, plan.light, 28.0, (wide - 0.4, tall - 0.5))
    sheet.paste(window, 0.2 - RIM, 0.22 - SILL)
    return sheet


def _cheek_shape(color: Color) -> Sketch:
    """Return the triangle between a dormer and its roof."""
    sheet = Sketch(1.0, 1.0, BUILDING, 32.0)
    sheet.polygon([(0, 0), (0, 1), (1, 1)], color)
    return sheet


def _gable(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
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
    tiles = _tiles(rng, plan, (stand.depth, float(np.hypot(plan.width / 2, rise))), _SCALE)
    for s in (0.0, plan.width):
        along = stand.inward
        down = stand.at(s, -0.1, plan.eaves) - ridge
        turned = np.cross(along, down)
        normal = turned / np.sqrt((turned**2).sum())
        light = stand.weather.facing(normal if normal[2] > 0 else -normal)
        yield Panel(np.stack([ridge, along, down]), tiles, light, _FAR)


def _mansard(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield a steep slope with windows in it, and the near end of it."""
    tall, back = between(rng, 2.2, 3.4), between(rng, 0.5, 1.1)
    key = int(rng.integers(2**31))
    size = plan.width, float(np.hypot(tall, back))
    picture = Mural(*size, BUILDING, 20.0, partial(_paint_mansard, plan, size, key))
    z = plan.eaves, plan.eaves + tall
    yield _sloped(plan, stand, (0.0, plan.width), (0.0, -back), z, picture)
    near = 0.0 if stand.near_left else plan.width
    cheek = stand.cheek(near, (-back * 0.5, -stand.depth), z)
    yield Panel(cheek, tone(plan.style.roof, 0.9), stand.cheek_light(), _FAR)


def _paint_mansard(plan: Elevation, size: tuple[float, float], key: int, scale: float) -> Sketch:
    rng, style = plan.stream(key), plan.style
    sheet = _paint_tiles(plan, size, key, scale)
    wide = min(1.2, style.bay * 0.6)
    tall = min(1.5, size[1] - 0.8)
    window = draw_window(rng, style, plan.light, scale, (wide, tall))
    for middle in plan.columns:
        sheet.box((middle - wide * 0.7, 0.3), (middle + wide * 0.7, tall + 0.6), style.trim)
        sheet.paste(window, middle - wide / 2 - RIM, 0.45 - SILL)
    sheet.box((0, size[1] - 0.15), (size[0], size[1]), mix(style.trim, style.roof, 0.5))
    return sheet


def _pediment(plan: Elevation, stand: Stand) -> Panel:
    """Return the flat triangle of a temple over the middle of the cornice."""
    size = plan.width * 0.8, plan.width * 0.16
    s = plan.width * 0.1, plan.width * 0.9
    face = stand.face(s, (plan.eaves, plan.eaves + size[1]), 0.3)
    picture = Cutout(partial(_paint_pediment, size, plan.style.trim))
    return Panel(face, picture, stand.front_light(), _FAR)


def _paint_pediment(size: tuple[float, float], color: Color) -> Sketch:
    wide, tall = size
    sheet = Sketch(wide, tall, BUILDING, _SCALE)
    sheet.polygon([(0, 0), (wide, 0), (wide / 2, tall)], color)
    inner = [(wide * 0.1, 0.25), (wide * 0.9, 0.25), (wide / 2, tall * 0.86)]
    sheet.polygon(inner, dim(color, 0.68))
    sheet.disc((wide / 2, tall * 0.35), tall * 0.2, dim(color, 0.9))
    return sheet


def _parapet(plan: Elevation, stand: Stand) -> Panel:
    """Return a balustrade or battlements against the sky."""
    face = stand.face((0.0, plan.width), (plan.eaves, plan.eaves + 0.9), 0.0)
    return Panel(face, Cutout(partial(_paint_parapet, plan)), stand.front_light(), _NEAR)


def _paint_parapet(plan: Elevation) -> Sketch:
    sheet, color = Sketch(plan.width, 0.9, BUILDING, 20.0), plan.style.trim
    if plan.style.crown == "balustrade":
        for x in np.arange(0.0, plan.width, 0.26):
            sheet.box((float(x), 0), (float(x) + 0.14, 0.8), color)
        sheet.box((0, 0.74), (plan.width, 0.9), color)
    else:
        for x in np.arange(0.0, plan.width, 1.5):
            sheet.box((float(x), 0), (float(x) + 0.8, 0.9), dim(plan.style.color, 0.95))
    return sheet


def _chimneys(rng: Generator, plan: Elevation, stand: Stand, top: float) -> Iterator[Panel]:
    """Yield chimneys with their pots."""
    tall, wide = between(rng, 1.0, 2.2), between(rng, 0.6, 1.6)
    stack = Cutout(partial(_stack, plan, wide, tall))
    spots = pick(
        rng, ((0.0,), (plan.width - wide,), (0.0, plan.width - wide), (plan.width * 0.45,))
    )
    back = -stand.depth * (0.5 if plan.style.crown == "eaves" else 0.35)
    for s in spots:
        z = top - 0.4, top - 0.4 + tall + 0.4
        yield Panel(stand.face((s, s + wide), z, back + 0.35), stack, stand.front_light(), 100.0)
        near = s if stand.near_left else s + wide
        yield Panel(
            stand.cheek(near, (back + 0.35, back - 0.35), z), stack, stand.cheek_light(), 100.0
        )


def _stack(plan: Elevation, wide: float, tall: float) -> Sketch:
    rng = plan.stream(13)
    color = plan.style.color if plan.style.wall == "brick" else (140.0, 86.0, 68.0)
    sheet = Sketch(wide, tall + 0.4, BUILDING, 24.0)
    sheet.box((0, 0), (wide, tall), vary(rng, color, 8))
    sheet.box((0, tall - 0.25), (wide, tall - 0.1), dim(color, 0.7))
    for x in np.arange(0.06, wide - 0.2, 0.32):
        sheet.box(
            (float(x), tall), (float(x) + 0.22, tall + between(rng, 0.2, 0.4)), (166, 100, 70)
        )
    sheet.grain(rng, 6)
    return sheet


def _plant(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield the room of a lift or machines on a flat roof."""
    if plan.style.crown not in ("flat", "parapet"):
        return
    wide = plan.width * between(rng, 0.2, 0.5)
    s = between(rng, 0, plan.width - wide)
    z = plan.eaves - 0.1, plan.eaves + between(rng, 1.2, 3.0)
    color = vary(rng, (150, 152, 152), 20)
    yield from block(stand, (s, s + wide), z, (-5.0, -1.5), color, _FAR)


def _tower(rng: Generator, plan: Elevation, stand: Stand) -> Iterator[Panel]:
    """Yield a tower at one end, with a spire or battlements."""
    wide = min(plan.width * 0.5, between(rng, 4.0, 6.0))
    tall = plan.eaves + between(rng, 5.0, 14.0)
    s = (0.0, wide) if chance(rng, 0.5) else (plan.width - wide, plan.width)
    wall = Mural(wide, tall, BUILDING, _SCALE, partial(_paint_tower, plan, (wide, tall)))
    near = s[0] if stand.near_left else s[1]
    yield Panel(stand.face(s, (0.0, tall), 0.4), wall, stand.front_light(), _FAR)
    yield Panel(stand.cheek(near, (0.4, 0.4 - wide), (0.0, tall)), wall, stand.cheek_light(), _FAR)
    if chance(rng, 0.5):
        yield from _spire(rng, plan, stand, s, tall)


def _paint_tower(plan: Elevation, size: tuple[float, float], scale: float) -> Sketch:
    rng, style = plan.stream(9), plan.style
    sheet = paint_wall(rng, plan, *size, scale)
    window = draw_window(rng, style, plan.light, scale, (size[0] * 0.3, size[1] * 0.16))
    for share in (0.2, 0.5, 0.78):
        sheet.paste(window, (size[0] - window.width) / 2, size[1] * share)
    for x in (0.0, size[0] - 0.7):
        sheet.box((x, 0), (x + 0.7, size[1] * 0.9), style.color)
        sheet.box((x + 0.5, 0), (x + 0.7, size[1] * 0.9), dim(style.color, 0.7))
    for share in (0.16, 0.46, 0.74, 0.97):
        sheet.box((0, size[1] * share), (size[0], size[1] * share + 0.2), style.trim)
    sheet.grain(rng, 5)
    return sheet


def _spire(
    rng: Generator, plan: Elevation, stand: Stand, s: tuple[float, float], low: float
) -> Iterator[Panel]:
    wide = s[1] - s[0]
    tall = wide * between(rng, 1.0, 2.5)
    picture = Cutout(partial(_spike, (wide, tall), plan.style.roof))
    middle = 0.4 - wide / 2
    yield _sloped(plan, stand, s, (0.4, middle), (low, low + tall), picture)
    near = s[0] if stand.near_left else s[1]
    apex = stand.at((s[0] + s[1]) / 2, 0.4, low + tall)
    corners = np.stack(
        [apex, stand.at(0, 0.4 - wide, 0) - stand.at(0, 0.4, 0), stand.at(near, 0.4, low) - apex]
    )
    yield Panel(corners, picture, stand.cheek_light(), _FAR)


def _spike(size: tuple[float, float], color: Color) -> Sketch:
    sheet = Sketch(*size, BUILDING, _SCALE)
    sheet.polygon([(0, 0), (size[0], 0), (size[0] / 2, size[1])], color)
    return sheet
