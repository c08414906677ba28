"""Plants of parks and woods: trees of all kinds, bushes, hedges, grass and flowers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import GRASS, TREE
from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow
from segnet_model.scenes.drawing.sketch import CLEAR, Sketch, Texture
from segnet_model.scenes.draws import (
    Color,
    Palette,
    Purpose,
    chance,
    dim,
    mix,
    pick,
    pick_color,
    stream,
    vary,
)
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.plants.foliage import close, foliage, veil
from segnet_model.scenes.plants.seasons import AUTUMN, LEAVES, SUMMER, TWIGS, draw_bare_crown, frost
from segnet_model.scenes.plants.trees import draw_bough, draw_trunk
from segnet_model.scenes.weather.sky import Weather

_NEEDLES: Palette = ((44, 66, 46), (56, 78, 56), (38, 58, 50), (70, 88, 62))
_FLOWERS: Palette = ((226, 226, 220), (220, 60, 90), (236, 196, 50), (150, 90, 190), (232, 120, 60))
_STRAW: Palette = ((168, 152, 96), (122, 132, 62), (92, 116, 50), (146, 128, 88))


@dataclass(frozen=True, eq=False)
class Plant:
    """A picture of a plant, its size in meters, and the room that it takes on the ground."""

    texture: Texture
    width: float
    height: float
    bare: float  # height below which there is only a trunk
    room: float  # meters, radius of its foot

    def standing(self, foot: Floats, scale: float, weather: Weather, reach: float) -> Prop:
        """Return the plant at foot, (3,) meters; it turns towards the camera."""
        size = (self.width * scale, self.height * scale)
        panel = billboard(foot, self.texture, size, _light(weather), reach)
        if self.height * scale < 0.4:
            return Prop((panel,), (), True)
        shadows = [oval_shadow(foot, size[0] * 0.4, self.bare * scale, size[1] * 0.9, weather)]
        if self.bare:
            shadows.append(oval_shadow(foot, size[1] * 0.03, 0.0, self.bare * scale, weather))
        return Prop((panel,), tuple(shadows), True)


def _light(weather: Weather) -> float:
    return min(
        1.0, 0.25 + 0.75 * max(weather.shade + 0.25, weather.facing(np.array([-0.7, 0, 0.7])))
    )


@dataclass(frozen=True, eq=False)
class Garden:
    """The plants of one drive: each is drawn once and shown many times."""

    trees: Sequence[Plant]
    bushes: Sequence[Plant]
    weeds: Sequence[Plant]  # high grass, ferns and reeds
    tufts: Sequence[Plant]  # grass blades of a lawn
    flowers: Sequence[Plant]
    thickets: Sequence[Plant]  # pieces of a wood's edge
    leaves: Palette  # colors of this drive's foliage
    twigs: Color

    def cover(self, coverings: Coverings) -> None:
        """Give trees and bushes the pattern of this drive's leaves."""
        for number, plant in enumerate((*self.trees, *self.bushes, *self.thickets)):
            rgb = plant.texture.rgb
            coverings.lay_picture("Leaves", rgb, rgb.shape[1] / plant.width, number)


def draw_garden(seed: int, weather: Weather, grass: Color, winter: bool = False) -> Garden:
    """Draw the plants of one drive; grass: color of its lawns."""
    rng = stream(seed, Purpose.PLANTS)
    season = rng.uniform(0.8, 1.0) if winter else rng.random()
    palette = SUMMER if season < 0.6 else AUTUMN if season < 0.8 else TWIGS
    if weather.season:
        palette = LEAVES[weather.season]
    leaves = tuple(pick_color(rng, palette, 8) for _ in range(3))
    twigs = pick_color(rng, TWIGS, 8)
    kinds: list[Callable[[Generator, Color, Weather], Plant]] = [leaf_tree, conifer, bare_tree]
    odds = np.array([0.2, 0.25, 0.55] if palette is TWIGS else [0.7, 0.22, 0.08])
    drawn = [kinds[int(rng.choice(3, p=odds))] for _ in range(5)]
    bush_leaves = leaves if palette is not TWIGS or chance(rng, 0.5) else SUMMER
    garden = Garden(
        trees=[draw(rng, pick(rng, leaves), weather) for draw in drawn],
        bushes=[bush(rng, pick_color(rng, bush_leaves, 8), weather) for _ in range(4)],
        weeds=[blades(rng, pick_color(rng, _STRAW, 10), high=True) for _ in range(3)],
        tufts=[blades(rng, vary(rng, grass, 8), high=False) for _ in range(4)],
        flowers=[flowers(rng, pick_color(rng, _FLOWERS, 10)) for _ in range(3)],
        thickets=[thicket(rng, leaves, twigs, weather) for _ in range(6)],
        leaves=leaves,
        twigs=twigs,
    )
    for plant in (*garden.trees, *garden.bushes, *garden.thickets):
        frost(plant.texture, weather.snow)
    return garden


