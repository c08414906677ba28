"""Buildings: facades with windows and doors, end walls, and pitched roofs."""

from dataclasses import dataclass

import cv2
import numpy as np

from segnet_model.scenes.draws import Colour, chance, pick_colour, vary
from segnet_model.scenes.panels import Floats, Panel
from segnet_model.scenes.props import Prop, upright, wall_shadow
from segnet_model.scenes.sketch import CLEAR, Sketch
from segnet_model.scenes.street import Street
from segnet_model.scenes.weather import Weather

BUILDING = 1
_SCALE = 28.0  # texels a metre; less where nobody comes near
_FAR_SCALE = 14.0
_NEAR_SETBACK = 10.0  # metres
_WALLS: tuple[Colour, ...] = (
    (168, 96, 72), (150, 82, 66), (196, 168, 132), (214, 204, 184), (186, 178, 168),
    (226, 218, 202), (160, 146, 128), (206, 176, 150), (216, 178, 104), (204, 190, 150),
    (198, 122, 98), (170, 188, 198), (214, 150, 104), (140, 64, 54),
)  # fmt: skip
_ROOFS: tuple[Colour, ...] = ((96, 92, 96), (122, 74, 60), (84, 80, 78), (140, 96, 78))
_SHOPS: tuple[Colour, ...] = (
    (44, 74, 92),
    (120, 38, 42),
    (36, 70, 52),
    (52, 48, 58),
    (176, 140, 60),
)
_GLASS: Colour = (70, 84, 100)


@dataclass(frozen=True)
class _Style:
    """How the windows of one facade look. Metres."""

    wall: Colour
    trim: Colour
    floors: int
    floor: float
    bay: float
    window_width: float
    window_height: float
    mullion: bool
    shop: bool


@dataclass(frozen=True, eq=False)
class _Shell:
    """Where a building stands."""

    near: Floats  # (3,) world metres, the corner at the street that the camera meets first
    far: Floats
    inward: Floats  # (3,) from the street to the back
    eaves: float  # metres above the ground
    gable: float  # metres from the eaves to the ridge, 0 for a flat roof

    @property
    def front(self) -> tuple[Floats, Floats]:
        """The corners at the street, from left to right as seen from there."""
        return (self.near, self.far) if self.inward[1] > 0 else (self.far, self.near)

    @property
    def length(self) -> float:
        """Metres along the street."""
        return float(self.far[0] - self.near[0])

    @property
    def depth(self) -> float:
        """Metres away from the street."""
        return float(np.abs(self.inward[1]))


def building(
    rng: np.random.Generator,
    street: Street,
    weather: Weather,
    span: tuple[float, float],
    setback: float,
    hand: int,
) -> Prop:
    """Return a building along the street from span[0] to span[1], metres along x."""
    style = _draw_style(rng, shop=setback == 0 and chance(rng, 0.5))
    y, depth = hand * (street.side(hand).line + setback), rng.uniform(8.0, 12.0)
    shell = _Shell(
        near=street.place(span[0], y),
        far=street.place(span[1], y),
        inward=np.array([0.0, hand * depth, 0.0]),
        eaves=style.floors * style.floor + 0.6,
        gable=depth * rng.uniform(0.3, 0.45) if chance(rng, 0.5) else 0.0,
    )
    scale = _SCALE if setback < _NEAR_SETBACK else _FAR_SCALE
    panels = [_front(rng, style, weather, shell, scale), _end_wall(rng, style, weather, shell)]
    if shell.gable:
        panels.append(_roof(rng, weather, shell))
    edges = ((shell.near, shell.far), (shell.near, shell.near + shell.inward))
    shadows = tuple(wall_shadow(*edge, shell.eaves, weather) for edge in edges)
    return Prop(tuple(panels), shadows)


def _draw_style(rng: np.random.Generator, shop: bool) -> _Style:
    bay = rng.uniform(2.2, 3.4)
    wall = pick_colour(rng, _WALLS, 8)
    return _Style(
        wall=wall,
        trim=vary(rng, (226, 222, 212), 8) if chance(rng, 0.7) else vary(rng, (70, 66, 64), 8),
        floors=int(rng.integers(2, 6)),
        floor=rng.uniform(2.7, 3.4),
        bay=bay,
        window_width=bay * rng.uniform(0.36, 0.62),
        window_height=rng.uniform(1.2, 1.8),
        mullion=chance(rng, 0.6),
        shop=shop,
    )


def _front(
    rng: np.random.Generator, style: _Style, weather: Weather, shell: _Shell, scale: float
) -> Panel:
    """Return the wall at the street, with all that is on it."""
    width, height = shell.length, shell.eaves
    sheet = _wall(rng, style.wall, width, height, scale)
    for floor in range(style.floors):
        base = floor * style.floor
        if floor:
            sheet.box((0, base - 0.1), (width, base + 0.06), _darker(style.wall, 0.9))
        if floor == 0 and style.shop:
            _shop_front(rng, sheet, width)
        else:
            _window_row(rng, sheet, style, width, base, ground_floor=floor == 0)
    sheet.box((0, height - 0.35), (width, height), style.trim)
    sheet.box((0, height - 0.5), (width, height - 0.35), _darker(style.trim))
    sheet.grain(rng, 5)
    sheet.shade(0.88, 1.04)
    outward = -shell.inward / shell.depth
    return Panel(upright(*shell.front, height), sheet.texture(), weather.facing(outward))


