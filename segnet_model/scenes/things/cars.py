"""Cars: bodies of flat panels, extruded from a side profile."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import CAR
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, hull_shadow
from segnet_model.scenes.drawing.shadows import Shadow
from segnet_model.scenes.drawing.sketch import Sketch, Texture
from segnet_model.scenes.draws import Color, Palette, Purpose, chance, mix, pick_color, stream
from segnet_model.scenes.weather.sky import Weather

CAR_REACH = 62.0  # meters
_SCALE = 52.0  # texels a meter
_KINDS = 7
_PAINTS: Palette = (
    (206, 208, 210), (236, 236, 234), (34, 36, 40), (150, 24, 28), (36, 62, 122), (122, 126, 130),
    (72, 76, 82), (40, 92, 84), (196, 176, 60), (92, 40, 44),
)  # fmt: skip
_GLASS: Color = (46, 56, 66)
_SKY: Color = (134, 150, 164)
_TIRE: Color = (26, 26, 28)
_UNDER = 0.26  # meters from the road to the sill


@dataclass(frozen=True)
class _Body:
    """A car's profile. Meters; x counts from the tail."""

    length: float
    width: float
    belt: float  # height of the lower edge of the windows
    roof: float
    hood: float  # height of the nose
    x: tuple[float, float, float, float]  # rear window low, high; windshield high, low
    paint: Color


@dataclass(frozen=True, eq=False)
class CarKind:
    """One model of car, drawn at the origin, nose towards +x."""

    panels: tuple[tuple[Floats, Texture], ...]  # corners (3, 3) and picture
    length: float
    width: float
    height: float


def draw_car_kinds(seed: int) -> list[CarKind]:
    """Draw the cars of one drive."""
    return [_draw_car(stream(seed, Purpose.CARS, kind)) for kind in range(_KINDS)]


def _draw_car(rng: Generator) -> CarKind:
    body = _draw_body(rng)
    half, tuck = body.width / 2, body.width * 0.4
    lower, upper = _lower_side(body), _upper_side(body)
    panels = []
    for hand in (1.0, -1.0):
        low = np.array([[0, hand * half, body.belt], [body.length, 0, 0], [0, 0, -body.belt]])
        rise = body.roof - body.belt
        high = np.array(
            [[0, hand * tuck, body.roof], [body.length, 0, 0], [0, hand * (half - tuck), -rise]]
        )
        panels += [(low, lower), (high, upper)]
    panels += _outline(body)
    return CarKind(tuple(panels), body.length, body.width, body.roof)


def _draw_body(rng: Generator) -> _Body:
    length, roof = rng.uniform(3.8, 4.6), rng.uniform(1.4, 1.62)
    hood_length = rng.uniform(0.95, 1.25)
    boot = rng.uniform(0.45, 0.75) if chance(rng, 0.35) else 0.06
    if chance(rng, 0.2):
        roof, boot, hood_length = rng.uniform(1.9, 2.2), 0.03, 0.8
    slope = 0.45 if boot > 0.1 else 0.3
    x = (boot, boot + slope, length - hood_length - 0.65, length - hood_length)
    belt = roof * 0.62
    return _Body(
        length, rng.uniform(1.68, 1.86), belt, roof, belt * 0.8, x, pick_color(rng, _PAINTS, 6)
    )


