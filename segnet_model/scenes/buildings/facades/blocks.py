"""Boxes of one color that stand out from a front."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from segnet_model.scenes.buildings.facades.stand import Stand
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Panel
from segnet_model.scenes.drawing.sketch import Texture
from segnet_model.scenes.draws import Color, dim

REACH = 45.0  # meters


Span = tuple[float, float]


@lru_cache(maxsize=512)
def _plain(color: tuple[int, int, int]) -> Texture:
    """Return a picture of one color."""
    rgb = np.empty((2, 2, 3), np.uint8)
    rgb[:] = color
    return Texture(rgb, np.full((2, 2), BUILDING, np.uint8))


def tone(color: Color, factor: float = 1.0) -> Texture:
    """Return a picture of a color, dimmed."""
    red, green, blue = (int(np.clip(part * factor, 0, 255)) for part in color)
    return _plain((red, green, blue))


def block(
    stand: Stand, s: Span, z: Span, out: Span, color: Color, reach: float = REACH
) -> Iterator[Panel]:
    """Yield the front, the near side and the underside of a box."""
    yield Panel(stand.face(s, z, out[1]), tone(color), stand.front_light(), reach)
    side = stand.near(s)
    yield Panel(stand.cheek(side, out, z), tone(color, 0.94), stand.cheek_light(), reach)
    if z[0] > 1.5:
        yield underside(stand, s, out, z[0], dim(color, 0.5), reach)


def underside(
    stand: Stand, s: Span, out: Span, z: float, color: Color, reach: float = REACH
) -> Panel:
    """Return the lower side of a box, in shadow."""
    origin = stand.at(s[0], out[0], z)
    corners = np.stack([origin, stand.at(s[1], out[0], z) - origin,
                        stand.at(s[0], out[1], z) - origin])  # fmt: skip
    return Panel(corners, tone(color), stand.weather.shade, reach)
