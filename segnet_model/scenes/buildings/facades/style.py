"""Styles of houses: terraces, shops, mansions, chapels, glass, slabs, flats, mills, cottages."""

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from segnet_model.scenes.draws import Color, Palette, chance, pick, pick_color, vary

Range = tuple[float, float]
Names = tuple[str, ...]

_BRICKS: Palette = (
    (150, 84, 66), (132, 72, 60), (164, 108, 84), (186, 162, 118), (172, 146, 110), (120, 88, 72),
    (196, 178, 138), (110, 66, 56),
)  # fmt: skip
_STONES: Palette = ((206, 194, 168), (186, 176, 158), (216, 208, 190), (164, 154, 140),
                    (150, 138, 116), (132, 128, 122))  # fmt: skip
_PAINTS: Palette = (
    (236, 232, 222), (226, 216, 194), (214, 196, 156), (204, 170, 140), (188, 200, 206),
    (220, 184, 176), (206, 214, 190), (200, 198, 194), (240, 240, 238), (226, 190, 120),
    (160, 172, 176), (196, 120, 96),
)  # fmt: skip
_PANELS: Palette = ((196, 198, 198), (150, 154, 156), (98, 104, 110), (206, 202, 190),
                    (120, 128, 120), (176, 150, 128))  # fmt: skip
_METALS: Palette = ((70, 78, 84), (110, 118, 122), (168, 174, 176), (44, 52, 58))
_BOARDS: Palette = ((150, 116, 84), (112, 90, 70), (196, 190, 180), (64, 62, 60), (120, 140, 130))
_COLORS: Mapping[str, Palette] = {
    "brick": _BRICKS, "stone": _STONES, "render": _PAINTS, "panels": _PANELS, "metal": _METALS,
    "boards": _BOARDS, "timber": ((232, 226, 210), (226, 214, 188), (240, 238, 232)),
}  # fmt: skip
_ROOFS: Palette = ((92, 90, 96), (76, 76, 82), (124, 76, 60), (142, 92, 72), (104, 84, 74),
                   (66, 68, 72))  # fmt: skip
_WHITE, _STONE, _DARK = (232, 228, 218), (196, 186, 166), (58, 58, 60)


@dataclass(frozen=True)
class Kind:
    """The choices that one style of houses has; a name that stands twice is drawn twice as often.

    `extras` are parts with the chance that a house has them.
    """

    walls: Names
    floors: tuple[int, int]  # the least, and one more than the most
    ground: Range  # meters, height of the ground floor
    floor: Range
    bay: Range  # meters from window to window
    width: Range  # share of the bay that a window takes
    height: Range  # share of the floor
    windows: Names
    bases: Names  # what the ground floor is
    orders: Names  # what divides the wall upright
    crowns: Names  # what ends the wall at the top
    extras: Mapping[str, float]