def _lower_side(body: _Body) -> Texture:
    """Return the side from the road to the windows, with the wheels."""
    sheet = Sketch(body.length, body.belt, CAR, _SCALE)
    end, paint = body.length, body.paint
    outline = [
        (0.03, _UNDER),
        (end - 0.03, _UNDER),
        (end, body.hood),
        (body.x[3], body.belt),
        (0, body.belt),
    ]
    sheet.polygon(outline, paint)
    sheet.box((0.1, _UNDER), (end - 0.1, _UNDER + 0.12), mix(paint, (30, 30, 30), 0.6))
    sheet.box(
        (0.2, body.belt * 0.66), (end - 0.3, body.belt * 0.7), mix(paint, (255, 255, 255), 0.3)
    )
    for x in (body.x[1] + 0.35, (body.x[1] + body.x[2]) / 2 + 0.2, body.x[3] - 0.05):
        sheet.box((x, _UNDER + 0.1), (x + 0.03, body.belt), mix(paint, (0, 0, 0), 0.5))
        sheet.box(
            (x - 0.25, body.belt * 0.82), (x - 0.07, body.belt * 0.86), mix(paint, (0, 0, 0), 0.4)
        )
    sheet.box((0, body.belt * 0.68), (0.16, body.belt * 0.9), (176, 30, 30))
    sheet.box((end - 0.26, body.hood * 0.78), (end - 0.04, body.hood * 0.95), (236, 236, 226))
    for x in (0.78, end - 0.8):
        sheet.disc((x, 0.34), 0.39, mix(paint, (0, 0, 0), 0.75))
        sheet.disc((x, 0.32), 0.32, _TIRE)
        sheet.disc((x, 0.32), 0.19, (150, 152, 156))
        sheet.disc((x, 0.32), 0.07, (70, 72, 74))
    return sheet.texture()


def _upper_side(body: _Body) -> Texture:
    """Return the side windows between belt and roof."""
    height = body.roof - body.belt
    sheet = Sketch(body.length, height, CAR, _SCALE)
    x = body.x
    sheet.polygon([(x[0], 0), (x[1], height), (x[2], height), (x[3], 0)], body.paint)
    low, high = height * 0.08, height * 0.86
    windows = [(x[0] + 0.18, low), (x[1] + 0.08, high), (x[2] - 0.06, high), (x[3] - 0.2, low)]
    sheet.polygon(windows, _GLASS)
    sheet.polygon([windows[1], windows[2], (x[3] - 0.35, height * 0.5)], _SKY)
    for post in (x[1] + 0.35, (x[1] + x[2]) / 2 + 0.2):
        sheet.box((post - 0.05, 0), (post + 0.05, height), body.paint)
    return sheet.texture()


def _outline(body: _Body) -> list[tuple[Floats, Texture]]:
    """Return the panels across the car, from the tail over the roof to the nose."""
    wide, tuck = body.width / 2, body.width * 0.4
    x, roof, belt, end = body.x, body.roof, body.belt, body.length
    return [
        _across((0.0, belt, wide), (0.0, 0.0, wide), _tail(body)),
        _across((x[0], belt, wide), (0.0, belt, wide), _sheet(body, wide, x[0], body.paint)),
        _across((x[1], roof, tuck), (x[0], belt, wide), _window(body, roof - belt, tuck, wide)),
        _across(
            (x[2], roof, tuck), (x[1], roof, tuck), _sheet(body, tuck, x[2] - x[1], body.paint)
        ),
        _across((x[2], roof, tuck), (x[3], belt, wide), _window(body, roof - belt, tuck, wide)),
        _across(
            (x[3], belt, wide), (end, body.hood, wide), _sheet(body, wide, end - x[3], body.paint)
        ),
        _across((end, body.hood, wide), (end, 0.0, wide), _nose(body)),
    ]


def _across(
    top: tuple[float, float, float], bottom: tuple[float, float, float], texture: Texture
) -> tuple[Floats, Texture]:
    """Return a panel across the car between two edges, each x, z and half its width."""
    half = max(top[2], bottom[2])
    corner, down = (top[0], half, top[1]), (bottom[0] - top[0], 0.0, bottom[1] - top[1])
    return np.array([corner, (0.0, -2 * half, 0.0), down]), texture


def _sheet(body: _Body, half: float, length: float, color: Color) -> Texture:
    sheet = Sketch(2 * half, max(0.1, length), CAR, 24.0)
    sheet.rgb[:] = np.array(mix(color, (255, 255, 255), 0.12), np.uint8)
    sheet.labels[:] = CAR
    return sheet.texture()