def leaf_tree(rng: Generator, leaf: Color, weather: Weather) -> Plant:
    """Draw a tree with a round crown."""
    height = rng.uniform(6.0, 11.0)
    width = height * rng.uniform(0.5, 0.85)
    bare = height * rng.uniform(0.12, 0.34)
    sheet = Sketch(width, height, TREE, 36.0)
    draw_trunk(rng, sheet, bare)
    middle = (width / 2, (bare + height) / 2)
    foliage(
        rng,
        sheet,
        middle,
        (width * 0.44, (height - bare) * 0.48),
        leaf,
        weather,
        rng.uniform(0.4, 1.2),
    )
    return Plant(sheet.texture(), width, height, bare, height * 0.04)


def conifer(rng: Generator, leaf: Color, weather: Weather) -> Plant:
    """Draw a fir: drooping branches that get shorter to the top."""
    height, color = rng.uniform(3.0, 12.0), pick_color(rng, _NEEDLES, 6)
    width, bare = height * rng.uniform(0.35, 0.6), rng.uniform(0.0, 0.08) * height
    sheet = Sketch(width, height, TREE, 36.0)
    draw_trunk(rng, sheet, height * 0.5)
    middle = width / 2
    for level in np.sort(rng.random(420)):
        y, reach = bare + float(level) * (height - bare), width / 2 * (1 - float(level)) ** 0.85
        out = float(rng.uniform(-1, 1)) * reach
        shade = float(
            np.clip(0.6 + 0.5 * abs(out) / max(reach, 0.1) + rng.normal(0, 0.15), 0.4, 1.4)
        )
        tip = (middle + out, max(0.03, y - abs(out) * 0.35))
        sheet.limb([(middle + out * 0.2, y), tip], 0.05 + height * 0.016, dim(color, shade))
    sheet.grain(rng, 10)
    return Plant(sheet.texture(), width, height, bare, width * 0.25)


def bare_tree(rng: Generator, leaf: Color, weather: Weather) -> Plant:
    """Draw a tree without leaves: boughs, and a veil of twigs with holes for the sky."""
    height = rng.uniform(6.0, 11.0)
    width, bare = height * rng.uniform(0.5, 0.8), height * rng.uniform(0.1, 0.25)
    sheet = Sketch(width, height, TREE, 36.0)
    draw_bare_crown(rng, sheet, bare)
    return Plant(sheet.texture(), width, height, bare, height * 0.04)


def bush(rng: Generator, leaf: Color, weather: Weather) -> Plant:
    """Draw a bush that grows from the ground; some bloom."""
    height = rng.uniform(0.7, 2.6)
    width = height * rng.uniform(0.9, 1.8)
    sheet = Sketch(width, height, TREE, 40.0)
    sheet.oval((width / 2, height * 0.2), (width * 0.42, height * 0.22), dim(leaf, 0.45))
    radii = (width * 0.44, height * 0.46)
    foliage(rng, sheet, (width / 2, height * 0.46), radii, leaf, weather)
    if chance(rng, 0.25):
        _dots(rng, sheet, pick_color(rng, _FLOWERS, 10), 60)
    return Plant(sheet.texture(), width, height, 0.0, width * 0.4)


