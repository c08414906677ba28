"""Where plants and things stand in one block of a natural world."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.houses import House, HouseRule, build_house, draw_houses
from segnet_model.scenes.classes import GRASS, PATH, ROAD, WATER
from segnet_model.scenes.drawing.panels import Floats, Mask
from segnet_model.scenes.drawing.props import Prop, Thing
from segnet_model.scenes.drawing.sketch import Cover
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.ground.banks import Bank, build_bank
from segnet_model.scenes.ground.looks import Looks
from segnet_model.scenes.ground.street import BLOCK, BLOCKS_BEHIND, blocks_between
from segnet_model.scenes.ground.terrain import Terrain
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.plants.kinds import Garden, Plant
from segnet_model.scenes.plants.woods import WALL_LENGTH, hedge
from segnet_model.scenes.things.furniture import FENCE_LENGTH, fence
from segnet_model.scenes.weather.sky import Weather

_BARRED = (PATH, ROAD, WATER)
_CLEAR = 0.9  # meters beside the camera where nothing larger than a tuft stands


@dataclass(frozen=True)
class Crop:
    """How many plants of a kind stand in a block, and where."""

    kind: str  # a field of Garden
    count: float  # on average
    away: tuple[float, float]  # meters beside the path, as far as the mean and the most
    scale: tuple[float, float]
    reach: float = 150.0


@dataclass(frozen=True)
class Wall:
    """A hedge or a fence along one side of the path."""

    hand: int
    away: float  # meters from the edge of the path
    gaps: float  # share of it that is open
    pictures: Sequence[Cover]
    height: tuple[float, float]  # meters; (0, 0) for a fence


@dataclass(frozen=True)
class Wood:
    """A wood along one side of the path, as rows of thickets."""

    hand: int
    away: float  # meters from the edge of the path
    gaps: float  # share of it that is open


@dataclass(frozen=True, eq=False)
class Layout:
    """All that the blocks of one drive are built from."""

    terrain: Terrain
    garden: Garden
    weather: Weather
    zoom: float
    crops: Sequence[Crop]
    # With how many in a block, and meters beside the path; from below 0 to 0 they lie on it.
    things: Sequence[tuple[Thing, float, tuple[float, float]]]
    walls: Sequence[Wall]
    woods: Sequence[Wood]
    lane: float  # meters left of the center line where the camera moves
    looks: Looks
    banks: Sequence[Bank]
    rule: HouseRule | None
    coverings: Coverings
    _houses: dict[int, list[House]] = field(default_factory=dict, init=False)

    def lifted(self, feet: Floats) -> Floats:
        """Return (n, 3) feet on the ground, moved up onto the banks."""
        aside = feet[:, 1] - self.terrain.course.bend(feet[:, 0])
        for bank in self.banks:
            feet[:, 2] += bank.lift(aside)
        return feet

    def houses(self, block: int) -> list[House]:
        """Return the houses of a block."""
        if self.rule is None:
            return []
        if block not in self._houses:
            self._houses[block] = draw_houses(self.terrain, self.rule, block)
        return self._houses[block]


def build_nature(layout: Layout, block: int) -> list[Prop]:
    """Return the props of one block; no block depends on another."""
    rng = stream(layout.terrain.seed, Purpose.LAYOUT, block + BLOCKS_BEHIND)
    props: list[Prop] = []
    if layout.rule:
        for house in layout.houses(block):
            props += build_house(rng, house, layout.rule, layout.weather, layout.coverings)
    for bank in layout.banks:
        props += build_bank(bank, layout.terrain, layout.looks, layout.weather, block)
    for wall in layout.walls:
        props += _wall(rng, layout, wall, block)
    for wood in layout.woods:
        props += _wood(rng, layout, wood, block)
    for thing, count, away in layout.things:
        props += _things(rng, layout, thing, block, int(rng.poisson(count)), away)
    for crop in layout.crops:
        props += _crop(rng, layout, crop, block)
    return props


def _spots(
    rng: Generator, layout: Layout, block: int, count: int, away: tuple[float, float]
) -> Floats:
    """Return (count, 3) points beside the path: near it more than far away."""
    low, high = away
    x = block * BLOCK + rng.uniform(0.0, BLOCK, count)
    hand = rng.choice([-1.0, 1.0], count)
    aside = np.maximum(0.0, layout.terrain.half) + low + (high - low) * rng.random(count) ** 1.5
    y = layout.terrain.course.bend(x) + hand * aside
    return np.stack([x, y, np.zeros(count)], axis=1)


def _free(layout: Layout, feet: Floats, room: Floats, barred: Sequence[int]) -> Mask:
    """Return whether the ground below each foot, a circle of `room` meters, is free, (n,)."""
    if not len(feet):
        return np.zeros(0, bool)
    turns = np.arange(0, 2 * np.pi, np.pi / 3)
    ring = np.stack([np.append(np.cos(turns), 0.0), np.append(np.sin(turns), 0.0)], axis=1)
    aside = feet[:, 1] - layout.terrain.course.bend(feet[:, 0]) - layout.lane
    in_way = (np.abs(aside) < room + _CLEAR) & (room > 0.2)
    points = feet[:, None, :2] + ring * room[:, None, None]
    ids = layout.terrain.ids(points[..., 0].ravel(), points[..., 1].ravel())
    taken = np.isin(ids, barred).reshape(len(feet), -1).any(axis=1)
    first, last = feet[:, 0].min() - 20.0, feet[:, 0].max() + 20.0
    for block in blocks_between(first, last):
        for house in layout.houses(block):
            taken |= house.covers(feet, room)
    return np.asarray(~taken & ~in_way)


def _crop(rng: Generator, layout: Layout, crop: Crop, block: int) -> Iterator[Prop]:
    kinds: Sequence[Plant] = getattr(layout.garden, crop.kind)
    count = int(rng.poisson(crop.count))
    feet = _spots(rng, layout, block, count, crop.away)
    chosen, scales = rng.integers(0, len(kinds), count), rng.uniform(*crop.scale, count)
    room = np.array([kinds[k].room for k in chosen]) * scales
    free, feet = _free(layout, feet, room, _BARRED), layout.lifted(feet)
    if crop.kind == "tufts":
        grass = layout.terrain.ids(feet[:, 0], feet[:, 1]) == GRASS if count else free
        free = free & grass
    for i in np.flatnonzero(free):
        reach = crop.reach * layout.zoom
        yield kinds[chosen[i]].standing(feet[i], float(scales[i]), layout.weather, reach)


def _things(
    rng: Generator, layout: Layout, thing: Thing, block: int, count: int, away: tuple[float, float]
) -> Iterator[Prop]:
    feet = _spots(rng, layout, block, count, away)
    room, barred = (np.full(count, 0.6), _BARRED) if away[1] > 0 else (np.zeros(count), (WATER,))
    free, feet = _free(layout, feet, room, barred), layout.lifted(feet)
    for foot in feet[free]:
        side = np.sign(foot[1] - float(layout.terrain.course.bend(foot[0])))
        turn = side * np.pi / 2 + rng.normal(0, 0.3)
        yield thing(rng, layout.weather, float(turn)).moved(foot)


def _wall(rng: Generator, layout: Layout, wall: Wall, block: int) -> Iterator[Prop]:
    step = WALL_LENGTH if wall.height[1] else FENCE_LENGTH
    for x in np.arange(block * BLOCK, (block + 1) * BLOCK, step):
        picture, height = pick(rng, wall.pictures), rng.uniform(*wall.height)
        open_here = chance(rng, wall.gaps)
        y = wall.hand * (max(0.0, layout.terrain.half) + wall.away)
        ends = [layout.terrain.course.place(at, y) for at in (float(x), float(x) + step)]
        along = np.asarray(np.linspace(ends[0], ends[1], 9), np.float64)
        if open_here or not _free(layout, along, np.full(9, 0.3), _BARRED).all():
            continue
        ends = list(layout.lifted(np.array(ends)))
        if wall.height[1]:
            yield hedge(picture, ends[0], ends[1], height, layout.weather)
        else:
            yield fence(picture, ends[0], ends[1], layout.weather)


def _wood(rng: Generator, layout: Layout, wood: Wood, block: int) -> Iterator[Prop]:
    """Yield rows of thickets, the farther ones larger."""
    edge = max(0.0, layout.terrain.half) + wood.away
    open_from = block * BLOCK + rng.uniform(0, BLOCK)
    open_to = open_from + BLOCK * wood.gaps * rng.uniform(0.0, 1.5)
    for row, step in enumerate((1.9, 2.6, 4.0)):
        x = np.arange(block * BLOCK, (block + 1) * BLOCK, step) + rng.uniform(0, step)
        x = x[(x < open_from) | (x > open_to)] + rng.normal(0, 0.4)
        aside = edge + 3.4 * row + 1.2 * rng.random(x.size)
        y = layout.terrain.course.bend(x) + wood.hand * aside
        feet, scales = np.stack([x, y, 0 * x], axis=1), rng.uniform(0.7, 1.1, x.size) + 0.3 * row
        chosen = rng.integers(0, len(layout.garden.thickets), x.size)
        room = np.array([layout.garden.thickets[k].room for k in chosen]) * scales
        free, feet = _free(layout, feet, room, _BARRED), layout.lifted(feet)
        for i in np.flatnonzero(free):
            kind = layout.garden.thickets[chosen[i]]
            yield kind.standing(feet[i], float(scales[i]), layout.weather, 140.0)
