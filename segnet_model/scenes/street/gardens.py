"""Front gardens, driveways and verges of a suburb."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.building import building
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.ground.street import BLOCK, BLOCKS_BEHIND, Street, draw_plan
from segnet_model.scenes.plants.kinds import Garden, Plant
from segnet_model.scenes.plants.woods import draw_hedge, hedge
from segnet_model.scenes.street.block import Site, built_spans, fence_row
from segnet_model.scenes.things.cars import car


@dataclass(frozen=True)
class Strip:
    """What lies beside one curb: a verge of grass, then a pavement, then front gardens."""

    verge: float  # meters
    walk: float  # meters; 0 for a road without a pavement


@dataclass(frozen=True)
class Lot:
    """A piece of land beside the street; meters along x."""

    start: float
    end: float
    setback: float  # meters from the pavement to the house
    house: bool
    drive: tuple[float, float]  # from and to, empty if equal


def draw_strip(rng: Generator) -> Strip:
    """Draw one side of a suburb: a pavement, a verge and a pavement, or a verge alone."""
    kind = rng.random()
    if kind < 0.3:
        return Strip(rng.uniform(0.0, 0.15), rng.uniform(1.5, 2.6))
    if kind < 0.7:
        return Strip(rng.uniform(0.9, 2.6), rng.uniform(1.4, 2.4))
    return Strip(rng.uniform(1.5, 4.0), 0.0)


@lru_cache(maxsize=64)
def draw_lots(street: Street, rural: bool, block: int, hand: int) -> tuple[Lot, ...]:
    """Draw the lots along one side of a block."""
    rng = stream(street.seed, Purpose.TERRAIN, block + BLOCKS_BEHIND, hand + 1)
    lots = []
    for start, end in built_spans(draw_plan(street, block)):
        x = start
        while end - x > 5.0:
            width = rng.uniform(11.0, 22.0)
            stop = end if end - x - width < 7.0 else x + width
            house = chance(rng, 0.25 if rural else 0.85)
            drive = x + rng.uniform(0.5, 2.0)
            wide = rng.uniform(2.3, 3.6) if house and chance(rng, 0.7) else 0.0
            lots.append(Lot(x, stop, rng.uniform(3.0, 9.0), house, (drive, drive + wide)))
            x = stop
    return tuple(lots)


def build_lot(rng: Generator, site: Site, garden: Garden, lot: Lot, hand: int) -> Iterator[Prop]:
    """Yield a house with its garden, or a meadow with trees."""
    line, drives = site.street.side(hand).line, lot.drive[1] > lot.drive[0]
    first = lot.drive[1] + 0.5 if drives else lot.start
    if lot.house:
        house = (lot.start + (0.3 if chance(rng, 0.5) else 2.0), lot.end - rng.uniform(0.3, 2.0))
        yield building(
            rng,
            site.street,
            site.weather,
            house,
            lot.setback,
            hand,
            site.coverings,
            (1, 4),
            "garden",
        )
        edge = rng.random()
        if edge < 0.25:
            yield from fence_row(rng, site, (first, lot.end), hand)
        elif edge < 0.45:
            ends = [site.street.place(x, hand * line) for x in (first, lot.end)]
            picture = draw_hedge(rng, pick(rng, garden.leaves))
            yield hedge(picture, ends[0], ends[1], rng.uniform(0.7, 1.6), site.weather)
        if drives and chance(rng, 0.4):
            spot = (lot.drive[0] + lot.drive[1]) / 2
            foot = site.street.place(spot, hand * (line + max(2.6, lot.setback - 2.5)))
            yield car(
                pick(rng, site.cast.cars), foot, np.array([0.0, -float(hand), 0.0]), site.weather
            )
    kinds = [(garden.bushes, 3.0, 60.0), (garden.flowers, 2.0, 20.0), (garden.trees, 0.8, 150.0)]
    if not lot.house:
        kinds = [(garden.trees, 5.0, 150.0), (garden.bushes, 4.0, 60.0), (garden.weeds, 8.0, 25.0)]
    depth = lot.setback if lot.house else 18.0
    for plants, count, reach in kinds:
        yield from _plants(
            rng,
            site,
            plants,
            (first, lot.end),
            (line + 0.6, line + depth),
            hand,
            int(rng.poisson(count)),
            reach,
        )


def _plants(
    rng: Generator,
    site: Site,
    plants: Sequence[Plant],
    along: tuple[float, float],
    across: tuple[float, float],
    hand: int,
    count: int,
    reach: float,
) -> Iterator[Prop]:
    """Yield plants in a rectangle."""
    for _ in range(count):
        kind, scale = pick(rng, plants), rng.uniform(0.5, 1.1)
        room = kind.room * scale
        if along[1] - along[0] > 2 * room:
            x = rng.uniform(along[0] + room, along[1] - room)
            y = rng.uniform(across[0] + room, max(across[0] + room, across[1]))
            foot = site.street.place(x, hand * y)
            yield kind.standing(foot, scale, site.weather, reach)


def build_verge(
    rng: Generator, site: Site, garden: Garden, strip: Strip, block: int, hand: int
) -> Iterator[Prop]:
    """Yield blades of grass along the curb, and high grass in some blocks."""
    curb, plan = site.street.side(hand).half_road, draw_plan(site.street, block)
    if strip.verge < 0.5:
        return
    high = chance(rng, 0.15)
    for _ in range(int(rng.integers(20, 90))):
        x = block * BLOCK + rng.uniform(0, BLOCK)
        plant, scale = (
            pick(rng, garden.weeds if high and chance(rng, 0.2) else garden.tufts),
            rng.uniform(0.5, 1.2),
        )
        foot = site.street.place(x, hand * (curb + rng.uniform(0.3, strip.verge)))
        if not plan.side_street.covers(x, 0.5):
            yield plant.standing(foot, scale, site.weather, 14.0)
