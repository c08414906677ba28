"""Light on natural ground: the sky in the water, and the sun through leaves."""

import numpy as np

from segnet_model.scenes.drawing.panels import Canvas, Floats
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.draws import look_up
from segnet_model.scenes.ground.looks import Looks
from segnet_model.scenes.ground.terrain import Survey, Zone
from segnet_model.scenes.materials.tiles import Single
from segnet_model.scenes.weather.sky import Weather, paint_sky


def fill_water(
    color: Single,
    survey: Survey,
    hits: GroundHits,
    weather: Weather,
    position: Floats,
    looks: Looks,
) -> None:
    """Mirror the sky in the water."""
    wet = survey.zone == Zone.WATER
    if not wet.any():
        return
    # Whole rows: OpenCV remaps at most 32,767 points a row.
    x, y = hits.x - position[0], hits.y - position[1]
    rows = wet.any(axis=1)
    rays = np.stack([x[rows], y[rows], np.full_like(x[rows], position[2])])
    sky = paint_sky(weather, rays)[wet[rows]].astype(np.float32)
    x, y = x[wet], y[wet]
    level = np.hypot(x, y) / max(0.05, float(position[2]))
    mirror = np.clip(0.25 + 0.12 * level, 0, 0.85).astype(np.float32)
    ripple = look_up(looks.blotches, hits.x[rows], hits.y[rows], 9.0)[wet[rows]]
    mirror *= np.clip(1 + ripple * 0.8, 0.3, 1.3)
    deep = np.array((58, 56, 44), np.float32)
    color[wet] = deep + (sky - deep) * mirror[:, None]


def dapple(canvas: Canvas, hits: GroundHits, looks: Looks, weather: Weather) -> None:
    """Let the sun through the leaves: light spots in shadows, and a canopy's shade."""
    light = canvas.light[hits.first_row :]
    x, y = hits.x.astype(np.float32), hits.y.astype(np.float32)
    wide = look_up(looks.blotches, x, y, 10.0)
    wide += look_up(looks.fine, np.float32(0.8) * x + np.float32(0.6) * y, y - x, 6.0)
    shade = np.float32(weather.shade)
    gap = np.clip((wide - np.float32(0.25)) * 5, 0, 1)
    np.copyto(light, light + (1 - light) * gap * np.float32(0.85), where=hits.hit)
    if looks.canopy:
        cover = np.clip((np.float32(looks.canopy - 0.5) + wide) * 4, 0, 1)
        np.copyto(light, np.minimum(light, 1 - cover * (1 - shade)), where=hits.hit)
