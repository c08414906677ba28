"""Houses of all kinds: a plan, then its front, what stands out from it, and its roof."""

from functools import partial

from segnet_model.scenes.buildings.facades.front import paint_front
from segnet_model.scenes.buildings.facades.mural import Mural
from segnet_model.scenes.buildings.facades.relief import stand_out
from segnet_model.scenes.buildings.facades.roofs import roof_over
from segnet_model.scenes.buildings.facades.stand import Stand, draw_elevation
from segnet_model.scenes.buildings.facades.style import Style
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, wall_shadow
from segnet_model.scenes.draws import Purpose, stream
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.weather.sky import Weather

_SCALE, _FAR_SCALE = 28.0, 14.0  # texels a meter
_NEAR = 10.0  # meters of setback up to which a front is drawn finely


def house(
    key: int,
    style: Style,
    ends: tuple[Floats, Floats],
    inward: Floats,
    free: float,
    weather: Weather,
    coverings: Coverings,
) -> Prop:
    """Return a house.

    Args:
        key: of its random streams.
        style: of it.
        ends: (3,) world meters, its corners at the street, the nearest to the drive's start first.
        inward: (3,) from the street to the back.
        free: meters before its front where nobody walks.
        weather: lights it.
        coverings: the surfaces of the drive.
    """
    rng = stream(key, Purpose.FACADES)
    left, right = ends if inward[1] > 0 else ends[::-1]
    stand = Stand(left, right, inward, weather)
    plan = draw_elevation(rng, style, stand, coverings, float(ends[0][0] + inward[1]))
    scale = _SCALE if free < _NEAR else _FAR_SCALE
    front = Mural(plan.width, plan.eaves, BUILDING, scale, partial(paint_front, plan))
    face = stand.face((0.0, plan.width), (0.0, plan.eaves), 0.0)
    panels = [Panel(face, front, stand.front_light())]
    if free < _NEAR * 1.5:
        panels += stand_out(rng, plan, stand, free)
    panels += roof_over(rng, plan, stand)
    edges = (ends, (ends[0], ends[0] + inward))
    shadows = tuple(wall_shadow(*edge, plan.eaves, weather) for edge in edges)
    return Prop(tuple(panels), shadows)