def _wall(
    rng: np.random.Generator, colour: Colour, width: float, height: float, scale: float
) -> Sketch:
    """Return a bare wall with the blotches and courses of its stones."""
    sheet = Sketch(width, height, BUILDING, scale)
    rows, columns = sheet.labels.shape
    stones = rng.normal(0, 5.0, (round(height / 0.28), round(width / 0.56), 1)) + colour
    small = np.clip(stones, 0, 255).astype(np.uint8)
    cv2.resize(small, (columns, rows), dst=sheet.rgb, interpolation=cv2.INTER_NEAREST)
    sheet.labels[:] = BUILDING
    return sheet


def _window_row(
    rng: np.random.Generator,
    sheet: Sketch,
    style: _Style,
    width: float,
    base: float,
    ground_floor: bool,
) -> None:
    """Draw one floor's windows, with a door among them on the ground floor."""
    count = max(1, int(width / style.bay))
    door = int(rng.integers(count)) if ground_floor else -1
    for bay in range(count):
        centre = (bay + 0.5) * width / count
        if bay == door:
            _door(rng, sheet, style, centre)
        else:
            _window(rng, sheet, style, centre, base + 0.85)


def _window(
    rng: np.random.Generator, sheet: Sketch, style: _Style, centre: float, sill: float
) -> None:
    half, top = style.window_width / 2, sill + style.window_height
    sheet.box((centre - half - 0.1, sill - 0.1), (centre + half + 0.1, top + 0.1), style.trim)
    glass = vary(rng, _GLASS, 14)
    sheet.box((centre - half, sill), (centre + half, top), glass)
    lit = (glass[0] + 50, glass[1] + 55, glass[2] + 60)
    middle = sill + style.window_height * rng.uniform(0.4, 0.8)
    sheet.polygon([(centre - half, middle), (centre + half, top), (centre - half, top)], lit)
    if style.mullion:
        sheet.box((centre - 0.04, sill), (centre + 0.04, top), style.trim)
        sheet.box((centre - half, middle), (centre + half, middle + 0.07), style.trim)
    sheet.box(
        (centre - half - 0.15, sill - 0.18),
        (centre + half + 0.15, sill - 0.08),
        _darker(style.trim),
    )


def _door(rng: np.random.Generator, sheet: Sketch, style: _Style, centre: float) -> None:
    colour = pick_colour(rng, _SHOPS, 10)
    sheet.box((centre - 0.65, 0), (centre + 0.65, 2.45), style.trim)
    sheet.box((centre - 0.5, 0), (centre + 0.5, 2.1), colour)
    sheet.box((centre - 0.5, 2.15), (centre + 0.5, 2.35), _GLASS)
    sheet.box((centre - 0.3, 1.2), (centre + 0.3, 1.9), _darker(colour))


def _shop_front(rng: np.random.Generator, sheet: Sketch, width: float) -> None:
    """Draw wide panes under a sign board or an awning."""
    colour = pick_colour(rng, _SHOPS, 10)
    sheet.box((0, 0), (width, 2.75), _darker(colour))
    count = max(1, round(width / 2.6))
    for pane in range(count):
        left, right = (pane + 0.06) * width / count, (pane + 0.94) * width / count
        sheet.box((left, 0.45), (right, 2.1), vary(rng, (96, 104, 110), 16))
        goods = left + rng.uniform(0.1, 0.6) * (right - left)
        sheet.box(
            (goods, 0.45), (goods + 0.5, rng.uniform(0.8, 1.6)), vary(rng, (170, 140, 110), 30)
        )
    sheet.box((0, 2.15), (width, 2.75), colour)
    for letter in np.arange(width * 0.3, width * 0.7, 0.42):
        sheet.box((float(letter), 2.32), (float(letter) + 0.26, 2.6), (236, 230, 214))


def _end_wall(rng: np.random.Generator, style: _Style, weather: Weather, shell: _Shell) -> Panel:
    """Return the wall that faces the coming camera; the one at the far end is never seen."""
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


def _roof(rng: np.random.Generator, weather: Weather, shell: _Shell) -> Panel:
    """Return the slope of a pitched roof that faces the street."""
    left, right = shell.front
    slope = shell.inward / 2 + np.array([0.0, 0.0, shell.gable])
    sheet = Sketch(shell.length, float(np.sqrt((slope**2).sum())), BUILDING, _FAR_SCALE)
    sheet.labels[:] = BUILDING
    sheet.rgb[:] = np.array(pick_colour(rng, _ROOFS, 8), np.uint8)
    sheet.rgb[::6] = (sheet.rgb[::6] * 0.82).astype(np.uint8)
    sheet.grain(rng, 8)
    eaves = left + np.array([0.0, 0.0, shell.eaves])
    normal = np.array([0.0, -np.sign(shell.inward[1]) * 0.62, 0.78])
    corners = np.stack([eaves + slope, right - left, -slope])
    return Panel(corners, sheet.texture(), weather.facing(normal))


def _darker(colour: Colour, share: float = 0.78) -> Colour:
    return colour[0] * share, colour[1] * share, colour[2] * share
