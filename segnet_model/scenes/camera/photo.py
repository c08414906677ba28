"""Photographs of a drawn frame: lens, exposure, noise, tone curve and compression."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.camera.light import Image, radiance
from segnet_model.scenes.camera.rain import draw_streaks
from segnet_model.scenes.camera.smudges import Smudges, draw_smudges
from segnet_model.scenes.drawing.panels import Canvas, View
from segnet_model.scenes.draws import Purpose, noise_tile, stream
from segnet_model.scenes.weather.conditions import Conditions, Optics, Sensor
from segnet_model.scenes.weather.sky import Weather

Picture = npt.NDArray[np.uint8]  # (H, W, 3) RGB
_STEPS = 4096  # levels of light in the tone curve
_MARGIN = 64  # pixels; the noise is larger than a frame, so that it can be shifted


@dataclass(frozen=True, eq=False)
class Photographer:
    """One drive's camera, with all that stays the same from frame to frame."""

    seed: int
    conditions: Conditions
    noise: Image  # (H + 64, W + 64, 3) of deviation 1
    tone: Picture  # (4096,) brightness of each level of light
    corners: Image  # (H, W) light that the lens lets through
    puddles: Image  # (512, 512) noise that places them
    streaks: Image | None  # (H + 64, W + 64) falling rain
    smudges: Smudges | None

    def develop(self, canvas: Canvas, view: View, weather: Weather, index: int) -> Picture:
        """Return the photograph of a frame."""
        rng = stream(self.seed, Purpose.LENS, index + 1)
        light = radiance(canvas, view, weather, self.conditions, self.puddles)
        if self.streaks is not None:
            drops = self._shifted(self.streaks, rng, light.shape)[..., None]
            light += drops * np.float32(0.12 * _air(weather, self.conditions))
        light = _through_lens(light, self.conditions.optics, self.corners, rng)
        if self.smudges is not None:
            light = self.smudges.over(light)
        light *= _exposure(light, self.conditions, rng)
        _add_noise(light, self._shifted(self.noise, rng, light.shape), self.conditions)
        return _finish(_toned(light, self.tone), self.conditions.sensor)

    def _shifted(self, larger: Image, rng: Generator, shape: tuple[int, ...]) -> Image:
        """Return a part of an image that is larger than the frame, another one each time."""
        down, right = rng.integers(0, _MARGIN, 2)
        return larger[down : down + shape[0], right : right + shape[1]]


def draw_photographer(seed: int, height: int, width: int, conditions: Conditions) -> Photographer:
    """Draw the noise of one drive's camera."""
    sensor, optics, rng = conditions.sensor, conditions.optics, stream(seed, Purpose.LENS)
    larger = (height + _MARGIN, width + _MARGIN)
    dirty = optics.drops or optics.dirt
    return Photographer(
        seed=seed,
        conditions=conditions,
        noise=_draw_noise(rng, larger, sensor),
        tone=_tone_curve(sensor),
        corners=_corners(height, width, optics.vignette),
        puddles=noise_tile(rng, 512, (8, 16, 32, 64)),
        streaks=draw_streaks(rng, larger) if conditions.rain else None,
        smudges=draw_smudges(rng, height, width, optics.drops, optics.dirt) if dirty else None,
    )


def _draw_noise(rng: Generator, shape: tuple[int, int], sensor: Sensor) -> Image:
    """Return noise of deviation 1 with grains of a size, partly the same in all channels."""
    noise = rng.standard_normal((*shape, 3), np.float32)
    shared = rng.standard_normal(shape, np.float32)[..., None]
    noise = np.float32(0.6) * noise + np.float32(0.8) * shared
    cv2.GaussianBlur(noise, (0, 0), sensor.grain, dst=noise)
    return np.asarray(noise / noise.std(), np.float32)


def _tone_curve(sensor: Sensor) -> Picture:
    """Return the brightness of each level of light: gamma, then an S around the middle."""
    level = np.linspace(0, 1, _STEPS) ** (1 / 2.2)
    bent = level * level * (3 - 2 * level)
    level += (bent - level) * sensor.contrast
    level = sensor.black + (1 - sensor.black) * level
    return np.asarray(np.round(255 * level), np.uint8)


def _corners(height: int, width: int, vignette: float) -> Image:
    x, y = np.linspace(-1, 1, width)[None], np.linspace(-1, 1, height)[:, None]
    return np.asarray(1 - vignette * ((x * x + y * y) / 2) ** 1.3, np.float32)[..., None]


