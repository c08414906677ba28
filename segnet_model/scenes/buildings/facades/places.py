"""Houses at their places along a street or a path."""

import itertools

import numpy as np

from segnet_model.scenes.buildings.facades.house import house
from segnet_model.scenes.buildings.facades.style import draw_kind, draw_style
from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.draws import Purpose, chance, stream
from segnet_model.scenes.ground.street import Street
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.weather.sky import Weather

_LONG = {"terrace": 7.0, "shops": 14.0, "cottage": 14.0, "chapel": 22.0, "mansion": 26.0}  # meters


def houses(
    street: Street,
    weather: Weather,
    span: tuple[float, float],
    setback: float,
    hand: int,
    coverings: Coverings,
    mix: str,
    floors: tuple[int, int],
) -> Prop:
    """Return a house along the street from span[0] to span[1], meters along x, or a row of them.

    Args:
        street: where it stands.
        weather: lights it.
        span: meters along x.
        setback: meters behind the property line.
        hand: 1 on the left, -1 on the right.
        coverings: the surfaces of the drive; their seed decides.
        mix: a name of `MIXES`.
        floors: the least, and one more than the most, as far as the style allows.
    """
    place = round(span[0] * 10), round(setback * 10), hand + 1
    rng = stream(coverings.seed, Purpose.FACADES, *place)
    style = draw_style(rng, draw_kind(rng, mix), floors)
    longest = _LONG.get(style.kind, 60.0)
    count = max(1, round((span[1] - span[0]) / longest))
    alike = chance(rng, 0.6)
    edges = np.linspace(span[0], span[1], count + 1)
    depth = float(rng.uniform(8.0, 12.0))
    props = []
    for start, end in itertools.pairwise(edges):
        key = int(rng.integers(2**31))
        ends = _ends(street, (float(start), float(end)), setback, hand)
        inward = np.array([0.0, hand * depth, 0.0])
        props.append(house(key, style, ends, inward, setback, weather, coverings))
        if not alike:
            style = draw_style(rng, style.kind, floors)
    panels = tuple(panel for prop in props for panel in prop.panels)
    return Prop(panels, tuple(shadow for prop in props for shadow in prop.shadows))


def _ends(
    street: Street, span: tuple[float, float], setback: float, hand: int
) -> tuple[Floats, Floats]:
    y = hand * (street.side(hand).line + setback)
    return street.place(span[0], y), street.place(span[1], y)
