"""A suburb or a country road: a street with grass along it, front gardens and driveways."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.block import (
    Site,
    backdrop,
    built_spans,
    curbside,
    fence_row,
    parked_cars,
)
from segnet_model.scenes.buildings import building
from segnet_model.scenes.camera import GroundHits
from segnet_model.scenes.cars import car
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.natural_ground import draw_looks, paint_cover
from segnet_model.scenes.panels import Canvas, Floats, Mask
from segnet_model.scenes.plants import Garden, Plant, draw_garden
from segnet_model.scenes.props import Prop, faced
from segnet_model.scenes.street import BLOCK, BLOCKS_BEHIND, Street, draw_plan, draw_street
from segnet_model.scenes.street_world import StreetWorld
from segnet_model.scenes.surfaces import Surfaces
from segnet_model.scenes.terrain import GRASS, ROAD, Zone
from segnet_model.scenes.weather import Weather
from segnet_model.scenes.woods import draw_hedge, hedge

_CURB = 0.16  # meters of stone between the road and the verge


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


class SuburbWorld(StreetWorld):
    """An endless street with grass."""

    def __init__(
        self, seed: int, weather: Weather, zoom: float, unknown: bool, surfaces: Surfaces | None
    ) -> None:
        """Draw the street; `zoom`: pixels across per pixel of the reference camera."""
        rng = stream(seed, Purpose.LAYOUT)
        self._strips = {hand: _draw_strip(rng) for hand in (1, -1)}
        self._rural = chance(rng, 0.3)
        super().__init__(seed, weather, zoom, unknown, surfaces)
        materials = {
            Zone.COVER: ("Grass", "Grass", "Grass", "Moss"),
            Zone.DRIVE: ("Asphalt", "Asphalt", "Gravel"),
        }
        self._ground = replace(self._ground, marked=chance(rng, 0.55))
        if chance(rng, 0.2):
            self._motion = replace(self._motion, lane=self._beside(rng))
        litter = 0.2 * chance(rng, 0.4)
        self._looks = draw_looks(
            seed, materials, surfaces or Surfaces.procedural(seed), 0.0, litter
        )
        red, green, blue = map(float, self._looks.surfaces[Zone.COVER].mean)
        self._garden = draw_garden(seed, weather, (red, green, blue))

    def _beside(self, rng: Generator) -> float:
        """Draw where a robot drives on the pavement, or on the verge where there is none."""
        hand = 1 if chance(rng, 0.5) else -1
        strip, curb = self._strips[hand], self._street.side(hand).half_road
        middle = strip.verge + strip.walk * 0.55 if strip.walk else strip.verge * 0.5
        return hand * (curb + middle)

    def props(self, position: Floats, stamp: float, speed: float) -> list[Prop]:
        """Return all props near the camera, standing and moving."""
        return faced(super().props(position, stamp, speed), position)

    def is_drivable(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Return whether points of the ground, in world meters, are road or driveway."""
        across = np.asarray(y - self._street.bend(x))
        return super().is_drivable(x, y) | self._is_drive(x, across)

    def _draw_street(self, seed: int) -> Street:
        street = draw_street(seed)
        sides = [
            replace(street.side(hand), pavement=max(1.2, strip.verge + strip.walk))
            for hand, strip in self._strips.items()
        ]
        return replace(street, left=sides[0], right=sides[1])

    def _build(self, block: int) -> list[Prop]:
        plan, site = draw_plan(self._street, block), self._site
        props: list[Prop] = []
        for hand in (1, -1):
            rng = stream(self._street.seed, Purpose.LAYOUT, block + BLOCKS_BEHIND, hand + 1)
            for lot in draw_lots(self._street, self._rural, block, hand):
                props += _lot(rng, site, self._garden, lot, hand)
            props += _verge(rng, site, self._garden, self._strips[hand], block, hand)
            props += backdrop(rng, site, plan, hand)
            props += curbside(rng, site, plan, hand)
            props += parked_cars(rng, site, plan, hand)
        return props

    def _paint_plain(self, canvas: Canvas, hits: GroundHits, position: Floats) -> None:
        super()._paint_plain(canvas, hits, position)
        across = hits.y - self._street.bend(hits.x)
        road = canvas.labels[hits.first_row :] == ROAD
        drive = self._is_drive(hits.x, across) & hits.hit
        paint_cover(canvas, hits, self._looks, drive, Zone.DRIVE, ROAD, position)
        grass = self._is_grass(across) & hits.hit & ~road & ~drive
        paint_cover(canvas, hits, self._looks, grass, Zone.COVER, GRASS, position)

    def _is_grass(self, across: Floats) -> Mask:
        """Return whether points that are no road or driveway are grass."""
        grass = np.zeros(across.shape, bool)
        for hand, strip in self._strips.items():
            away = hand * across - self._street.side(hand).half_road
            grass |= (away > _CURB) & ((away < strip.verge) | (away > strip.verge + strip.walk))
        return grass

    def _is_drive(self, x: Floats, across: Floats) -> Mask:
        """Return whether points are driveways: from curb to house, but for the pavement."""
        drive = np.zeros(across.shape, bool)
        near = np.asarray(x)[np.abs(x) < 1e5]
        if not near.size:
            return drive
        low, high = float(near.min()), min(float(near.max()), float(near.min()) + 150.0)
        blocks = range(int(np.floor(low / BLOCK)), int(np.floor(high / BLOCK)) + 1)
        for hand in (1, -1):
            away = hand * across - self._street.side(hand).half_road
            strip = self._strips[hand]
            line = strip.verge + strip.walk
            for block in blocks:
                for lot in draw_lots(self._street, self._rural, block, hand):
                    if lot.drive[1] > lot.drive[0]:
                        inside = (x > lot.drive[0]) & (x < lot.drive[1])
                        off_walk = (away < strip.verge) | (away > line)
                        drive |= inside & off_walk & (away > _CURB) & (away < line + lot.setback)
        return drive


def _draw_strip(rng: Generator) -> Strip:
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


def _lot(rng: Generator, site: Site, garden: Garden, lot: Lot, hand: int) -> Iterator[Prop]:
    """Yield a house with its garden, or a meadow with trees."""
    line, drives = site.street.side(hand).line, lot.drive[1] > lot.drive[0]
    first = lot.drive[1] + 0.5 if drives else lot.start
    if lot.house:
        house = (lot.start + (0.3 if chance(rng, 0.5) else 2.0), lot.end - rng.uniform(0.3, 2.0))
        yield building(
            rng, site.street, site.weather, house, lot.setback, hand, site.coverings, (1, 4)
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


def _verge(
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
