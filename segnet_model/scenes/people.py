"""Pedestrians and bicyclists."""

from dataclasses import dataclass

import numpy as np

from segnet_model.scenes.draws import Colour, Purpose, chance, pick_colour, stream
from segnet_model.scenes.panels import Floats, Panel
from segnet_model.scenes.props import Prop, billboard, oval_shadow, upright
from segnet_model.scenes.sketch import Point, Sketch, Texture
from segnet_model.scenes.weather import Weather

PEDESTRIAN, BICYCLIST = 9, 10
PEOPLE_REACH = 28.0  # metres
STEPS = 4  # pictures in one stride
_SCALE = 90.0  # texels a metre
_KINDS = 6
_CLOTHES: tuple[Colour, ...] = (
    (38, 42, 60), (150, 36, 40), (50, 84, 140), (60, 60, 62), (196, 190, 178), (52, 104, 66),
    (210, 160, 60), (120, 74, 120), (226, 226, 226),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = ((40, 46, 68), (36, 36, 38), (92, 84, 72), (66, 74, 90))
_SKIN: tuple[Colour, ...] = ((226, 180, 150), (198, 148, 116), (140, 96, 70), (92, 62, 46))
_HAIR: tuple[Colour, ...] = ((40, 30, 24), (92, 62, 36), (168, 140, 92), (110, 108, 106))
_BIKES: tuple[Colour, ...] = (
    (190, 40, 44),
    (40, 80, 160),
    (230, 230, 226),
    (60, 130, 90),
    (230, 170, 40),
)


@dataclass(frozen=True)
class _Looks:
    """What one person wears."""

    coat: Colour
    trousers: Colour
    skin: Colour
    hair: Colour
    bag: bool


@dataclass(frozen=True, eq=False)
class Walker:
    """Pictures of one person walking, a stride of each view."""

    coming: tuple[Texture, ...]  # towards the camera
    going: tuple[Texture, ...]
    sideways: tuple[Texture, ...]  # walking to the right
    size: Point


@dataclass(frozen=True, eq=False)
class Rider:
    """Pictures of one bicyclist, a turn of the pedals of each view.

    Two panels that cross: the bicycle with the legs along the ride, the rider's body across it.
    """

    bicycle: tuple[Texture, ...]  # riding to the right
    coming: tuple[Texture, ...]  # towards the camera
    going: tuple[Texture, ...]
    bicycle_size: Point
    body_size: Point


def draw_walkers(seed: int) -> list[Walker]:
    """Draw the people who walk along one drive."""
    return [_draw_walker(stream(seed, Purpose.PEOPLE, kind)) for kind in range(_KINDS)]


def draw_riders(seed: int) -> list[Rider]:
    """Draw the bicyclists of one drive."""
    return [_draw_rider(stream(seed, Purpose.PEOPLE, 100 + kind)) for kind in range(_KINDS)]


def _draw_looks(rng: np.random.Generator) -> _Looks:
    return _Looks(
        coat=pick_colour(rng, _CLOTHES, 8),
        trousers=pick_colour(rng, _TROUSERS, 8),
        skin=pick_colour(rng, _SKIN, 5),
        hair=pick_colour(rng, _HAIR, 5),
        bag=chance(rng, 0.4),
    )


def _draw_walker(rng: np.random.Generator) -> Walker:
    looks, height = _draw_looks(rng), rng.uniform(1.62, 1.9)
    swings = [float(np.sin(2 * np.pi * step / STEPS)) for step in range(STEPS)]
    return Walker(
        coming=tuple(_front_view(looks, height, swing, face=True) for swing in swings),
        going=tuple(_front_view(looks, height, swing, face=False) for swing in swings),
        sideways=tuple(_side_view(looks, height, swing) for swing in swings),
        size=(1.1, height),
    )


def _front_view(looks: _Looks, height: float, swing: float, face: bool) -> Texture:
    """Return a person seen from behind or ahead; one foot is lifted in a stride."""
    sheet = Sketch(1.1, height, PEDESTRIAN, _SCALE)
    x, hip, neck = 0.55, height * 0.48, height * 0.83
    for hand in (-1, 1):
        foot = 0.05 + 0.09 * max(0.0, hand * swing)
        sheet.limb([(x + hand * 0.09, hip), (x + hand * 0.1, foot)], 0.18, looks.trousers)
        sheet.box(
            (x + hand * 0.1 - 0.09, foot - 0.05), (x + hand * 0.1 + 0.09, foot + 0.05), (34, 30, 28)
        )
        arm = [(x + hand * 0.22, neck - 0.1), (x + hand * 0.28, hip + 0.03 + 0.04 * hand * swing)]
        sheet.limb(arm, 0.12, _shaded(looks.coat))
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
        sheet.box((x - 0.16, hip + 0.12), (x + 0.16, neck - 0.1), _shaded(looks.trousers))
    _head(sheet, (x, height - 0.14), looks, 0.0 if face else None)
    return sheet.texture()


def _side_view(looks: _Looks, height: float, swing: float) -> Texture:
    """Return a person walking to the right."""
    sheet = Sketch(1.1, height, PEDESTRIAN, _SCALE)
    x, hip, neck = 0.55, height * 0.49, height * 0.82
    for hand, colour in ((-1, _shaded(looks.trousers)), (1, looks.trousers)):
        foot = x + 0.3 * hand * swing
        knee = ((x + foot) / 2 + 0.05, hip * 0.52)
        sheet.limb([(x, hip), knee, (foot, 0.08)], 0.19, colour)
        sheet.box((foot - 0.08, 0), (foot + 0.18, 0.09), (34, 30, 28))
    sheet.limb([(x, hip + 0.05), (x + 0.03, neck - 0.08)], 0.32, looks.coat)
    sheet.limb([(x + 0.02, neck - 0.12), (x - 0.24 * swing, hip + 0.05)], 0.12, _shaded(looks.coat))
    _head(sheet, (x + 0.04, height - 0.14), looks, 0.03)
    return sheet.texture()


def _head(sheet: Sketch, centre: Point, looks: _Looks, face: float | None) -> None:
    """Draw a head; face: how far it looks to the right, metres, or None from behind."""
    x, y = centre
    sheet.limb([(x, y), (x, y - 0.2)], 0.11, looks.skin)
    sheet.oval(centre, (0.105, 0.135), looks.hair)
    if face is not None:
        sheet.oval((x + face, y - 0.035), (0.08, 0.095), looks.skin)


def _draw_rider(rng: np.random.Generator) -> Rider:
    looks, bike = _draw_looks(rng), pick_colour(rng, _BIKES, 8)
    angles = [2 * np.pi * step / STEPS for step in range(STEPS)]
    return Rider(
        bicycle=tuple(_bicycle(looks, bike, angle) for angle in angles),
        coming=tuple(_body(looks, bike, angle, face=True) for angle in angles),
        going=tuple(_body(looks, bike, angle, face=False) for angle in angles),
        bicycle_size=(1.9, 1.3),
        body_size=(0.9, 1.78),
    )


def _bicycle(looks: _Looks, bike: Colour, angle: float) -> Texture:
    """Return a bicycle and the legs on it from the side; a wheel is labelled as a whole disc."""
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
    for turn, colour in ((angle + np.pi, _shaded(looks.trousers)), (angle, looks.trousers)):
        foot = (pedal[0] + 0.17 * float(np.cos(turn)), pedal[1] + 0.17 * float(np.sin(turn)))
        knee = ((seat[0] + foot[0]) / 2 + 0.26, (seat[1] + foot[1]) / 2 + 0.08)
        sheet.limb([(seat[0], seat[1] + 0.05), knee, foot], 0.17, colour)
        sheet.limb([(foot[0] - 0.06, foot[1]), (foot[0] + 0.14, foot[1])], 0.08, (34, 30, 28))
    sheet.limb([(0.95, 1.25), (1.12, 1.1), bar], 0.11, _shaded(looks.coat))
    return sheet.texture()


def _body(looks: _Looks, bike: Colour, angle: float, face: bool) -> Texture:
    """Return a rider from behind or ahead."""
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
        sheet.limb([(x + hand * 0.2, 1.42), (x + hand * 0.3, 1.05)], 0.11, _shaded(looks.coat))
    sheet.box((x - 0.3, 0.98), (x + 0.3, 1.03), bike)
    sheet.polygon(
        [(x - 0.18, 0.86), (x + 0.18, 0.86), (x + 0.24, 1.46), (x - 0.24, 1.46)], looks.coat
    )
    _head(sheet, (x, 1.62), looks, 0.0 if face else None)
    return sheet.texture()


def pedestrian(
    walker: Walker, foot: Floats, walk: tuple[int, int], step: int, weather: Weather, reach: float
) -> Prop:
    """Return a person at foot, (3,) metres; walk: the signs of x and y in which they go."""
    away, aside = walk
    view = walker.sideways if aside else walker.going if away > 0 else walker.coming
    panel = billboard(foot, view[step % STEPS], walker.size, _light(weather), reach)
    if aside > 0:
        panel = Panel(_mirrored(panel.corners), panel.texture, panel.light, reach)
    return Prop((panel,), (oval_shadow(foot, 0.22, 0.0, walker.size[1], weather),))


def bicyclist(
    rider: Rider, foot: Floats, heading: Floats, step: int, weather: Weather, reach: float
) -> Prop:
    """Return a bicyclist at foot, (3,) metres, who rides along heading, a (3,) unit vector."""
    along = heading * (rider.bicycle_size[0] / 2)
    aside = np.array([heading[1], -heading[0], 0.0]) * (rider.body_size[0] / 2)
    body = (rider.going if heading[0] > 0 else rider.coming)[step % STEPS]
    lengthwise = upright(foot - along, foot + along, rider.bicycle_size[1])
    across = upright(foot - aside, foot + aside, rider.body_size[1])
    light = _light(weather)
    panels = (
        Panel(lengthwise, rider.bicycle[step % STEPS], light, reach),
        Panel(across, body, light, reach),
    )
    return Prop(panels, (oval_shadow(foot, 0.35, 0.0, 1.7, weather),))


def _light(weather: Weather) -> float:
    return max(weather.shade + 0.1, weather.facing(np.array([-0.8, 0.0, 0.6])))


def _mirrored(corners: Floats) -> Floats:
    return np.stack([corners[0] + corners[1], -corners[1], corners[2]])


def _shaded(colour: Colour) -> Colour:
    return colour[0] * 0.72, colour[1] * 0.72, colour[2] * 0.72
