"""Houses beside a path: the buildings of a campus, and those around yards."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.building import building
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Floats, Mask, Panel
from segnet_model.scenes.drawing.props import Prop, upright
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Palette, Purpose, chance, dim, pick_color, stream
from segnet_model.scenes.ground.street import BLOCK, BLOCKS_BEHIND, Side, Street
from segnet_model.scenes.ground.terrain import Terrain, Zone
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.weather.sky import Weather

_DEPTH = 12.0  # meters that a house takes behind its front
_MARGIN = 0.3
_NO_HOUSE = (Zone.WAY, Zone.BRANCH, Zone.WATER, Zone.DRIVE)
_DOORS: Palette = ((226, 224, 218), (120, 88, 60), (90, 96, 100), (60, 84, 66), (150, 60, 50))
_SIDE = Side(lanes=1, parking=False, half_road=0.0, pavement=0.0)
_AXIS = Street(  # the x axis, for houses that are moved into their places afterwards
    seed=0, keep=1, lane_width=3.0, left=_SIDE, right=_SIDE, swing=0.0, wave=0.0, phase=0.0
)


@dataclass(frozen=True)
class HouseRule:
    """How houses stand along a path."""

    share: float  # of the lots that have a house
    away: tuple[float, float]  # meters from the edge of the path
    length: tuple[float, float]
    floors: tuple[int, int]  # the least, and one more than the most
    garages: float  # chance of a garage door in a front
    mix: str = "garden"  # of `MIXES`


@dataclass(frozen=True)
class House:
    """The place of a house."""

    start: float  # meters along x
    end: float
    front: float  # world y of its front
    hand: int  # +1 left of the path, -1 right
    away: float  # meters from the edge of the path

    def covers(self, feet: Floats, room: Floats) -> Mask:
        """Return which circles around (n, 3) feet touch the house."""
        behind = self.hand * (feet[:, 1] - self.front)
        beside = (feet[:, 0] < self.start - room) | (feet[:, 0] > self.end + room)
        return np.asarray(~beside & (behind > -room - _MARGIN) & (behind < _DEPTH + room))


def draw_houses(terrain: Terrain, rule: HouseRule, block: int) -> list[House]:
    """Draw where houses stand in a block: not on ways."""
    found = []
    for hand in (1, -1):
        rng = stream(terrain.seed, Purpose.HOUSES, block + BLOCKS_BEHIND, hand + 1)
        x, stop = float(block * BLOCK + rng.uniform(0.0, 3.0)), (block + 1) * BLOCK
        while x < stop - rule.length[0]:
            end = min(float(x + rng.uniform(*rule.length)), stop)
            house = _house(terrain, (x, end), rng.uniform(*rule.away), hand)
            if chance(rng, rule.share) and _is_clear(terrain, house):
                found.append(house)
            x = end + (rng.uniform(2.0, 10.0) if chance(rng, 0.6) else 0.0)
    return found


def _house(terrain: Terrain, span: tuple[float, float], away: float, hand: int) -> House:
    line = terrain.course.bend(np.linspace(span[0], span[1], 9))
    nearest = float(line.max() if hand > 0 else line.min())
    front = nearest + hand * (max(0.0, terrain.half) + away)
    return House(span[0], span[1], front, hand, away)


def _is_clear(terrain: Terrain, house: House) -> bool:
    x, behind = np.meshgrid(np.linspace(house.start, house.end, 12), np.linspace(-0.3, 8.0, 8))
    zones = terrain.zones(x, house.front + house.hand * behind)
    return not np.isin(zones, _NO_HOUSE).any()


def build_house(
    rng: Generator, house: House, rule: HouseRule, weather: Weather, coverings: Coverings
) -> Iterator[Prop]:
    """Yield a house, and a garage door in its front."""
    span, shift = (house.start, house.end), house.front - house.hand * house.away
    built = building(
        rng, _AXIS, weather, span, house.away, house.hand, coverings, rule.floors, rule.mix
    )
    yield built.moved(np.array([0.0, shift, 0.0]))
    if not coverings.rich and chance(rng, rule.garages) and house.end - house.start > 6.0:
        yield _garage_door(rng, house, weather)


def _garage_door(rng: Generator, house: House, weather: Weather) -> Prop:
    """Return a ribbed door a little before the front."""
    width, height = rng.uniform(2.3, 4.6), rng.uniform(2.0, 2.5)
    color, step = pick_color(rng, _DOORS, 8), rng.uniform(0.15, 0.5)
    sheet = Sketch(width, height, BUILDING, 40.0)
    sheet.box((-0.1, -0.1), (width + 0.1, height + 0.1), color)
    for y in np.arange(0.0, height, step):
        sheet.box((-0.1, float(y)), (width + 0.1, float(y) + 0.03), dim(color, 0.7))
    sheet.box((-0.1, -0.1), (width + 0.1, 0.05), dim(color, 0.5))
    x = rng.uniform(house.start + 0.5, house.end - width - 0.5)
    face = house.front - house.hand * 0.04
    ends = np.array([x, face, 0.0]), np.array([x + width, face, 0.0])
    corners = upright(*(ends if house.hand > 0 else ends[::-1]), height)
    light = weather.facing(np.array([0.0, -float(house.hand), 0.0]))
    return Prop((Panel(corners, sheet.texture(), light, 90.0),))
