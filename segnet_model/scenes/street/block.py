"""The things that stand still in one block of the street."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.building import building
from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.draws import Color, Purpose, chance, pick, stream
from segnet_model.scenes.ground.street import BLOCK, BLOCKS_BEHIND, PARKING, Plan, Street, draw_plan
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.plants.trees import TreeKind, draw_tree_kinds, tree, tree_line
from segnet_model.scenes.things.cars import CarKind, car, draw_car_kinds
from segnet_model.scenes.things.clutter.fences import boundary
from segnet_model.scenes.things.clutter.posts import stand_post
from segnet_model.scenes.things.furniture import (
    FENCE_LENGTH,
    POLE_REACH,
    SIGN_REACH,
    draw_fence,
    fence,
    lamp_post,
    traffic_light,
    traffic_sign,
)
from segnet_model.scenes.things.people import Rider, Walker, draw_riders, draw_walkers
from segnet_model.scenes.weather.sky import Weather

Span = tuple[float, float]  # meters along x


@dataclass(frozen=True, eq=False)
class Cast:
    """Cars, people and trees of one drive: each is drawn once and shown many times."""

    cars: list[CarKind]
    walkers: list[Walker]
    riders: list[Rider]
    trees: list[TreeKind]


def draw_cast(seed: int, weather: Weather, coverings: Coverings) -> Cast:
    """Draw the cars, people and trees of a drive."""
    trees = draw_tree_kinds(seed, weather, coverings)
    return Cast(draw_car_kinds(seed), draw_walkers(seed), draw_riders(seed), trees)


@dataclass(frozen=True, eq=False)
class Site:
    """Street, weather and cast that every block is built from."""

    street: Street
    weather: Weather
    cast: Cast
    zoom: float  # pixels across per pixel of the reference camera (480 wide, f = 360)
    coverings: Coverings


def build_block(site: Site, block: int) -> list[Prop]:
    """Return the props of one block; no block depends on another."""
    plan = draw_plan(site.street, block)
    props: list[Prop] = []
    for hand in (1, -1):
        rng = stream(site.street.seed, Purpose.BLOCK, block + BLOCKS_BEHIND, (hand + 1) // 2)
        for span in built_spans(plan):
            props += _lots(rng, site, span, hand)
        props += backdrop(rng, site, plan, hand)
        props += curbside(rng, site, plan, hand)
        props += parked_cars(rng, site, plan, hand)
    return props


def built_spans(plan: Plan) -> list[Span]:
    """Return the stretches with houses: all but the side street and its pavements."""
    end, gap = plan.start + BLOCK, plan.side_street
    if not gap.exists:
        return [(plan.start, end)]
    return [(plan.start, gap.start - 2.5), (gap.end + 2.5, end)]


def _lots(rng: Generator, site: Site, span: Span, hand: int) -> Iterator[Prop]:
    """Fill a stretch with houses at the pavement, houses behind a fence, and green plots."""
    if site.coverings.rich:
        yield from _town_lots(site, span, hand)
        return
    x = span[0]
    while span[1] - x > 4.0:
        width = rng.uniform(8.0, 15.0)
        lot = (x, span[1] if span[1] - x - width < 5.0 else x + width)
        kind = rng.random()
        if kind < 0.38:
            yield building(rng, site.street, site.weather, lot, 0.0, hand, site.coverings)
        elif kind < 0.72:
            yield from _garden_house(rng, site, lot, hand)
        else:
            yield from _green_plot(rng, site, lot, hand)
        x = lot[1]


def _town_lots(site: Site, span: Span, hand: int) -> Iterator[Prop]:
    """Fill a stretch with tight rows of houses, and with gardens, passages and green plots."""
    seed = site.street.seed
    dense = stream(seed, Purpose.FACADES).uniform(0.35, 0.98)
    rng = stream(seed, Purpose.FACADES, round(span[0] * 10), hand + 1)
    x, kind = span[0], 0.0
    while span[1] - x > 4.0:
        width = rng.uniform(5.0, 18.0)
        lot = (x, span[1] if span[1] - x - width < 5.0 else x + width)
        kind = kind if chance(rng, 0.5) else rng.random()
        if kind < dense:
            passage = rng.uniform(0.8, 3.0) if chance(rng, 0.1) else 0.0
            lot = (lot[0] + passage, lot[1])
            setback = rng.uniform(0.2, 1.5) if chance(rng, 0.15) else 0.0
            yield building(rng, site.street, site.weather, lot, setback, hand, site.coverings)
        elif kind < dense + 0.6 * (1 - dense):
            yield from _garden_house(rng, site, lot, hand)
        else:
            yield from _green_plot(rng, site, lot, hand)
        x = lot[1]


def _garden_house(rng: Generator, site: Site, lot: Span, hand: int) -> Iterator[Prop]:
    """Yield a house behind a fence, sometimes with a tree between."""
    setback, gap = rng.uniform(3.0, 6.0), rng.uniform(0.0, 1.5)
    house = (lot[0] + gap, lot[1] - gap)
    yield building(rng, site.street, site.weather, house, setback, hand, site.coverings)
    yield from fence_row(rng, site, lot, hand)
    if chance(rng, 0.4):
        yield _plant(rng, site, rng.uniform(*lot), hand, setback * 0.5, rng.uniform(0.5, 0.8))


def _green_plot(rng: Generator, site: Site, lot: Span, hand: int) -> Iterator[Prop]:
    """Yield trees behind a fence."""
    yield from fence_row(rng, site, lot, hand)
    for x in np.arange(lot[0] + 1.5, lot[1] - 1.0, rng.uniform(3.0, 5.0)):
        yield _plant(rng, site, float(x), hand, rng.uniform(1.5, 5.0), rng.uniform(0.7, 1.1))


def _plant(rng: Generator, site: Site, x: float, hand: int, beyond: float, scale: float) -> Prop:
    """Return a tree `beyond` meters behind the property line."""
    kind = pick(rng, site.cast.trees)
    y = hand * (site.street.side(hand).line + beyond)
    return tree(kind, site.street.place(x, y), scale, site.weather)


def fence_row(rng: Generator, site: Site, span: Span, hand: int) -> Iterator[Prop]:
    """Yield a fence along the property line; with surfaces, a boundary of any kind."""
    pieces = _pieces(site, span, hand)
    if site.coverings.rich:
        rng = stream(site.street.seed, Purpose.CLUTTER, round(span[0] * 10), hand + 1)
        key, away = int(rng.integers(2**31)), (0.0, hand * 0.35)
        yield from boundary(key, pieces, away, _leaf(site, 1.1), site.weather, site.coverings)
        return
    texture = draw_fence(rng)
    for ends in pieces:
        yield fence(texture, *ends, site.weather)


def _pieces(site: Site, span: Span, hand: int) -> list[tuple[Floats, Floats]]:
    """Cut the property line into pieces, each a first and a last point, (3,)."""
    y, count = hand * site.street.side(hand).line, np.ceil((span[1] - span[0]) / FENCE_LENGTH)
    points = [site.street.place(float(x), y) for x in np.linspace(*span, int(count) + 1)]
    return list(pairwise(points))


def _leaf(site: Site, factor: float) -> Color:
    """Return the color of the leaves in this drive, brighter by a factor."""
    red, green, blue = map(float, site.cast.trees[0].texture.rgb.mean(axis=(0, 1)) * factor)
    return red, green, blue


def backdrop(rng: Generator, site: Site, plan: Plan, hand: int) -> Iterator[Prop]:
    """Yield the background between the houses and at the end of the side street."""
    setback = rng.uniform(20.0, 26.0)
    span = (plan.start, plan.start + BLOCK)
    if chance(rng, 0.5):
        yield building(rng, site.street, site.weather, span, setback, hand, site.coverings)
        return
    y = hand * (site.street.side(hand).line + setback)
    ends = site.street.place(span[0], y), site.street.place(span[1], y)
    yield tree_line(rng, *ends, site.weather, _leaf(site, 1.2), site.coverings)


def curbside(rng: Generator, site: Site, plan: Plan, hand: int) -> Iterator[Prop]:
    """Yield trees, lamps and signs along the curb, far enough apart not to touch."""
    avenue = chance(rng, 0.7)
    x = plan.start + rng.uniform(1.0, 4.0)
    while x < plan.start + BLOCK - 1.0:
        if not plan.side_street.covers(x, 2.0):
            yield from _post(rng, site, x, hand, avenue)
        x += rng.uniform(4.5, 7.5)


def _post(rng: Generator, site: Site, x: float, hand: int, avenue: bool) -> Iterator[Prop]:
    """Yield one post or tree at the curb, or none."""
    side, kind = site.street.side(hand), rng.random()
    foot = site.street.place(x, hand * (side.half_road + 0.55))
    if site.coverings.rich and kind < 0.6:
        name, reach = ("lamp", POLE_REACH) if kind < 0.26 else ("sign", SIGN_REACH)
        name = "light" if kind >= 0.5 else name
        key = int(rng.integers(2**31))
        yield stand_post(name, key, foot, -hand, site.weather, reach * site.zoom)
        return
    if kind < 0.26:
        yield lamp_post(rng, foot, -hand, site.weather, POLE_REACH * site.zoom)
    elif kind < 0.50:
        yield traffic_sign(rng, foot, site.weather, SIGN_REACH * site.zoom)
    elif kind < 0.60:
        yield traffic_light(rng, foot, site.weather, SIGN_REACH * site.zoom)
    elif avenue and kind < 0.92:
        yield tree(pick(rng, site.cast.trees), foot, rng.uniform(0.7, 1.0), site.weather)


def parked_cars(rng: Generator, site: Site, plan: Plan, hand: int) -> Iterator[Prop]:
    """Yield the cars parked along the curb, if this side has parking."""
    side = site.street.side(hand)
    y, x = hand * (side.half_road - PARKING / 2), plan.start + 3.0
    while side.parking and x < plan.start + BLOCK - 2.5:
        clear = not plan.side_street.covers(x, 5.0) and not plan.zebra.covers(x, 4.5)
        kind = pick(rng, site.cast.cars)
        if clear and chance(rng, 0.55):
            along = site.street.heading(x) * (hand * site.street.keep)
            yield car(kind, site.street.place(x, y + rng.uniform(-0.1, 0.1)), along, site.weather)
        x += rng.uniform(5.2, 6.5)
