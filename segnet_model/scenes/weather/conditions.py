"""Conditions of a drive: season, light and weather, and the quality of its camera."""

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.draws import Purpose, chance, stream


@dataclass(frozen=True)
class Optics:
    """Faults of a lens. The truth of a frame does not change with them."""

    blur: float = 0.5  # pixels of a 480 pixel wide image, sigma of the focus
    motion: float = 0.0  # pixels of the same image, longest smear of a moving camera
    vignette: float = 0.0  # light lost in the corners, 0 to 1
    fringe: float = 0.0  # share by which red is drawn larger and blue smaller
    glow: float = 0.02  # share of the light that strays over the whole image
    drops: int = 0  # drops of rain on the lens
    dirt: float = 0.0  # dust and mud on the lens, 0 to 1


@dataclass(frozen=True)
class Sensor:
    """Exposure, colors, noise and compression of a camera."""

    level: float = 0.18  # mean light that the exposure aims at, 1 is white
    error: float = 0.0  # stops; a frame is off by up to this much
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)  # gains of red, green and blue
    saturation: float = 1.0
    contrast: float = 0.3  # 0 for a straight curve, 1 for a steep one
    black: float = 0.0  # brightness of black in the image, 0 to 1
    gray: bool = False
    noise: float = 0.006  # deviation at white, in sunlight; it grows in the dark
    grain: float = 0.6  # pixels, size of the noise's grain
    sharpening: float = 0.3  # strength of halos along edges
    quality: int = 100  # of JPEG; 100 is not compressed


@dataclass(frozen=True)
class Conditions:
    """Everything about a drive that is neither its world nor its camera's geometry.

    Attributes:
        time: "day", "dusk" (low sun, long shadows) or "night".
        sky: "clear" or "overcast".
        season: "spring", "summer", "autumn" or "winter".
        snow: 0 for none, 1 for deep snow on the ground and on roofs.
        leaves: fallen leaves on streets, 0 to 1.
        wet: of the ground, 0 for dry, 1 for puddles.
        rain: whether it rains.
        sight: meters at which 63 % of a color is lost to haze, fog or rain.
        town: light of a lit town at night; 1 is sunlight to this camera.
        lamp: at night: "headlights", or "infrared" of a night camera.
        optics: of the lens.
        sensor: of the camera.
    """

    time: str = "day"
    sky: str = "clear"
    sight: float = 500.0
    lamp: str = "headlights"
    town: float = 0.01
    season: str = "summer"
    snow: float = 0.0
    leaves: float = 0.0
    wet: float = 0.0
    rain: bool = False
    optics: Optics = field(default_factory=Optics)
    sensor: Sensor = field(default_factory=Sensor)


def draw_conditions(seed: int) -> Conditions:
    """Draw the conditions of a drive: mostly ordinary daylight; each rare effect 5 to 20 %."""
    rng = stream(seed, Purpose.CONDITIONS)
    time = str(rng.choice(["day", "dusk", "night"], p=[0.80, 0.14, 0.06]))
    season = str(rng.choice(["spring", "summer", "autumn", "winter"], p=[0.15, 0.4, 0.2, 0.25]))
    rain = chance(rng, 0.1)
    sky = "overcast" if rain or chance(rng, 0.35 if time == "day" else 0.15) else "clear"
    lamp = "infrared" if chance(rng, 0.4) else "headlights"
    sight = _draw_sight(rng)
    snow = rng.uniform(0.2, 1.0) if season == "winter" and not rain and chance(rng, 0.65) else 0.0
    return Conditions(
        time=time,
        sky=sky,
        sight=min(sight, rng.uniform(80, 500)) if rain else sight,
        lamp=lamp,
        town=float(np.exp(rng.uniform(np.log(0.003), np.log(0.08)))),
        season=season,
        snow=snow,
        leaves=rng.uniform(0.1, 0.9) if season == "autumn" else 0.0,
        wet=rng.uniform(0.4, 1.0) if rain or (not snow and chance(rng, 0.08)) else 0.0,
        rain=rain,
        optics=_draw_optics(rng, rain),
        sensor=_draw_sensor(rng, gray=time == "night" and lamp == "infrared"),
    )


def _draw_sight(rng: Generator) -> float:
    """Return meters: clear air, haze, or in 8 % fog."""
    if chance(rng, 0.08):
        return float(np.exp(rng.uniform(np.log(18), np.log(90))))
    return float(np.exp(rng.uniform(np.log(200), np.log(2000))))


def _draw_optics(rng: Generator, rain: bool) -> Optics:
    return Optics(
        blur=rng.uniform(1.2, 2.6) if chance(rng, 0.1) else rng.uniform(0.35, 0.9),
        motion=rng.uniform(3.0, 14.0) if chance(rng, 0.15) else 0.0,
        vignette=rng.uniform(0.2, 0.65) if chance(rng, 0.35) else rng.uniform(0.0, 0.15),
        fringe=rng.uniform(0.001, 0.004) if chance(rng, 0.25) else 0.0,
        glow=rng.uniform(0.06, 0.18) if chance(rng, 0.15) else rng.uniform(0.0, 0.05),
        drops=int(rng.integers(4, 70)) if chance(rng, 0.6 if rain else 0.02) else 0,
        dirt=rng.uniform(0.15, 0.9) if chance(rng, 0.08) else 0.0,
    )


def _draw_sensor(rng: Generator, gray: bool) -> Sensor:
    off = 0.16 if chance(rng, 0.15) else 0.05  # a wrong or a usual white balance
    warm, green = rng.normal(0, off), rng.normal(0, off / 3)
    return Sensor(
        level=float(np.exp(rng.uniform(np.log(0.09), np.log(0.26)))),
        error=rng.uniform(0.8, 1.8) if chance(rng, 0.15) else rng.uniform(0.0, 0.4),
        balance=(1.0 + warm, 1.0 + green, 1.0 - warm),
        saturation=rng.uniform(0.2, 0.5) if chance(rng, 0.15) else rng.uniform(0.55, 1.25),
        contrast=rng.uniform(0.1, 1.0),
        black=rng.uniform(0.02, 0.1) if chance(rng, 0.15) else 0.0,
        gray=gray or chance(rng, 0.06),
        noise=float(np.exp(rng.uniform(np.log(0.003), np.log(0.03)))),
        grain=rng.uniform(0.3, 1.3),
        sharpening=rng.uniform(0.8, 2.0) if chance(rng, 0.2) else rng.uniform(0.0, 0.6),
        quality=int(rng.integers(30, 96)) if chance(rng, 0.7) else 100,
    )
