"""Moving things: cars, bicyclists and pedestrians.

A mover has a home, the x at which the camera passes it. Its position depends only on how far ahead
its home is, so that frames can be drawn in any order and traffic never runs out.
"""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.ground.street import BIKE_LANE, BLOCK, BLOCKS_BEHIND, PARKING, draw_plan
from segnet_model.scenes.street.block import Site
from segnet_model.scenes.things.cars import CAR_REACH, car
from segnet_model.scenes.things.people import PEOPLE_REACH, Walker, bicyclist, pedestrian

AHEAD = 4  # blocks of homes to look at
_STRIDE = 0.35  # meters between two pictures of a stride


def build_traffic(site: Site, camera_x: float, stamp: float, speed: float) -> list[Prop]:
    """Return all moving props at a stamp in seconds."""
    first = int(np.floor(camera_x / BLOCK)) - 1
    props = list(_car_ahead(site, camera_x, stamp))
    for block in range(first, first + AHEAD + 1):
        props += _oncoming_cars(site, block, camera_x)
        props += _bicyclists(site, block, camera_x, min(0.5, 4.0 / speed))
        props += _strollers(site, block, camera_x, min(0.5, 1.3 / speed))
        props += _crossing(site, block, camera_x, min(0.5, 1.4 / speed))
    return props


def _rng(site: Site, purpose: int, block: int) -> Generator:
    return stream(site.street.seed, Purpose.MOTION, purpose, block + BLOCKS_BEHIND)


def _car_ahead(site: Site, camera_x: float, stamp: float) -> Iterator[Prop]:
    """Yield the car that the camera follows, in two of three drives."""
    rng = _rng(site, 0, 0)
    if not chance(rng, 0.65):
        return
    kind = pick(rng, site.cast.cars)
    gap, sway, phase = rng.uniform(13, 30), rng.uniform(0.5, 4.0), rng.uniform(0, 6.28)
    x = camera_x + gap + sway * float(np.sin(0.4 * stamp + phase))
    y = site.street.keep * site.street.lane_width / 2
    yield car(kind, site.street.place(x, y), site.street.heading(x), site.weather)


def _oncoming_cars(site: Site, block: int, camera_x: float) -> Iterator[Prop]:
    """Yield oncoming cars, at the camera's speed."""
    rng, street = _rng(site, 1, block), site.street
    for lane in range(street.side(-street.keep).lanes):
        home, kind = block * BLOCK + rng.uniform(0, BLOCK), pick(rng, site.cast.cars)
        x = camera_x + 2.0 * (home - camera_x)
        if chance(rng, 0.55) and abs(x - camera_x) < CAR_REACH:
            y = -street.keep * street.lane_width * (lane + 0.5)
            yield car(kind, street.place(x, y), -street.heading(x), site.weather)


def _bicyclists(site: Site, block: int, camera_x: float, share: float) -> Iterator[Prop]:
    """Yield bicyclists in both bicycle lanes; share: their speed over the camera's."""
    rng, street = _rng(site, 2, block), site.street
    for hand in (street.keep, street.keep, -street.keep):
        home, rider = block * BLOCK + rng.uniform(0, BLOCK), pick(rng, site.cast.riders)
        forward = 1.0 if hand == street.keep else -1.0
        x = home - forward * share * (home - camera_x)
        if _near(site, x - camera_x):
            side = street.side(hand)
            y = hand * (side.half_road - BIKE_LANE / 2 - (PARKING if side.parking else 0.0))
            step = int(np.floor(x * forward / 0.6))
            heading = street.heading(x) * forward
            reach = PEOPLE_REACH * site.zoom
            yield bicyclist(rider, street.place(x, y), heading, step, site.weather, reach)


def _strollers(site: Site, block: int, camera_x: float, share: float) -> Iterator[Prop]:
    """Yield people who walk or stand on both pavements."""
    rng, street = _rng(site, 3, block), site.street
    for number in range(int(rng.integers(11, 17))):
        home, walker = block * BLOCK + rng.uniform(0, BLOCK), pick(rng, site.cast.walkers)
        pace = share * float(rng.choice([-1.0, 0.0, 0.8, 1.0]))
        hand = 1 if number % 2 else -1
        side = street.side(hand)
        y = hand * (side.half_road + rng.uniform(0.95, side.pavement - 0.3))
        x = home - pace * (home - camera_x)
        if _near(site, x - camera_x):
            step = int(np.floor(x / _STRIDE)) if pace else 0
            yield _walk(site, walker, (x, y), (1 if pace > 0 else -1, 0), step)


def _crossing(site: Site, block: int, camera_x: float, share: float) -> Iterator[Prop]:
    """Yield people on the zebra crossing; they leave it before the camera arrives."""
    plan = draw_plan(site.street, block)
    if not plan.zebra.exists:
        return
    rng, street = _rng(site, 4, block), site.street
    for _ in range(int(rng.integers(1, 4))):
        walker, x = pick(rng, site.cast.walkers), rng.uniform(plan.zebra.start, plan.zebra.end)
        hand, done = (1 if chance(rng, 0.5) else -1), rng.uniform(5.0, 12.0)
        walked = share * (x - camera_x - done) * 1.5
        y = hand * (street.side(hand).half_road + 0.7 - max(0.0, walked))
        over = y * hand < -street.side(-hand).half_road - 0.7
        if _near(site, x - camera_x) and not over:
            step = int(np.floor(walked / _STRIDE))
            yield _walk(site, walker, (x, y), (-1, -hand if walked > 0 else 0), step)


def _walk(
    site: Site, walker: Walker, spot: tuple[float, float], walk: tuple[int, int], step: int
) -> Prop:
    foot, reach = site.street.place(*spot), PEOPLE_REACH * site.zoom
    return pedestrian(walker, foot, walk, step, site.weather, reach)


def _near(site: Site, ahead: float) -> bool:
    """Return whether a person this far ahead of the camera, in meters, is drawn."""
    return 0.5 < ahead < PEOPLE_REACH * site.zoom
