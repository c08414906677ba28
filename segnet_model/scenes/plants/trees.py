"""Trees, bushes and the distant line of trees behind the houses."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import TREE
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow, upright
from segnet_model.scenes.drawing.sketch import Point, Sketch, Texture
from segnet_model.scenes.draws import Color, Purpose, chance, dim, pick, stream, vary
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.plants.foliage import foliage
from segnet_model.scenes.plants.seasons import LEAVES, SUMMER, draw_bare_crown, frost
from segnet_model.scenes.weather.sky import Weather

_SCALE = 36.0  # texels a meter
_KINDS = 5
_LEAF_CLUMPS = 560


@dataclass(frozen=True, eq=False)
class TreeKind:
    """A picture of a tree and its size in meters."""

    texture: Texture
    width: float
    height: float
    trunk: float  # height of the lowest leaves


def draw_tree_kinds(seed: int, weather: Weather, coverings: Coverings) -> list[TreeKind]:
    """Draw the kinds of trees of one drive."""
    rng = stream(seed, Purpose.TREES)
    palette = LEAVES[weather.season] if weather.season else SUMMER
    species = [vary(rng, pick(rng, palette), 8) for _ in range(2)]
    kinds = range(_KINDS)
    return [_draw_tree(rng, species[kind % 2], weather, coverings, kind) for kind in kinds]


def _draw_tree(
    rng: Generator, leaf: Color, weather: Weather, coverings: Coverings, kind: int
) -> TreeKind:
    height = rng.uniform(5.5, 8.5)
    width = height * rng.uniform(0.55, 0.8)
    trunk = height * rng.uniform(0.25, 0.34)
    sheet = Sketch(width, height, TREE, _SCALE)
    middle, radii = (width / 2, (trunk + height) / 2), (width * 0.46, (height - trunk) * 0.5)
    if weather.season == "winter" and chance(rng, 0.85):
        draw_bare_crown(rng, sheet, trunk)
    elif weather.season:
        draw_trunk(rng, sheet, trunk)
        foliage(rng, sheet, middle, radii, leaf, weather, rng.uniform(0.5, 1.2))
    else:
        draw_trunk(rng, sheet, trunk)
        _crown(rng, sheet, middle, radii, leaf, weather)
        coverings.lay("Leaves", sheet, kind)
    texture = sheet.texture()
    frost(texture, weather.snow)
    return TreeKind(texture, width, height, trunk)


def draw_trunk(rng: Generator, sheet: Sketch, top: float) -> None:
    """Draw a trunk from the ground into a crown that begins at `top` meters."""
    bark = vary(rng, (88, 74, 60), 8)
    x, half = sheet.width / 2, sheet.height * 0.026
    sheet.polygon(
        [
            (x - half * 1.3, 0),
            (x + half * 1.3, 0),
            (x + half * 0.8, top + 1.2),
            (x - half * 0.8, top + 1.2),
        ],
        bark,
    )
    sheet.polygon(
        [(x + half * 0.3, 0), (x + half * 1.3, 0), (x + half * 0.8, top + 1.2)], dim(bark, 0.7)
    )


def _crown(
    rng: Generator, sheet: Sketch, middle: Point, radii: Point, leaf: Color, weather: Weather
) -> None:
    """Draw a crown: a few boughs, each with clumps of leaves that are lighter on top."""
    count = int(rng.integers(5, 9))
    turn, away = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count)) * 0.62
    boughs = np.stack([np.cos(turn) * away, np.sin(turn) * away], axis=1)
    for bough in boughs:
        draw_bough(sheet, _on(middle, radii, bough), radii[0] * 0.4, dim(leaf, 0.5))
    owner = rng.integers(0, count, _LEAF_CLUMPS)
    turn, away = rng.uniform(0, 2 * np.pi, owner.size), np.sqrt(rng.random(owner.size)) * 0.44
    inside = np.stack([np.cos(turn) * away, np.sin(turn) * away], axis=1)
    spots = boughs[owner] + inside
    sunward = float(np.clip(-weather.sun[1], -0.7, 0.7))
    light = 0.82 + 0.2 * spots[:, 1] + 0.5 * inside[:, 1] + 0.3 * inside[:, 0] * sunward
    light += rng.normal(0, 0.09, owner.size)
    sizes = radii[0] * rng.uniform(0.035, 0.085, owner.size)
    for i in np.argsort(light, kind="stable"):
        shade = float(np.clip(light[i], 0.42, 1.35))
        draw_bough(sheet, _on(middle, radii, spots[i]), float(sizes[i]), dim(leaf, shade))
    sheet.grain(rng, 12)


def _on(middle: Point, radii: Point, unit: Floats) -> Point:
    """Return the point of an ellipse for a (2,) point of the unit circle."""
    return middle[0] + radii[0] * float(unit[0]), middle[1] + radii[1] * float(unit[1])


def draw_bough(sheet: Sketch, center: Point, radius: float, color: Color) -> None:
    """Draw a disc, moved into the sheet so that its edge never cuts a crown straight."""
    x = min(max(center[0], radius), sheet.width - radius)
    sheet.disc((x, min(center[1], sheet.height - radius)), radius, color)


def tree(
    kind: TreeKind, foot: Floats, scale: float, weather: Weather, reach: float = 150.0
) -> Prop:
    """Return a tree standing at foot, (3,) meters."""
    size = (kind.width * scale, kind.height * scale)
    light = 0.25 + 0.75 * max(weather.shade + 0.25, weather.facing(np.array([-0.7, 0.0, 0.7])))
    crown = oval_shadow(foot, size[0] * 0.4, kind.trunk * scale, size[1] * 0.9, weather)
    trunk = oval_shadow(foot, 0.2, 0.0, kind.trunk * scale, weather)
    return Prop((billboard(foot, kind.texture, size, min(1.0, light), reach),), (crown, trunk))


def tree_line(
    rng: Generator,
    start: Floats,
    end: Floats,
    weather: Weather,
    leaf: Color,
    coverings: Coverings,
) -> Prop:
    """Return a hedge of distant trees over the line from start to end."""
    length, height = float(np.abs(end - start).max()), rng.uniform(6.0, 9.0)
    sheet = Sketch(length, height, TREE, 10.0)
    sheet.box((0, 0), (length, height * 0.6), dim(leaf, 0.6))
    for _ in range(int(length * 9)):
        x, level = rng.uniform(0, length), rng.random()
        shade = float(np.clip(0.55 + 0.45 * level + rng.normal(0, 0.12), 0.4, 1.3))
        top = height * (0.62 + 0.2 * np.sin(x * 0.9) * np.sin(x * 0.37 + 1))
        center = (x, float(level * top))
        sheet.disc(center, rng.uniform(0.4, 0.9), dim(leaf, shade))
    sheet.labels[-2:] = TREE
    coverings.lay("Leaves", sheet, float(start[0]))
    sheet.grain(rng, 10)
    light = max(weather.shade, weather.facing(np.array([-0.4, -np.sign(start[1]) * 0.6, 0.7])))
    return Prop((Panel(upright(start, end, height), sheet.texture(), light),))
