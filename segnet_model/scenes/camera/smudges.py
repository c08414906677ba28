"""Rain drops and dirt on a lens: too near to be in focus, the same in all frames of a drive."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.draws import noise_tile

Image = npt.NDArray[np.float32]
_SMALL = 8  # the scene in a drop is drawn at an eighth of the size


@dataclass(frozen=True, eq=False)
class Smudges:
    """What covers a lens."""

    drops: Image  # (H, W) share of the light that passes through drops
    column: Image  # (H, W) pixel of the small scene that a drop shows, as is row
    row: Image
    dirt: Image  # (H, W) share of the light that dirt keeps away
    haze: float  # share of that light that dirt scatters into the image

    def over(self, light: Image) -> Image:
        """Return the light behind the lens."""
        height, width = light.shape[:2]
        size = max(1, width // _SMALL), max(1, height // _SMALL)
        small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
        inside = cv2.remap(
            small, self.column, self.row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        light = light + (inside - light) * self.drops[..., None]
        scattered = np.array(cv2.mean(small)[:3], np.float32) * np.float32(self.haze)
        return np.asarray(light + (scattered - light) * self.dirt[..., None], np.float32)


def draw_smudges(rng: Generator, height: int, width: int, drops: int, dirt: float) -> Smudges:
    """Draw smudges: a number of drops, and dirt of 0 to 1."""
    zoom = width / 480
    y, x = np.indices((height, width), np.float32)
    shown, column, row = np.zeros((height, width), np.float32), x / _SMALL, y / _SMALL
    for _ in range(drops):
        middle = rng.uniform(0, width), rng.uniform(0, height)
        radius = float(np.exp(rng.uniform(np.log(2.5), np.log(22.0)))) * zoom
        _drop(shown, column, row, middle, radius, rng)
    return Smudges(shown, column, row, _draw_dirt(rng, height, width, dirt), rng.uniform(0.1, 0.9))


def _drop(
    shown: Image,
    column: Image,
    row: Image,
    middle: tuple[float, float],
    radius: float,
    rng: Generator,
) -> None:
    """Draw a drop: a small lens that turns a wide view of the scene upside down."""
    height, width = shown.shape
    reach = int(radius * 1.8) + 2
    left, top = max(0, int(middle[0]) - reach), max(0, int(middle[1]) - reach)
    part = (slice(top, int(middle[1]) + reach), slice(left, int(middle[0]) + reach))
    rows, columns = np.indices(shown[part].shape, np.float32)
    x, y = columns + np.float32(left - middle[0]), rows + np.float32(top - middle[1])
    x *= np.float32(rng.uniform(0.8, 1.25))
    away = np.sqrt(x * x + y * y) / np.float32(radius)
    share = np.clip((np.float32(1.25) - away) * np.float32(rng.uniform(0.8, 2.2)), 0, 1)
    np.maximum(shown[part], share * np.float32(rng.uniform(0.6, 0.98)), out=shown[part])
    bend = np.float32(rng.uniform(0.25, 0.45) * width / radius)
    inside = share > 0
    wide = (middle[0] - bend * x) / _SMALL, (middle[1] - bend * 0.7 * y) / _SMALL
    for target, source, most in ((column, wide[0], width), (row, wide[1], height)):
        np.copyto(target[part], np.clip(source, 0, most / _SMALL - 1), where=inside)


def _draw_dirt(rng: Generator, height: int, width: int, amount: float) -> Image:
    """Return the share of the light that specks and a film of dust keep away, (H, W)."""
    if not amount:
        return np.zeros((height, width), np.float32)
    film = noise_tile(rng, 512, (4, 8, 16, 32))
    specks = noise_tile(rng, 512, (32, 64, 128))
    share = np.clip(film * np.float32(0.9) + np.float32(0.25), 0, 1)
    share += np.clip((specks - np.float32(0.35)) * 5, 0, 1)
    large = cv2.resize(share, (width, height))
    soft = cv2.GaussianBlur(large, (0, 0), max(0.6, rng.uniform(1.0, 5.0) * width / 480))
    return np.asarray(np.clip(soft * np.float32(amount), 0, 0.85), np.float32)