def _dots(rng: Generator, sheet: Sketch, color: Color, count: int) -> None:
    """Draw blossoms where there are leaves."""
    rows, columns = np.nonzero(sheet.labels != CLEAR)
    for i in rng.integers(0, rows.size, count):
        spot = (int(columns[i]), int(rows[i]))
        cv2.circle(sheet.rgb, spot, 1, vary(rng, color, 8), -1)


def thicket(rng: Generator, garden_leaves: Palette, twigs: Color, weather: Weather) -> Plant:
    """Draw a piece of wood's edge: trunks, crowns above them and undergrowth below."""
    width, height = rng.uniform(2.6, 4.6), rng.uniform(4.5, 11.0)
    sheet = Sketch(width, height, TREE, 26.0)
    bare, thin = chance(rng, 0.3), rng.uniform(0.15, 0.9)
    for _ in range(int(rng.integers(1, 7))):
        x, half = rng.uniform(0.15, 0.85) * width, rng.uniform(0.03, 0.16)
        top, lean = height * rng.uniform(0.5, 0.95), rng.normal(0, 0.25)
        bark = dim(pick_color(rng, TWIGS, 14), rng.uniform(0.45, 1.2))
        sheet.limb([(x, 0.0), (x + lean, top)], 2 * half, bark)
    for level in (0.75, 0.55, 0.35, 0.16):
        leaf = dim(pick(rng, garden_leaves), 0.55 + 0.5 * level)
        spot = (width * rng.uniform(0.4, 0.6), height * level)
        radii = (width * rng.uniform(0.3, 0.46), height * rng.uniform(0.14, 0.24))
        if bare:
            veil(rng, sheet, spot, radii, vary(rng, twigs, 10), thin)
        elif level < 0.2 or chance(rng, 0.85):
            foliage(rng, sheet, spot, radii, leaf, weather, thin + 0.3)
    if bare:
        close(sheet, 4, mix(twigs, (190, 190, 190), 0.2))
    sheet.labels[0] = CLEAR
    return Plant(sheet.texture(), width, height, 0.0, width * 0.3)


def blades(rng: Generator, color: Color, high: bool) -> Plant:
    """Draw a tuft of a lawn, or high grass that hides a robot."""
    height = rng.uniform(0.5, 1.3) if high else rng.uniform(0.07, 0.22)
    width = rng.uniform(0.6, 1.2) if high else rng.uniform(0.2, 0.45)
    scale = 110.0 if high else 200.0
    sheet = Sketch(width, height, TREE if high else GRASS, scale)
    for _ in range(260 if high else 60):
        foot = float(rng.normal(width / 2, width * 0.14))
        tip = float(np.clip(foot + rng.normal(0, width * 0.24), 0, width))
        bent = abs(tip / width - 0.5)
        top = height * float(rng.uniform(0.35, 0.98)) * (1 - 1.1 * bent)
        middle = (foot * 0.7 + tip * 0.3, top * 0.6)
        tone = vary(rng, dim(color, rng.uniform(0.65, 1.25)), 8)
        sheet.limb([(foot, 0.0), middle, (tip, top)], 1.0 / scale, tone)
    close(sheet, 3, dim(color, 0.6))
    return Plant(sheet.texture(), width, height, 0.0, width * (0.3 if high else 0.2))


def flowers(rng: Generator, bloom: Color) -> Plant:
    """Draw a clump of flowers."""
    height, width = rng.uniform(0.25, 0.7), rng.uniform(0.5, 0.9)
    sheet, leaf = Sketch(width, height, TREE, 70.0), vary(rng, (80, 112, 56), 10)
    for _ in range(70):
        x, y = rng.uniform(0.06, width - 0.06), height * rng.uniform(0.02, 0.8)
        draw_bough(sheet, (x, y), 0.05, dim(leaf, rng.uniform(0.6, 1.3)))
    for _ in range(26):
        x, y = rng.uniform(0.06, width - 0.06), height * rng.uniform(0.45, 0.95)
        draw_bough(sheet, (x, y), 0.035, vary(rng, bloom, 14))
    return Plant(sheet.texture(), width, height, 0.0, width * 0.4)