def _window(body: _Body, height: float, tuck: float, wide: float) -> Texture:
    """Return a windshield or rear window, narrower at the roof."""
    sheet = Sketch(2 * wide, height, CAR, _SCALE)
    inset = wide - tuck
    sheet.polygon([(0, 0), (2 * wide, 0), (2 * wide - inset, height), (inset, height)], body.paint)
    low, high = height * 0.08, height * 0.9
    glass = [
        (0.14, low),
        (2 * wide - 0.14, low),
        (2 * wide - inset - 0.1, high),
        (inset + 0.1, high),
    ]
    sheet.polygon(glass, _GLASS)
    sheet.polygon(
        [glass[3], glass[2], (wide * 1.6, height * 0.55), (wide * 0.5, height * 0.7)], _SKY
    )
    return sheet.texture()


def _tail(body: _Body) -> Texture:
    """Return the back below the window: lights, number plate, bumper and tires."""
    sheet = _end(body, body.belt)
    width, belt = body.width, body.belt
    for left in (0.04, width - 0.34):
        sheet.box((left, belt * 0.66), (left + 0.3, belt * 0.92), (186, 22, 26))
        sheet.box((left + 0.04, belt * 0.66), (left + 0.26, belt * 0.72), (240, 150, 60))
    sheet.box((width / 2 - 0.27, belt * 0.62), (width / 2 + 0.27, belt * 0.76), (242, 226, 120))
    return sheet.texture()


def _nose(body: _Body) -> Texture:
    """Return the front below the hood: headlights, grille, number plate and tires."""
    sheet = _end(body, body.hood)
    width, top = body.width, body.hood
    for left in (0.06, width - 0.42):
        sheet.box((left, top * 0.72), (left + 0.36, top * 0.94), (242, 242, 232))
    sheet.box((0.5, top * 0.74), (width - 0.5, top * 0.92), (32, 34, 36))
    sheet.box((width / 2 - 0.27, top * 0.5), (width / 2 + 0.27, top * 0.64), (240, 240, 236))
    return sheet.texture()


def _end(body: _Body, height: float) -> Sketch:
    """Return the plain end of a car of a given height, on its tires."""
    sheet = Sketch(body.width, height, CAR, _SCALE)
    for left in (0.08, body.width - 0.3):
        sheet.box((left, 0), (left + 0.22, 0.4), _TIRE)
    sheet.box((0, _UNDER), (body.width, height), body.paint)
    sheet.box((0, _UNDER - 0.04), (body.width, height * 0.5), mix(body.paint, (24, 24, 26), 0.45))
    return sheet


def car(kind: CarKind, center: Floats, heading: Floats, weather: Weather) -> Prop:
    """Return a car standing at center, (3,) meters, nose along heading, a (3,) unit vector."""
    turn = np.stack([heading, [-heading[1], heading[0], 0.0], [0.0, 0.0, 1.0]])
    tail = center - heading * (kind.length / 2)
    panels = []
    for corners, texture in kind.panels:
        placed = corners @ turn
        placed[0] += tail
        panels.append(Panel(placed, texture, _light(placed, center, weather), CAR_REACH))
    return Prop(tuple(panels), _shadows(kind, center, turn, weather))


def _light(corners: Floats, center: Floats, weather: Weather) -> float:
    """Return the light on a panel; its outside is the side away from the car's middle."""
    normal = np.cross(corners[1], corners[2])
    normal /= np.sqrt((normal**2).sum())
    outward = corners[0] + (corners[1] + corners[2]) / 2 - center - (0, 0, 0.6)
    return weather.facing(normal if normal @ outward > 0 else -normal)


def _shadows(
    kind: CarKind, center: Floats, turn: Floats, weather: Weather
) -> tuple[Shadow, Shadow]:
    """Return the shadow of the car, and the darker shade under it."""
    along, aside = turn[0, :2] * kind.length / 2, turn[1, :2] * kind.width / 2
    ground = [center[:2] + i * along + j * aside for i in (-1, 1) for j in (-1, 1)]
    roof = [
        center[:2] + 0.6 * i * along + 0.8 * j * aside + weather.cast(kind.height)
        for i in (-1, 1)
        for j in (-1, 1)
    ]
    return (hull_shadow([*ground, *roof]), hull_shadow(ground, strength=2.0))
