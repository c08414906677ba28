"""The plain film: a camera without faults but exposure, color, blur and noise."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.drawing.panels import Canvas, View
from segnet_model.scenes.draws import Purpose, stream
from segnet_model.scenes.weather.sky import Weather

Image = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Film:
    """One drive's exposure, colors, sharpness and noise."""

    grade: npt.NDArray[np.float32]  # (3, 4) saturation, contrast, exposure and white balance
    blur_sigma: float  # pixels
    noise: npt.NDArray[np.float32]  # (h, w, 3), larger than a frame, so that it can be shifted
    seed: int

    def develop(
        self, canvas: Canvas, view: View, weather: Weather, index: int
    ) -> npt.NDArray[np.uint8]:  # (H, W, 3) RGB
        """Return the image: the canvas with light, haze, color grade, blur and noise."""
        picture = _lit(canvas, weather)
        _add_haze(picture, canvas, weather)
        picture = np.asarray(cv2.transform(picture, self.grade), np.float32)
        cv2.GaussianBlur(picture, (0, 0), self.blur_sigma, dst=picture)
        picture += _grain(self, index, canvas.labels.shape)
        return np.clip(picture, 0, 255, out=picture).astype(np.uint8)


def draw_film(seed: int, height: int, width: int) -> Film:
    """Draw the camera's settings for one drive."""
    rng = stream(seed, Purpose.FILM)
    sigma = rng.uniform(1.0, 5.0)
    noise = rng.standard_normal((height + 64, width + 64, 3), np.float32) * np.float32(sigma)
    return Film(
        grade=_draw_grade(rng),
        blur_sigma=rng.uniform(0.45, 0.85) * width / 480,
        noise=noise,
        seed=seed,
    )


def _draw_grade(rng: Generator) -> npt.NDArray[np.float32]:
    """Return the (3, 4) matrix that turns a color and a 1 into the developed color."""
    gain = rng.uniform(0.82, 1.18) * (1 + rng.normal(0, 0.035, 3))
    saturation, contrast = rng.uniform(0.75, 1.2), rng.uniform(0.9, 1.15)
    mix = np.full((3, 3), (1 - saturation) / 3) + saturation * np.eye(3)
    offset = np.full((3, 1), 118 * (1 - contrast))
    return np.asarray(gain[:, None] * np.hstack([contrast * mix, offset]), np.float32)


def _lit(canvas: Canvas, weather: Weather) -> Image:
    """Return albedo times light; shadows are lit by the sky and so turn a little blue."""
    tint = np.array([-0.06, 0.0, 0.08], np.float32) * np.float32(1.0 - weather.cover)
    lit = canvas.light[..., None] * (1 - tint)
    lit += tint
    lit *= canvas.albedo
    return np.asarray(lit, np.float32)


def _add_haze(picture: Image, canvas: Canvas, weather: Weather) -> None:
    """Blend towards the color of the horizon with distance; the sky is painted with its haze."""
    distance = np.where(np.isinf(canvas.depth), 0.0, canvas.depth).astype(np.float32)
    clear = np.exp(-distance / np.float32(weather.haze_distance))[..., None]
    horizon = np.array(weather.horizon, np.float32)
    picture -= horizon
    picture *= clear
    picture += horizon


def _grain(film: Film, index: int, shape: tuple[int, ...]) -> Image:
    """Return the part of the drive's noise for this frame."""
    down, right = stream(film.seed, Purpose.FILM, index + 1).integers(0, 64, 2)
    return film.noise[down : down + shape[0], right : right + shape[1]]
