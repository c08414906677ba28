"""Round objects of no class: a giant ball, and a hot-air balloon on the ground."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import UNKNOWN
from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.props import Prop, billboard, oval_shadow
from segnet_model.scenes.drawing.sketch import CLEAR, Point, Sketch, Texture
from segnet_model.scenes.draws import Color, chance, vary
from segnet_model.scenes.things.boxes import cuboid, standing
from segnet_model.scenes.weather.sky import Weather

Pattern = Callable[[Floats], Floats]  # colors (..., 3) RGB of (..., 3) unit vectors
_SCALE = 110.0  # texels a meter
_BRIGHT = np.array(
    [(226, 40, 60), (250, 214, 40), (40, 90, 220), (245, 244, 240), (240, 120, 30), (120, 50, 170)],
    np.float64,
)


def ball(rng: Generator, weather: Weather, reach: float) -> Prop:
    """Return a ball with checks or gores at the origin, at least as high as a car's belt."""
    radius = rng.uniform(0.65, 0.95)
    pattern = partial(_checks if chance(rng, 0.5) else _gores, rng.permutation(_BRIGHT), _axes(rng))
    texture = _round((2 * radius, 2 * radius), radius, pattern, weather)
    foot = np.zeros(3)
    panel = billboard(foot, texture, (2 * radius, 2 * radius), 1.0, reach)
    shade = oval_shadow(foot, radius * 0.5, 0.0, 0.1, weather, strength=2.0)
    return Prop((panel,), (oval_shadow(foot, radius * 0.8, 0.0, radius * 1.8, weather), shade))


def balloon(rng: Generator, weather: Weather, reach: float) -> Prop:
    """Return a half-empty balloon on its side at the origin, its basket in front."""
    width, height = rng.uniform(3.0, 3.6), rng.uniform(1.9, 2.3)
    lying = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # its top to the left
    pattern = partial(_gores, rng.permutation(_BRIGHT), lying)
    # The ground cuts the lowest part off: cloth that is spread there.
    texture = _round((width, height), height * 0.42, pattern, weather)
    envelope = billboard(np.zeros(3), texture, (width, height), 1.0, reach)
    wicker = partial(_wicker, rng, vary(rng, (150, 98, 50), 8))
    spot = np.array([-0.5, -width * 0.42, 0.0])
    basket = cuboid(spot, (0.8, 0.9, 0.8), rng.uniform(-0.2, 0.2), wicker, weather, reach)
    return standing([envelope, *basket], weather)


def _axes(rng: Generator) -> Floats:
    """Return a random (3, 3) rotation, or its mirror image."""
    return np.asarray(np.linalg.qr(rng.standard_normal((3, 3)))[0])


def _round(size: Point, middle: float, pattern: Pattern, weather: Weather) -> Texture:
    """Return the shaded picture of an ellipsoid with its center `middle` meters up."""
    width, height = size
    rows, columns = round(height * _SCALE), round(width * _SCALE)
    up = ((np.arange(rows)[::-1] + 0.5) / _SCALE - middle) / (height - middle)
    right = (np.arange(columns) + 0.5) / columns * 2 - 1
    u, v = np.meshgrid(right, up)
    squared = u**2 + v**2
    normals = np.stack([-np.sqrt(np.maximum(0.0, 1.0 - squared)), -u, v], axis=-1)
    colors = pattern(normals) * weather.relief(normals)[..., None]
    labels = np.where(squared < 1.0, np.uint8(UNKNOWN), np.uint8(CLEAR))
    return Texture(np.clip(colors, 0, 255).astype(np.uint8), labels)


def _checks(palette: Floats, axes: Floats, normals: Floats) -> Floats:
    """Return two colors in turn, in squares of longitude and latitude."""
    longitude, latitude = _angles(normals @ axes)
    odd = (np.floor(longitude * 10) + np.floor(latitude * 5)) % 2
    return np.asarray(palette[odd.astype(np.intp)])


def _gores(palette: Floats, axes: Floats, normals: Floats) -> Floats:
    """Return stripes from pole to pole, crossed by a band."""
    longitude, latitude = _angles(normals @ axes)
    stripe = np.floor(longitude * 12).astype(np.intp) % 4
    return np.asarray(
        np.where((np.abs(latitude - 0.5) < 0.07)[..., None], palette[4], palette[stripe])
    )


def _angles(normals: Floats) -> tuple[Floats, Floats]:
    """Return longitude and latitude as shares from 0 to 1."""
    longitude = np.arctan2(normals[..., 1], normals[..., 0]) / (2 * np.pi) + 0.5
    latitude = np.arcsin(np.clip(normals[..., 2], -1, 1)) / np.pi + 0.5
    return longitude, latitude


def _wicker(rng: Generator, color: Color, width: float, height: float) -> Texture:
    """Return a weave of light and dark squares."""
    sheet = Sketch(width, height, UNKNOWN, _SCALE)
    sheet.labels[:] = UNKNOWN
    rows, columns = np.indices(sheet.labels.shape) // 6
    tone = np.where((rows + columns) % 2 > 0, 1.0, 0.55)
    sheet.rgb[:] = (tone[..., None] * color).astype(np.uint8)
    sheet.box((0, height - 0.1), (width, height), (70, 40, 24))
    sheet.grain(rng, 6)
    return sheet.texture()
