"""What stands on posts at a curb: signs of many kinds, traffic lights and lamps."""

from collections.abc import Mapping
from functools import partial

from segnet_model.scenes.buildings.facades.mural import Cutout
from segnet_model.scenes.classes import SIGN
from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Purpose, between, pick, stream
from segnet_model.scenes.things.clutter import lamps, signs
from segnet_model.scenes.things.clutter.tools import Draw
from segnet_model.scenes.weather.sky import Weather

_SCALE = 56.0  # texels a meter
_LAMP_SCALE = 36.0
_ONE_SIDED: tuple[Draw, ...] = (lamps.arm, lamps.wood_pole)
# Width and height of the sheet in meters; what stands more often is drawn more often.
POSTS: Mapping[str, tuple[tuple[float, float, Draw], ...]] = {
    "sign": (
        (1.1, 2.4, signs.faces), (1.1, 2.7, signs.faces), (1.1, 2.9, signs.faces),
        (1.1, 3.1, signs.faces), (1.5, 1.0, signs.name_plate), (1.2, 2.8, signs.name_plate),
        (2.1, 2.9, signs.fingers), (1.0, 2.9, signs.bus_stop), (2.6, 2.8, signs.direction),
        (0.8, 2.4, signs.parking), (0.8, 2.2, signs.parking), (0.55, 1.0, signs.keep_side),
    ),
    "light": (
        (0.9, 3.3, signs.light), (0.9, 3.0, signs.light), (0.9, 4.0, signs.light),
        (0.5, 3.0, signs.beacon),
    ),
    "lamp": (
        (3.2, 6.0, lamps.arm), (4.4, 9.0, lamps.arm), (2.6, 5.0, lamps.arm),
        (0.7, 4.0, lamps.lantern), (2.0, 7.5, lamps.wood_pole), (0.4, 6.0, lamps.plain_pole),
    ),
}  # fmt: skip


def stand_post(
    kind: str, key: int, foot: Floats, towards: float, weather: Weather, reach: float
) -> Prop:
    """Return a sign, light or lamp.

    Args:
        kind: a name of `POSTS`.
        key: of its random stream, which decides what is drawn.
        foot: (3,) world meters.
        towards: the sign of y in which arms point.
        weather: lights it.
        reach: meters; it is not drawn beyond.
    """
    rng = stream(key, Purpose.CLUTTER)
    width, tall, draw = pick(rng, POSTS[kind])
    size = width, tall * between(rng, 0.92, 1.1)
    scale = _LAMP_SCALE if kind == "lamp" else _SCALE
    picture = Cutout(partial(_paint, key, draw, size, towards < 0, scale))
    light = weather.on_billboard(weather.shade)
    panel = billboard(foot, picture, size, light, reach)
    return Prop((panel,), (oval_shadow(foot, 0.1, 0.0, size[1], weather),))


def _paint(key: int, draw: Draw, size: tuple[float, float], mirrored: bool, scale: float) -> Sketch:
    sheet = Sketch(*size, SIGN, scale)
    draw(stream(key, Purpose.CLUTTER, 1), sheet)
    if mirrored and draw in _ONE_SIDED:
        sheet.rgb[:], sheet.labels[:] = sheet.rgb[:, ::-1].copy(), sheet.labels[:, ::-1].copy()
    return sheet
