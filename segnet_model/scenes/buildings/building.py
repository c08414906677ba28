"""Buildings: facades with windows and doors, end walls, and pitched roofs."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.places import houses
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop, upright, wall_shadow
from segnet_model.scenes.drawing.sketch import CLEAR, Sketch
from segnet_model.scenes.draws import Color, Palette, chance, dim, pick_color, vary
from segnet_model.scenes.ground.street import Street
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.weather.sky import Weather

_SCALE = 28.0  # texels a meter of buildings at the pavement
_FAR_SCALE = 14.0
_NEAR_SETBACK = 10.0  # meters
_WALLS: Palette = (
    (168, 96, 72), (150, 82, 66), (196, 168, 132), (214, 204, 184), (186, 178, 168),
    (226, 218, 202), (160, 146, 128), (206, 176, 150), (216, 178, 104), (204, 190, 150),
    (198, 122, 98), (170, 188, 198), (214, 150, 104), (140, 64, 54),
)  # fmt: skip
_ROOFS: Palette = ((96, 92, 96), (122, 74, 60), (84, 80, 78), (140, 96, 78))
_SHOPS: Palette = ((44, 74, 92), (120, 38, 42), (36, 70, 52), (52, 48, 58), (176, 140, 60))
_GLASS: Color = (70, 84, 100)


@dataclass(frozen=True)
class _Style:
    """Colors and sizes, in meters, of one facade."""

    wall: Color
    trim: Color
    floors: int
    floor: float
    bay: float
    window_width: float
    window_height: float
    mullion: bool
    shop: bool


@dataclass(frozen=True, eq=False)
class _Shell:
    """Position and size of a building."""

    near: Floats  # (3,) world meters, the corner at the street nearest to the drive's start
    far: Floats
    inward: Floats  # (3,) from the street to the back
    eaves: float  # meters above the ground
    gable: float  # meters from the eaves to the ridge, 0 for a flat roof

    @property
    def front(self) -> tuple[Floats, Floats]:
        """The corners at the street, from left to right as seen from there."""
        return (self.near, self.far) if self.inward[1] > 0 else (self.far, self.near)

    @property
    def length(self) -> float:
        """Meters along the street."""
        return float(self.far[0] - self.near[0])

    @property
    def depth(self) -> float:
        """Meters away from the street."""
        return float(np.abs(self.inward[1]))


def building(
    rng: Generator,
    street: Street,
    weather: Weather,
    span: tuple[float, float],
    setback: float,
    hand: int,
    coverings: Coverings,
    floors: tuple[int, int] = (2, 6),
    mix: str = "town",
) -> Prop:
    """Return a building along the street from span[0] to span[1], meters along x.

    floors: the least, and one more than the most. With rich coverings, it has a style of `mix`
    and its own random stream.
    """
    if coverings.rich:
        return houses(street, weather, span, setback, hand, coverings, mix, floors)
    style = _draw_style(rng, floors, shop=setback == 0 and chance(rng, 0.5))
    y, depth = hand * (street.side(hand).line + setback), rng.uniform(8.0, 12.0)
    shell = _Shell(
        near=street.place(span[0], y),
        far=street.place(span[1], y),
        inward=np.array([0.0, hand * depth, 0.0]),
        eaves=style.floors * style.floor + 0.6,
        gable=depth * rng.uniform(0.3, 0.45) if chance(rng, 0.5) else 0.0,
    )
    scale = _SCALE if setback < _NEAR_SETBACK else _FAR_SCALE
    panels = [
        _front(rng, style, weather, shell, scale),
        _end_wall(rng, style, weather, shell),
    ]
    if shell.gable:
        panels.append(_roof(rng, weather, shell))
    edges = ((shell.near, shell.far), (shell.near, shell.near + shell.inward))
    shadows = tuple(wall_shadow(*edge, shell.eaves, weather) for edge in edges)
    return Prop(tuple(panels), shadows)


def _draw_style(rng: Generator, floors: tuple[int, int], shop: bool) -> _Style:
    bay = rng.uniform(2.2, 3.4)
    wall = pick_color(rng, _WALLS, 8)
    return _Style(
        wall=wall,
        trim=vary(rng, (226, 222, 212), 8) if chance(rng, 0.7) else vary(rng, (70, 66, 64), 8),
        floors=int(rng.integers(*floors)),
        floor=rng.uniform(2.7, 3.4),
        bay=bay,
        window_width=bay * rng.uniform(0.36, 0.62),
        window_height=rng.uniform(1.2, 1.8),
        mullion=chance(rng, 0.6),
        shop=shop,
    )


def _front(rng: Generator, style: _Style, weather: Weather, shell: _Shell, scale: float) -> Panel:
    """Return the wall at the street, with its windows and doors."""
    width, height = shell.length, shell.eaves
    sheet = _wall(rng, style.wall, width, height, scale)
    for floor in range(style.floors):
        base = floor * style.floor
        if floor:
            sheet.box((0, base - 0.1), (width, base + 0.06), dim(style.wall, 0.9))
        if floor == 0 and style.shop:
            _shop_front(rng, sheet, width)
        else:
            _window_row(rng, sheet, style, width, base, ground_floor=floor == 0)
    sheet.box((0, height - 0.35), (width, height), style.trim)
    sheet.box((0, height - 0.5), (width, height - 0.35), dim(style.trim, 0.78))
    sheet.grain(rng, 5)
    sheet.shade(0.88, 1.04)
    outward = -shell.inward / shell.depth
    return Panel(upright(*shell.front, height), sheet.texture(), weather.facing(outward))


def _wall(rng: Generator, color: Color, width: float, height: float, scale: float) -> Sketch:
    """Return a bare wall of stones."""
    sheet = Sketch(width, height, BUILDING, scale)
    sheet.units(rng, color, 5.0, (0.56, 0.28))
    sheet.labels[:] = BUILDING
    return sheet


def _window_row(
    rng: Generator, sheet: Sketch, style: _Style, width: float, base: float, ground_floor: bool
) -> None:
    """Draw one floor's windows, with a door among them on the ground floor."""
    count = max(1, int(width / style.bay))
    door = int(rng.integers(count)) if ground_floor else -1
    for bay in range(count):
        center = (bay + 0.5) * width / count
        if bay == door:
            _door(rng, sheet, style, center)
        else:
            _window(rng, sheet, style, center, base + 0.85)


