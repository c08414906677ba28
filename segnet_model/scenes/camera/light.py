"""The light of a drawn frame: linear, as a sensor meets it, and far brighter in the sky."""

import cv2
import numpy as np
import numpy.typing as npt

from segnet_model.scenes.camera.rain import wet
from segnet_model.scenes.classes import GROUND, WATER
from segnet_model.scenes.drawing.panels import Canvas, View
from segnet_model.scenes.weather.conditions import Conditions
from segnet_model.scenes.weather.sky import Weather

Image = npt.NDArray[np.float32]  # (H, W, 3) linear RGB; 1 is white paper in the sun
_GAMMA = 2.2
_LINEAR = ((np.arange(256) / 255.0) ** _GAMMA).astype(np.float32)
_NIGHT_SKY = 0.003
_FLAT = np.isin(np.arange(256), GROUND)


def radiance(
    canvas: Canvas, view: View, weather: Weather, conditions: Conditions, tile: Image
) -> Image:
    """Return the light that arrives at the lens; tile: (512, 512) noise that places puddles."""
    picture = np.asarray(cv2.LUT(canvas.albedo, _LINEAR), np.float32)
    sky = np.isinf(canvas.depth)
    distance = np.where(sky, 0.0, canvas.depth).astype(np.float32)
    if conditions.time == "night":
        picture *= _lamp(canvas, view, distance, conditions)[..., None]
        picture[canvas.labels == WATER] = linear(weather.horizon) * np.float32(0.3 * _NIGHT_SKY)
        picture[sky] = linear(weather.horizon) * np.float32(_NIGHT_SKY)
    else:
        picture *= _daylight(canvas, weather, sky)
    if conditions.wet:
        wet(picture, canvas, view, conditions.wet, tile)
    _add_haze(picture, distance, weather, conditions)
    if conditions.time != "night" and weather.cover < 0.75:
        _add_sun(picture, sky, view, weather)
    return picture


def linear(color: tuple[float, float, float]) -> npt.NDArray[np.float32]:
    """Return the light (3,) of a color of 0 to 255."""
    return np.asarray((np.array(color) / 255.0) ** _GAMMA, np.float32)


def _daylight(canvas: Canvas, weather: Weather, sky: npt.NDArray[np.bool_]) -> Image:
    """Return the light on each pixel: of the sky, and of the sun where it is not in a shadow."""
    light = np.asarray(cv2.pow(canvas.light, _GAMMA), np.float32)
    shade = np.float32(weather.shade**_GAMMA)
    scattered = np.minimum(light, shade)[..., None] * np.array(weather.sky_tint, np.float32)
    direct = np.maximum(light - shade, 0)[..., None] * np.array(weather.sun_tint, np.float32)
    direct += scattered
    direct[sky | (canvas.labels == WATER)] = np.float32(weather.sky_light)
    return np.asarray(direct, np.float32)


def _lamp(canvas: Canvas, view: View, distance: Image, conditions: Conditions) -> Image:
    """Return the light (H, W) of lamps beside the camera, and a little of the town's.

    The lamps shine straight ahead, headlights in a flat beam, infrared ones in a wide cone.
    """
    height, width = distance.shape
    x = (np.arange(width, dtype=np.float32) - view.matrix[0, 2]) / view.matrix[0, 0]
    y = (np.arange(height, dtype=np.float32) - view.matrix[1, 2]) / view.matrix[1, 1]
    right, down, ahead = view.camera_to_world[2, :3]
    rise = right * x[None] + down * y[:, None] + ahead
    wide, high = (0.8, 0.5) if conditions.lamp == "infrared" else (0.55, 0.2)
    cone = np.exp(-((rise + 0.05) ** 2) / high**2 - (x**2)[None] / wide**2)
    near = np.maximum(distance, np.float32(1.0))
    light = np.float32(18.0) * cone / (near * near)
    # A lamp at the camera's height grazes the ground.
    steep = np.minimum(1.0, np.float32(2.5 * view.camera_to_world[2, 3]) / near)
    light *= np.where(_FLAT[canvas.labels], steep, np.float32(1.0))
    return np.asarray(light + np.float32(conditions.town), np.float32)


def _add_haze(picture: Image, distance: Image, weather: Weather, conditions: Conditions) -> None:
    """Blend towards the light of the air with distance; the sky is painted with its haze."""
    clear = np.exp(-distance / np.float32(conditions.sight))[..., None]
    if conditions.time == "night":
        picture *= clear
        return
    air = linear(weather.horizon) * np.float32(weather.sky_light)
    picture -= air
    picture *= clear
    picture += air


def _add_sun(picture: Image, sky: npt.NDArray[np.bool_], view: View, weather: Weather) -> None:
    """Add the sun's glare, if the sun is in view or close to it."""
    x, y, z = weather.sun @ view.camera_to_world[:3, :3]
    if z < 0.2:
        return
    column = x / z * view.matrix[0, 0] + view.matrix[0, 2]
    row = y / z * view.matrix[1, 1] + view.matrix[1, 2]
    height, width = sky.shape
    if not (-0.5 * width < column < 1.5 * width and -height < row < height):
        return
    away = _distances(sky.shape, float(column), float(row)) / np.float32(width)
    glare = np.float32(0.5) / (1 + (away / np.float32(0.12)) ** 2)
    glare += np.float32(6.0) * np.exp(-((away / np.float32(0.09)) ** 2)) * sky
    glare += np.float32(60.0) * (away < 0.012) * sky
    shown = _shown(sky, round(float(column)), round(float(row)))
    picture += (glare * np.float32(shown))[..., None] * np.array(weather.sun_tint, np.float32)


def _shown(sky: npt.NDArray[np.bool_], column: int, row: int) -> float:
    """Return how much of the sun is not behind something, 0 to 1."""
    height, width = sky.shape
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
    around = sky[max(0, row - 6) : row + 7, max(0, column - 6) : column + 7]
    return float(around.mean())


def _distances(shape: tuple[int, ...], column: float, row: float) -> Image:
    x = np.arange(shape[1], dtype=np.float32) - np.float32(column)
    y = np.arange(shape[0], dtype=np.float32) - np.float32(row)
    return np.asarray(np.sqrt((x * x)[None] + (y * y)[:, None]), np.float32)
