"""Shadows on the ground, from a map of them as the sun sees it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segnet_model.scenes.drawing.panels import Canvas, Floats
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.weather.sky import Weather

_SCALE = 6.0  # texels a meter
_AHEAD, _ASIDE = 88.0, 24.0  # meters


@dataclass(frozen=True, eq=False)
class Shadow:
    """A dark shape on the ground."""

    outline: Floats  # (k, 2) world meters, convex
    strength: float = 1.0  # 1 blocks the sun; above 1 also the sky, as under a car


def shade_ground(
    canvas: Canvas, hits: GroundHits, shadows: Sequence[Shadow], weather: Weather, camera: Floats
) -> None:
    """Darken the ground by a map of the shadows from above; camera: (3,) position.

    The map lies on whole meters in the world, so that shadows do not crawl as the camera moves.
    """
    corner = np.floor(camera[:2]) - (4.0, _ASIDE)
    size = (int(2 * _ASIDE * _SCALE), int(_AHEAD * _SCALE))
    lit = _shadow_map(shadows, corner, size, weather)
    x = ((hits.x - corner[0]) * _SCALE).astype(np.float32)
    y = ((hits.y - corner[1]) * _SCALE).astype(np.float32)
    light = cv2.remap(
        lit, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255.0
    )
    np.copyto(canvas.light[hits.first_row :], light / np.float32(255), where=hits.hit)


def _shadow_map(
    shadows: Sequence[Shadow], corner: Floats, size: tuple[int, int], weather: Weather
) -> npt.NDArray[np.uint8]:
    """Return a (rows along y, columns along x) map of the light; 255 is full light."""
    lit = np.full(size, 255, np.uint8)
    for shadow in sorted(shadows, key=lambda one: one.strength):
        outline = np.round((shadow.outline - corner) * _SCALE * 16).astype(np.int32)
        level = 1.0 - (1.0 - weather.shade) * min(1.0, shadow.strength)
        level *= 1.0 - 0.55 * max(0.0, shadow.strength - 1.0)
        cv2.fillConvexPoly(lit, outline, round(255 * level), cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(lit, (0, 0), 1.0), np.uint8)
