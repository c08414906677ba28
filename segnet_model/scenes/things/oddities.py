"""Objects of no class along a street, to test the uncertainty of a network."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.draws import Purpose, chance, stream
from segnet_model.scenes.ground.street import BLOCK, BLOCKS_BEHIND, Street
from segnet_model.scenes.things.balls import ball, balloon
from segnet_model.scenes.things.boxes import crates, sofa
from segnet_model.scenes.things.cows import cow
from segnet_model.scenes.weather.sky import Weather

KINDS: tuple[Callable[[Generator, Weather, float], Prop], ...] = (ball, balloon, cow, crates, sofa)
_REACH = 45.0  # meters; a ball 1.3 m across is 10 pixels there at f = 360 pixels
_PER_BLOCK = 4


def draw_oddities(seed: int, weather: Weather, zoom: float) -> list[Prop]:
    """Draw one object of each kind at the origin, in the order of their places on the street."""
    rng = stream(seed, Purpose.ODDITIES)
    things = [draw(rng, weather, _REACH * zoom) for draw in KINDS]
    return [things[i] for i in rng.permutation(len(things))]


def place_oddities(things: Sequence[Prop], street: Street, block: int) -> Iterator[Prop]:
    """Place objects along one block, one kind after the other, beside the camera's path."""
    if not things:
        return
    rng = stream(street.seed, Purpose.ODDITIES, block + BLOCKS_BEHIND)
    for number in range(block * _PER_BLOCK, (block + 1) * _PER_BLOCK):
        thing = things[number % len(things)]
        x = (number + rng.uniform(0.2, 0.8)) * BLOCK / _PER_BLOCK
        yield thing.moved(street.place(x, _aside(rng, street, _half_width(thing))))


def _half_width(thing: Prop) -> float:
    """Return the distance in meters from the center of an object to its outermost corner."""
    corners = [panel.corners[0] + panel.corners[1] * i for panel in thing.panels for i in (0, 1)]
    return float(np.abs(np.array(corners)[:, 1]).max())


def _aside(rng: Generator, street: Street, half: float) -> float:
    """Return a y between the lanes, at the curb or on the pavement, clear of the camera's path."""
    hand = 1 if chance(rng, 0.5) else -1
    side, spot = street.side(hand), rng.random()
    if spot < 0.3 and half < street.lane_width / 2 - 0.5:
        return float(rng.uniform(-0.1, 0.1))
    if spot < 0.6 and not side.parking and half < 1.3:
        return hand * (side.half_road + rng.uniform(-0.2, 0.4))
    free = max(0.0, side.pavement - 2 * half)
    return hand * (side.half_road + half + rng.uniform(0.0, free))