def _through_lens(light: Image, optics: Optics, corners: Image, rng: Generator) -> Image:
    """Return the light behind the lens: smeared, out of focus, fringed, and strayed."""
    zoom = light.shape[1] / 480
    np.minimum(light, np.float32(60.0), out=light)
    if optics.motion:
        length = rng.uniform(0.0, optics.motion) * zoom
        light = _smeared(light, length, rng.uniform(0, np.pi))
    if optics.fringe:
        light = _fringed(light, optics.fringe)
    cv2.GaussianBlur(light, (0, 0), optics.blur * zoom, dst=light)
    small = cv2.resize(
        light, (light.shape[1] // 8, light.shape[0] // 8), interpolation=cv2.INTER_AREA
    )
    stray = cv2.GaussianBlur(small, (0, 0), small.shape[1] / 10)
    light *= np.float32(1 - optics.glow)
    light += np.float32(optics.glow) * cv2.resize(stray, light.shape[1::-1])
    light *= corners
    return light


def _smeared(light: Image, length: float, turn: float) -> Image:
    """Return the light smeared along a line of `length` pixels."""
    size = int(length) | 1
    if size < 3:
        return light
    kernel = np.zeros((size, size), np.float32)
    reach = np.array([np.cos(turn), np.sin(turn)]) * (size // 2)
    ends = [tuple(np.round(size // 2 + hand * reach).astype(int).tolist()) for hand in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(light, -1, kernel / kernel.sum()), np.float32)


def _fringed(light: Image, fringe: float) -> Image:
    """Return the light with red drawn larger and blue smaller about the center."""
    height, width = light.shape[:2]
    channels = list(cv2.split(light))
    for number, scale in ((0, 1 + fringe), (2, 1 - fringe)):
        shift = ((1 - scale) * (width - 1) / 2, (1 - scale) * (height - 1) / 2)
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        channels[number] = cv2.warpAffine(
            channels[number], matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    return np.asarray(cv2.merge(channels), np.float32)


def _air(weather: Weather, conditions: Conditions) -> float:
    """Return the light that falling drops scatter."""
    return 0.02 if conditions.time == "night" else weather.sky_light


def _exposure(light: Image, conditions: Conditions, rng: Generator) -> Image:
    """Return the gains (3,) of red, green and blue: automatic exposure, white balance, and errors.

    A camera meters the whole image and keeps bright parts from counting too much. It knows snow.
    """
    sensor = conditions.sensor
    gray = np.asarray(cv2.cvtColor(light[::4, ::4], cv2.COLOR_RGB2GRAY), np.float32)
    metered = float(np.minimum(gray, 4 * np.median(gray) + 1e-4).mean())
    stops = rng.uniform(-1, 1) * sensor.error
    level = sensor.level * (1 + 0.8 * conditions.snow)
    gain = level / max(metered, 1e-5) * 2.0**stops
    return np.asarray(min(gain, 60.0) * np.array(sensor.balance), np.float32)


def _add_noise(light: Image, grain: Image, conditions: Conditions) -> None:
    """Add shot noise, which grows with the root of the light, and the sensor's own."""
    sensor = conditions.sensor
    # In the dark the same brightness is made of fewer photons.
    weak = {"day": 1.0, "dusk": 1.8, "night": 4.0}[conditions.time]
    shot, read = sensor.noise * weak, 0.25 * sensor.noise * weak
    light += grain * np.sqrt(np.maximum(light, 0) * np.float32(shot**2) + np.float32(read**2))


def _toned(light: Image, tone: Picture) -> Picture:
    """Return the brightness of light by a table; light above 1 is white, as in cameras."""
    levels = np.clip(light * np.float32(_STEPS - 1), 0, _STEPS - 1).astype(np.uint16)
    return np.asarray(tone[levels], np.uint8)


def _finish(picture: Picture, sensor: Sensor) -> Picture:
    """Return the picture with the camera's colors, sharpening and compression."""
    if sensor.gray or sensor.saturation != 1.0:
        kept = 0.0 if sensor.gray else sensor.saturation
        mix = (1 - kept) * np.tile((0.299, 0.587, 0.114), (3, 1)) + kept * np.eye(3)
        picture = np.asarray(cv2.transform(picture, mix), np.uint8)
    if sensor.sharpening:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
        sharp = sensor.sharpening
        picture = np.asarray(cv2.addWeighted(picture, 1 + sharp, soft, -sharp, 0), np.uint8)
    return _compressed(picture, sensor.quality) if sensor.quality < 100 else picture


def _compressed(picture: Picture, quality: int) -> Picture:
    """Return the picture after JPEG."""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    found = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(found[..., ::-1])
