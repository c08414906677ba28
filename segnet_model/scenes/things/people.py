"""Pedestrians and bicyclists."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import BICYCLIST, PEDESTRIAN
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow, upright
from segnet_model.scenes.drawing.sketch import Point, Sketch, Texture
from segnet_model.scenes.draws import Color, Palette, Purpose, chance, dim, pick_color, stream
from segnet_model.scenes.weather.sky import Weather

PEOPLE_REACH = 28.0  # meters
STEPS = 4  # pictures in one stride
_SCALE = 90.0  # texels a meter
_KINDS = 6
_CLOTHES: Palette = (
    (38, 42, 60), (150, 36, 40), (50, 84, 140), (60, 60, 62), (196, 190, 178), (52, 104, 66),
    (210, 160, 60), (120, 74, 120), (226, 226, 226),
)  # fmt: skip
_TROUSERS: Palette = ((40, 46, 68), (36, 36, 38), (92, 84, 72), (66, 74, 90))
_SKIN: Palette = ((226, 180, 150), (198, 148, 116), (140, 96, 70), (92, 62, 46))
_HAIR: Palette = ((40, 30, 24), (92, 62, 36), (168, 140, 92), (110, 108, 106))
_BIKES: Palette = ((190, 40, 44), (40, 80, 160), (230, 230, 226), (60, 130, 90), (230, 170, 40))


@dataclass(frozen=True)
class _Looks:
    """Clothes and colors of one person."""

    coat: Color
    trousers: Color
    skin: Color
    hair: Color
    bag: bool


@dataclass(frozen=True, eq=False)
class Walker:
    """Pictures of one pedestrian: the steps of a stride from each side."""

    coming: tuple[Texture, ...]  # towards the camera
    going: tuple[Texture, ...]
    sideways: tuple[Texture, ...]  # walking to the right
    size: Point


@dataclass(frozen=True, eq=False)
class Rider:
    """Pictures of one bicyclist: the steps of a turn of the pedals from each side.

    Two panels cross: the bicycle with the legs along the ride, the rider's body across it.
    """

    bicycle: tuple[Texture, ...]  # riding to the right
    coming: tuple[Texture, ...]  # towards the camera
    going: tuple[Texture, ...]
    bicycle_size: Point
    body_size: Point


def draw_walkers(seed: int) -> list[Walker]:
    """Draw the pedestrians of one drive."""
    return [_draw_walker(stream(seed, Purpose.PEOPLE, kind)) for kind in range(_KINDS)]


def draw_riders(seed: int) -> list[Rider]:
    """Draw the bicyclists of one drive."""
    return [_draw_rider(stream(seed, Purpose.PEOPLE, 100 + kind)) for kind in range(_KINDS)]


def _draw_looks(rng: Generator) -> _Looks:
    return _Looks(
        coat=pick_color(rng, _CLOTHES, 8),
        trousers=pick_color(rng, _TROUSERS, 8),
        skin=pick_color(rng, _SKIN, 5),
        hair=pick_color(rng, _HAIR, 5),
        bag=chance(rng, 0.4),
    )


def _draw_walker(rng: Generator) -> Walker:
    looks, height = _draw_looks(rng), rng.uniform(1.62, 1.9)
    swings = [float(np.sin(2 * np.pi * step / STEPS)) for step in range(STEPS)]
    return Walker(
        coming=tuple(_front_view(looks, height, swing, face=True) for swing in swings),
        going=tuple(_front_view(looks, height, swing, face=False) for swing in swings),
        sideways=tuple(_side_view(looks, height, swing) for swing in swings),
        size=(1.1, height),
    )


def _front_view(looks: _Looks, height: float, swing: float, face: bool) -> Texture:
    """Return a person seen from the front or from behind, one foot lifted."""
    sheet = Sketch(1.1, height, PEDESTRIAN, _SCALE)
    x, hip, neck = 0.55, height * 0.48, height * 0.83
    for hand in (-1, 1):
        foot = 0.05 + 0.09 * max(0.0, hand * swing)
        sheet.limb([(x + hand * 0.09, hip), (x + hand * 0.1, foot)], 0.18, looks.trousers)
        sheet.box(
            (x + hand * 0.1 - 0.09, foot - 0.05), (x + hand * 0.1 + 0.09, foot + 0.05), (34, 30, 28)
        )
        arm = [(x + hand * 0.22, neck - 0.1), (x + hand * 0.28, hip + 0.03 + 0.04 * hand * swing)]
        sheet.limb(arm, 0.12, dim(looks.coat, 0.72))
        sheet.disc(arm[1], 0.06, looks.skin)
    sheet.polygon(
        [
            (x - 0.19, hip - 0.06),
            (x + 0.19, hip - 0.06),
            (x + 0.25, neck - 0.04),
            (x - 0.25, neck - 0.04),
        ],
        looks.coat,
    )
    if looks.bag and not face:
        sheet.box((x - 0.16, hip + 0.12), (x + 0.16, neck - 0.1), dim(looks.trousers, 0.72))
    _head(sheet, (x, height - 0.14), looks, 0.0 if face else None)
    return sheet.texture()


def _side_view(looks: _Looks, height: float, swing: float) -> Texture:
    """Return a person walking to the right."""
    sheet = Sketch(1.1, height, PEDESTRIAN, _SCALE)
    x, hip, neck = 0.55, height * 0.49, height * 0.82
    for hand, color in ((-1, dim(looks.trousers, 0.72)), (1, looks.trousers)):
        foot = x + 0.3 * hand * swing
        knee = ((x + foot) / 2 + 0.05, hip * 0.52)
        sheet.limb([(x, hip), knee, (foot, 0.08)], 0.19, color)
        sheet.box((foot - 0.08, 0), (foot + 0.18, 0.09), (34, 30, 28))
    sheet.limb([(x, hip + 0.05), (x + 0.03, neck - 0.08)], 0.32, looks.coat)
    sheet.limb(
        [(x + 0.02, neck - 0.12), (x - 0.24 * swing, hip + 0.05)], 0.12, dim(looks.coat, 0.72)
    )
    _head(sheet, (x + 0.04, height - 0.14), looks, 0.03)
    return sheet.texture()


def _head(sheet: Sketch, center: Point, looks: _Looks, face: float | None) -> None:
    """Draw a head; face: offset of the face to the right in meters, None from behind."""
    x, y = center
    sheet.limb([(x, y), (x, y - 0.2)], 0.11, looks.skin)
    sheet.oval(center, (0.105, 0.135), looks.hair)
    if face is not None:
        sheet.oval((x + face, y - 0.035), (0.08, 0.095), looks.skin)


def _draw_rider(rng: Generator) -> Rider:
    looks, bike = _draw_looks(rng), pick_color(rng, _BIKES, 8)
    angles = [2 * np.pi * step / STEPS for step in range(STEPS)]
    return Rider(
        bicycle=tuple(_bicycle(looks, bike, angle) for angle in angles),
        coming=tuple(_body(looks, bike, angle, face=True) for angle in angles),
        going=tuple(_body(looks, bike, angle, face=False) for angle in angles),
        bicycle_size=(1.9, 1.3),
        body_size=(0.9, 1.78),
    )


def _bicycle(looks: _Looks, bike: Color, angle: float) -> Texture:
    """Return a bicycle and the legs on it from the side; a wheel is labeled as a whole disc."""
    sheet = Sketch(1.9, 1.3, BICYCLIST, _SCALE)
    rear, front, pedal = (0.4, 0.36), (1.48, 0.36), (0.88, 0.36)
    for wheel in (rear, front):
        sheet.disc(wheel, 0.36, (28, 28, 30))
        sheet.disc(wheel, 0.30, (126, 128, 128))
        for spoke in np.arange(0, np.pi, np.pi / 5) + angle * 0.3:
            reach = (0.3 * float(np.cos(spoke)), 0.3 * float(np.sin(spoke)))
            ends = [
                (wheel[0] - reach[0], wheel[1] - reach[1]),
                (wheel[0] + reach[0], wheel[1] + reach[1]),
            ]
            sheet.limb(ends, 0.02, (70, 72, 74))
    seat, bar = (0.72, 0.92), (1.34, 0.98)
    sheet.limb([rear, pedal, seat, rear], 0.06, bike)
    sheet.limb([pedal, (1.32, 0.86), seat], 0.06, bike)
    sheet.limb([front, (1.32, 0.86), bar, (1.24, 1.0)], 0.06, bike)
    for turn, color in ((angle + np.pi, dim(looks.trousers, 0.72)), (angle, looks.trousers)):
        foot = (pedal[0] + 0.17 * float(np.cos(turn)), pedal[1] + 0.17 * float(np.sin(turn)))
        knee = ((seat[0] + foot[0]) / 2 + 0.26, (seat[1] + foot[1]) / 2 + 0.08)
        sheet.limb([(seat[0], seat[1] + 0.05), knee, foot], 0.17, color)
        sheet.limb([(foot[0] - 0.06, foot[1]), (foot[0] + 0.14, foot[1])], 0.08, (34, 30, 28))
    sheet.limb([(0.95, 1.25), (1.12, 1.1), bar], 0.11, dim(looks.coat, 0.72))
    return sheet.texture()


def _body(looks: _Looks, bike: Color, angle: float, face: bool) -> Texture:
    """Return a rider seen from the front or from behind."""
    sheet = Sketch(0.9, 1.78, BICYCLIST, _SCALE)
    x = 0.45
    for hand in (-1, 1):
        foot = 0.34 + 0.15 * hand * float(np.sin(angle))
        sheet.limb([(x + hand * 0.1, 0.95), (x + hand * 0.15, foot)], 0.17, looks.trousers)
        sheet.box(
            (x + hand * 0.15 - 0.07, foot - 0.07),
            (x + hand * 0.15 + 0.07, foot + 0.04),
            (34, 30, 28),
        )
        sheet.limb([(x + hand * 0.2, 1.42), (x + hand * 0.3, 1.05)], 0.11, dim(looks.coat, 0.72))
    sheet.box((x - 0.3, 0.98), (x + 0.3, 1.03), bike)
    sheet.polygon(
        [(x - 0.18, 0.86), (x + 0.18, 0.86), (x + 0.24, 1.46), (x - 0.24, 1.46)], looks.coat
    )
    _head(sheet, (x, 1.62), looks, 0.0 if face else None)
    return sheet.texture()


def pedestrian(
    walker: Walker, foot: Floats, walk: tuple[int, int], step: int, weather: Weather, reach: float
) -> Prop:
    """Return a pedestrian at foot, (3,) meters; walk: signs of the steps along x and y."""
    away, aside = walk
    view = walker.sideways if aside else walker.going if away > 0 else walker.coming
    panel = billboard(
        foot, view[step % STEPS], walker.size, weather.on_billboard(weather.shade + 0.1), reach
    )
    if aside > 0:
        panel = Panel(_mirrored(panel.corners), panel.texture, panel.light, reach)
    return Prop((panel,), (oval_shadow(foot, 0.22, 0.0, walker.size[1], weather),))


def bicyclist(
    rider: Rider, foot: Floats, heading: Floats, step: int, weather: Weather, reach: float
) -> Prop:
    """Return a bicyclist at foot, (3,) meters, who rides along heading, a (3,) unit vector."""
    along = heading * (rider.bicycle_size[0] / 2)
    aside = np.array([heading[1], -heading[0], 0.0]) * (rider.body_size[0] / 2)
    body = (rider.going if heading[0] > 0 else rider.coming)[step % STEPS]
    lengthwise = upright(foot - along, foot + along, rider.bicycle_size[1])
    across = upright(foot - aside, foot + aside, rider.body_size[1])
    light = weather.on_billboard(weather.shade + 0.1)
    panels = (
        Panel(lengthwise, rider.bicycle[step % STEPS], light, reach),
        Panel(across, body, light, reach),
    )
    return Prop(panels, (oval_shadow(foot, 0.35, 0.0, 1.7, weather),))


def _mirrored(corners: Floats) -> Floats:
    return np.stack([corners[0] + corners[1], -corners[1], corners[2]])