_PIPES = {"pipes": 0.8, "cables": 0.35, "boxes": 0.4, "plates": 0.3}
# `flag`, `pinnacles` and the dormers of a mansion are drawn and never painted; without their draws,
# all later houses of a seed would differ.
_OLD = {**_PIPES, "chimney": 0.75, "courses": 0.5, "scaffold": 0.04, "ivy": 0.05, "flag": 0.05}
KINDS: Mapping[str, Kind] = {
    "terrace": Kind(
        ("brick", "brick", "render", "stone"), (2, 4), (2.8, 3.3), (2.6, 3.0), (1.9, 3.0),
        (0.38, 0.55), (0.5, 0.64), ("sash", "sash", "casement"), ("door",),
        ("", "", "quoins"), ("eaves", "eaves", "eaves", "parapet", "gable", "mansard"),
        {**_OLD, "bay": 0.45, "dormers": 0.3, "oriel": 0.1},
    ),
    "shops": Kind(
        ("brick", "render", "render", "stone", "timber"), (2, 5), (3.2, 4.2), (2.7, 3.4),
        (1.8, 3.2), (0.38, 0.66), (0.5, 0.7), ("sash", "tall", "casement", "arch"), ("shop",),
        ("", "quoins", "pilasters", "piers"), ("eaves", "parapet", "cornice", "gable", "mansard"),
        {**_OLD, "oriel": 0.3, "awning": 0.4, "dormers": 0.3, "blade": 0.5, "balconies": 0.1},
    ),
    "mansion": Kind(
        ("stone", "stone", "render"), (3, 6), (3.6, 4.6), (3.0, 3.9), (2.2, 3.4), (0.34, 0.5),
        (0.54, 0.72), ("tall", "tall", "arch", "french"), ("door", "shop", "arcade"),
        ("pilasters", "columns", "quoins", "pilasters"),
        ("cornice", "pediment", "mansard", "balustrade"),
        {**_OLD, "balconies": 0.45, "portico": 0.35, "dormers": 0.4, "flag": 0.15, "chimney": 0.5},
    ),
    "chapel": Kind(
        ("stone", "stone", "brick"), (1, 3), (4.5, 7.0), (3.5, 5.0), (2.6, 4.0), (0.3, 0.5),
        (0.6, 0.78), ("lancet",), ("door",), ("buttresses",), ("gable", "gable", "battlements"),
        {"tower": 0.5, "pipes": 0.5, "ivy": 0.1, "courses": 0.5, "pinnacles": 0.4},
    ),
    "glass": Kind(
        ("metal", "panels"), (3, 9), (3.6, 5.0), (3.2, 3.8), (1.2, 2.0), (0.86, 0.94),
        (0.7, 0.92), ("curtain", "curtain", "ribbon"), ("office", "shop", "arcade"),
        ("fins", "", "piers"), ("flat", "flat", "parapet"), {"canopy": 0.5, "plant": 0.6},
    ),
    "slab": Kind(
        ("panels", "brick", "render"), (3, 8), (3.0, 3.8), (2.6, 3.0), (2.4, 4.2), (0.5, 0.84),
        (0.46, 0.58), ("ribbon", "casement", "square"), ("office", "shop", "door", "arcade"),
        ("", "piers", "fins"), ("flat", "flat", "parapet"),
        {**_PIPES, "balconies": 0.3, "canopy": 0.4, "plant": 0.6, "scaffold": 0.04},
    ),
    "flats": Kind(
        ("brick", "render", "panels", "boards"), (3, 7), (2.8, 3.4), (2.7, 3.0), (2.6, 4.0),
        (0.4, 0.62), (0.56, 0.82), ("french", "casement", "square"), ("door", "shop", "garage"),
        ("", "", "piers"), ("flat", "parapet", "eaves", "mansard"),
        {**_PIPES, "balconies": 0.8, "plant": 0.3, "dormers": 0.2, "scaffold": 0.04, "bay": 0.1},
    ),
    "mill": Kind(
        ("brick", "brick", "stone"), (2, 6), (3.4, 4.4), (3.0, 3.8), (2.6, 3.8), (0.44, 0.66),
        (0.5, 0.68), ("arch", "grid"), ("garage", "door", "arcade", "shop"),
        ("piers", "piers", "quoins"), ("parapet", "gable", "eaves"),
        {**_PIPES, "courses": 0.6, "chimney": 0.3, "ivy": 0.06, "plant": 0.2, "hoarding": 0.2},
    ),
    "cottage": Kind(
        ("brick", "render", "render", "boards", "stone", "timber"), (1, 3), (2.5, 2.9), (2.4, 2.8),
        (2.4, 4.2), (0.36, 0.6), (0.44, 0.54), ("casement", "casement", "sash", "square"),
        ("door", "door", "garage"), ("", "", "quoins"), ("eaves", "eaves", "gable"),
        {**_PIPES, "chimney": 0.6, "bay": 0.35, "dormers": 0.25, "ivy": 0.08, "porch": 0.4,
         "shutters": 0.25, "courses": 0.2},
    ),
}  # fmt: skip
# Shares in a town, a suburb and a campus, in the order of KINDS.
MIXES: Mapping[str, tuple[float, ...]] = {
    "town": (0.24, 0.34, 0.12, 0.03, 0.05, 0.07, 0.08, 0.05, 0.02),
    "garden": (0.16, 0.0, 0.03, 0.02, 0.0, 0.03, 0.08, 0.02, 0.66),
    "campus": (0.03, 0.06, 0.22, 0.08, 0.18, 0.20, 0.08, 0.13, 0.02),
}


@dataclass(frozen=True)
class Style:
    """One choice of a Kind."""

    kind: str
    wall: str
    color: Color
    trim: Color
    frame: Color
    roof: Color
    floors: int
    ground: float
    floor: float
    bay: float
    window: str
    window_width: float
    window_height: float
    base: str
    order: str
    crown: str
    extras: frozenset[str]

    @property
    def banded(self) -> bool:
        """Whether the windows of a floor form a band without wall between them."""
        return self.window in ("curtain", "ribbon")


def draw_style(rng: Generator, kind: str, floors: tuple[int, int] | None = None) -> Style:
    """Draw a house of a kind; floors: the least, and one more than the most."""
    rule = KINDS[kind]
    wall = pick(rng, rule.walls)
    color = pick_color(rng, _COLORS[wall], 9)
    bay, floor = rng.uniform(*rule.bay), rng.uniform(*rule.floor)
    trims = (_WHITE, _WHITE, _STONE, color, _DARK)
    low, high = rule.floors
    if floors:
        low, high = max(low, floors[0]), max(low + 1, min(high, floors[1]))
    low = min(low, high - 1)
    return Style(
        kind=kind,
        wall=wall,
        color=color,
        trim=vary(rng, pick(rng, trims), 8),
        frame=vary(rng, pick(rng, (_WHITE, _WHITE, _DARK, (96, 84, 72), (70, 84, 76))), 8),
        roof=pick_color(rng, _ROOFS, 8),
        floors=int(rng.integers(low, high)),
        ground=rng.uniform(*rule.ground),
        floor=floor,
        bay=bay,
        window=pick(rng, rule.windows),
        window_width=bay * rng.uniform(*rule.width),
        window_height=floor * rng.uniform(*rule.height),
        base=pick(rng, rule.bases),
        order=pick(rng, rule.orders),
        crown=pick(rng, rule.crowns),
        extras=frozenset(name for name, share in rule.extras.items() if chance(rng, share)),
    )


def draw_kind(rng: Generator, mix: str) -> str:
    """Draw the kind of a house in a town, a garden suburb or a campus."""
    return str(rng.choice(list(KINDS), p=MIXES[mix]))
