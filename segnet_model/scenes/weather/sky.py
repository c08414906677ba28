"""Sun, sky and haze of one drive."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.draws import Color, Purpose, chance, look_up, mix, noise_tile, stream, vary
from segnet_model.scenes.weather.conditions import Conditions

Floats = npt.NDArray[np.float64]
_CLOUD_TILE = 256
_FOG = 120.0  # meters of sight below which fog hides the sun


@dataclass(frozen=True, eq=False)
class Weather:
    """Light, sky and haze of a whole drive."""

    sun: Floats  # (3,) unit vector towards the sun, world axes
    shade: float  # light in a shadow; sunlit ground has 1
    zenith: Color
    horizon: Color
    cover: float  # 0 for a clear sky, 1 for an overcast one
    haze_distance: float  # meters at which 63 % of a color is lost to the haze
    clouds: npt.NDArray[np.float32]  # (256, 256) noise
    sun_tint: Color = (1.0, 1.0, 1.0)  # linear light of the sun and of the sky, 1 is white
    sky_tint: Color = (1.0, 1.0, 1.0)
    sky_light: float = 1.0  # linear light of a white sky; 1 is white paper in the sun
    brightest: float = 1.15  # light on a wall that faces the sun
    season: str = ""  # "spring", "summer", "autumn", "winter", or "" where each drive has its own
    snow: float = 0.0  # 0 to 1 on the ground and on roofs, as are leaves on the ground
    leaves: float = 0.0

    def facing(self, normal: Floats) -> float:
        """Return the light on a surface with this (3,) outward normal."""
        return float(self.relief(normal))

    def relief(self, normals: Floats) -> Floats:
        """Return the light (...) on a curved surface with these (..., 3) outward normals."""
        direct = np.maximum(0.0, normals @ self.sun) / max(0.55, float(self.sun[2]))
        sky_seen = 0.8 + 0.2 * normals[..., 2]
        return np.asarray(
            sky_seen * self.shade + (1.0 - self.shade) * np.minimum(self.brightest, direct)
        )

    def on_billboard(self, least: float) -> float:
        """Return the light on a flat picture of a round thing, as the camera meets it."""
        return max(least, self.facing(np.array([-0.8, 0.0, 0.6])))

    def cast(self, height: float) -> Floats:
        """Return the (2,) offset in meters from a point at this height to its shadow."""
        return np.asarray(-self.sun[:2] * (height / max(0.12, float(self.sun[2]))))


def draw_weather(seed: int, conditions: Conditions | None = None) -> Weather:
    """Draw the weather of a drive: sunny, hazy or overcast, or as the conditions say."""
    rng = stream(seed, Purpose.WEATHER)
    overcast = chance(rng, 0.35)
    if conditions is not None:
        overcast = conditions.sky == "overcast"
    azimuth, elevation = rng.uniform(-np.pi, np.pi), rng.uniform(0.45, 1.2)
    blue = (rng.uniform(60, 110), rng.uniform(120, 165), rng.uniform(200, 235))
    gray = (rng.uniform(165, 215),) * 3
    pale = vary(rng, (214, 224, 236), 8)
    weather = Weather(
        sun=_towards(azimuth, elevation),
        shade=rng.uniform(0.78, 0.95) if overcast else rng.uniform(0.42, 0.62),
        zenith=vary(rng, gray, 6) if overcast else blue,
        horizon=vary(rng, (225, 227, 230), 5) if overcast else pale,
        cover=rng.uniform(0.8, 1.0) if overcast else rng.uniform(0.0, 0.7),
        haze_distance=rng.uniform(150, 600),
        clouds=noise_tile(stream(seed, Purpose.SKY), _CLOUD_TILE, (4, 8, 16, 32, 64)),
    )
    if conditions is None:
        return weather
    rng = stream(seed, Purpose.WEATHER, 1)
    weather = replace(
        weather, season=conditions.season, snow=conditions.snow, leaves=conditions.leaves
    )
    lit = _dusk(rng, weather) if conditions.time == "dusk" else _daylight(rng, weather)
    return lit if conditions.sight > _FOG else _foggy(lit, conditions.sight)


def _towards(azimuth: float, elevation: float) -> Floats:
    """Return the (3,) unit vector of a direction in radians."""
    sun = np.array([np.cos(azimuth), np.sin(azimuth), np.tan(elevation)])
    return np.asarray(sun / np.sqrt((sun**2).sum()))


def _daylight(rng: Generator, weather: Weather) -> Weather:
    """Return weather with the light of day: an overcast sky outshines everything below it."""
    gray = weather.cover > 0.75
    return replace(
        weather,
        sky_light=rng.uniform(1.4, 4.5) if gray else rng.uniform(0.9, 2.4),
        sky_tint=(1.0, 1.0, 1.02) if gray else (0.82, 0.97, 1.22),
        sun_tint=(1.03, 1.0, 0.93),
        brightest=1.2,
    )


def _dusk(rng: Generator, weather: Weather) -> Weather:
    """Return weather with a low, warm sun, in every second drive ahead of the camera."""
    azimuth = rng.normal(0, 0.5) if chance(rng, 0.5) else rng.uniform(-np.pi, np.pi)
    low = rng.uniform(0.06, 0.32)
    warm = float(np.clip((0.32 - low) / 0.26, 0, 1))
    glow = (250.0, 226.0 - 46 * warm, 190.0 - 90 * warm)
    if weather.cover > 0.75:
        glow = (214.0, 206.0, 206.0)
    deep = 1 - 0.35 * warm
    return replace(
        weather,
        sun=_towards(azimuth, low),
        shade=max(weather.shade * 0.85, 0.3),
        zenith=(weather.zenith[0] * deep, weather.zenith[1] * deep, weather.zenith[2] * deep),
        horizon=vary(rng, glow, 5),
        sky_light=rng.uniform(1.0, 3.2),
        sky_tint=(0.8, 0.92, 1.3),
        sun_tint=(1.35, 1.0 - 0.12 * warm, 0.72 - 0.3 * warm),
        brightest=1.5,
    )


def _foggy(weather: Weather, sight: float) -> Weather:
    """Return weather without shadows or a blue sky."""
    thick = float(np.clip(1.2 - sight / _FOG, 0.3, 1.0))
    gray = (205.0, 208.0, 212.0)
    return replace(
        weather,
        shade=max(weather.shade, 0.6 + 0.35 * thick),
        zenith=mix(weather.zenith, gray, thick),
        horizon=mix(weather.horizon, gray, thick),
        cover=max(weather.cover, thick),
        sky_light=min(weather.sky_light, 1.4),
    )


def paint_sky(weather: Weather, rays: Floats) -> npt.NDArray[np.uint8]:  # (h, W, 3) RGB
    """Return the sky's colors for (3, h, W) world rays, of any length."""
    x, y, upward = rays.astype(np.float32)
    upward = np.maximum(upward, np.float32(1e-3))
    level = np.sqrt(x * x + y * y)
    steepness = np.clip(upward / level * 1.6, 0, 1)[..., None] ** np.float32(0.7)
    zenith, horizon = np.array([weather.zenith, weather.horizon], np.float32)
    sky = (zenith - horizon) * steepness
    sky += horizon
    cloud = _cloud_cover(weather, x, y, upward)[..., None]
    white = np.float32(246.0 - 40.0 * max(0.0, weather.cover - 0.6))
    sky += (white - sky) * cloud
    return np.asarray(sky, np.uint8)


def _cloud_cover(
    weather: Weather,
    x: npt.NDArray[np.float32],
    y: npt.NDArray[np.float32],
    upward: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """Return 0..1 for each ray of direction x, y, upward: a flat layer of noise overhead."""
    stretch = np.float32(90.0) / (upward + np.float32(0.12))
    noise = look_up(weather.clouds, x * stretch, y * stretch)
    dense = np.clip((noise + np.float32(weather.cover - 0.55)) * np.float32(2.5), 0, 1)
    return np.asarray(dense * np.float32(0.4 + 0.5 * (1 - weather.cover)), np.float32)