def _window(rng: Generator, sheet: Sketch, style: _Style, center: float, sill: float) -> None:
    half, top = style.window_width / 2, sill + style.window_height
    sheet.box((center - half - 0.1, sill - 0.1), (center + half + 0.1, top + 0.1), style.trim)
    glass = vary(rng, _GLASS, 14)
    sheet.box((center - half, sill), (center + half, top), glass)
    lit = (glass[0] + 50, glass[1] + 55, glass[2] + 60)
    middle = sill + style.window_height * rng.uniform(0.4, 0.8)
    sheet.polygon([(center - half, middle), (center + half, top), (center - half, top)], lit)
    if style.mullion:
        sheet.box((center - 0.04, sill), (center + 0.04, top), style.trim)
        sheet.box((center - half, middle), (center + half, middle + 0.07), style.trim)
    sheet.box(
        (center - half - 0.15, sill - 0.18),
        (center + half + 0.15, sill - 0.08),
        dim(style.trim, 0.78),
    )


def _door(rng: Generator, sheet: Sketch, style: _Style, center: float) -> None:
    color = pick_color(rng, _SHOPS, 10)
    sheet.box((center - 0.65, 0), (center + 0.65, 2.45), style.trim)
    sheet.box((center - 0.5, 0), (center + 0.5, 2.1), color)
    sheet.box((center - 0.5, 2.15), (center + 0.5, 2.35), _GLASS)
    sheet.box((center - 0.3, 1.2), (center + 0.3, 1.9), dim(color, 0.78))


def _shop_front(rng: Generator, sheet: Sketch, width: float) -> None:
    """Draw wide panes under a sign board or an awning."""
    color = pick_color(rng, _SHOPS, 10)
    sheet.box((0, 0), (width, 2.75), dim(color, 0.78))
    count = max(1, round(width / 2.6))
    for pane in range(count):
        left, right = (pane + 0.06) * width / count, (pane + 0.94) * width / count
        sheet.box((left, 0.45), (right, 2.1), vary(rng, (96, 104, 110), 16))
        goods = left + rng.uniform(0.1, 0.6) * (right - left)
        sheet.box(
            (goods, 0.45), (goods + 0.5, rng.uniform(0.8, 1.6)), vary(rng, (170, 140, 110), 30)
        )
    sheet.box((0, 2.15), (width, 2.75), color)
    for letter in np.arange(width * 0.3, width * 0.7, 0.42):
        sheet.box((float(letter), 2.32), (float(letter) + 0.26, 2.6), (236, 230, 214))


def _end_wall(rng: Generator, style: _Style, weather: Weather, shell: _Shell) -> Panel:
    """Return the end wall that faces the camera; the far one is never in view."""
    height, depth = shell.eaves + shell.gable, shell.depth
    sheet = _wall(rng, style.wall, depth, height, _FAR_SCALE)
    for floor in range(style.floors if chance(rng, 0.6) else 0):
        _window_row(rng, sheet, style, depth, floor * style.floor, ground_floor=False)
    sheet.shade(0.85, 1.0)
    for edge in (0.0, depth):
        corner = [(edge, height), (depth / 2, height), (edge, shell.eaves)]
        sheet.polygon(corner, (0, 0, 0), CLEAR)
    corners = upright(shell.near, shell.near + shell.inward, height)
    return Panel(corners, sheet.texture(), weather.facing(np.array([-1.0, 0.0, 0.0])))


def _roof(rng: Generator, weather: Weather, shell: _Shell) -> Panel:
    """Return the slope of a pitched roof that faces the street."""
    left, right = shell.front
    slope = shell.inward / 2 + np.array([0.0, 0.0, shell.gable])
    sheet = Sketch(shell.length, float(np.sqrt((slope**2).sum())), BUILDING, _FAR_SCALE)
    sheet.labels[:] = BUILDING
    sheet.rgb[:] = np.array(pick_color(rng, _ROOFS, 8), np.uint8)
    sheet.rgb[::6] = (sheet.rgb[::6] * 0.82).astype(np.uint8)
    sheet.grain(rng, 8)
    eaves = left + np.array([0.0, 0.0, shell.eaves])
    normal = np.array([0.0, -np.sign(shell.inward[1]) * 0.62, 0.78])
    corners = np.stack([eaves + slope, right - left, -slope])
    return Panel(corners, sheet.texture(), weather.facing(normal))
