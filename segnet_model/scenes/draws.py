"""Random numbers that depend on a seed and a purpose, never on the order of calls; colors."""

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.base.errors import SettingsError

Color = tuple[float, float, float]  # RGB, 0 to 255
Palette = tuple[Color, ...]
T = TypeVar("T")


class Purpose(IntEnum):
    """Purpose of a random stream; a new one leaves the other streams unchanged."""

    WEATHER = 0
    STREET = 1
    MOTION = 2
    GROUND = 3
    SKY = 4
    CARS = 5
    PEOPLE = 6
    TREES = 7
    BLOCK = 8
    FILM = 9
    SHOPS = 10
    ODDITIES = 11
    CONDITIONS = 12
    CAMERA = 13
    LENS = 14
    COVER = 15
    DRAWN = 30
    COVERINGS = 31
    COURSE = 40
    TERRAIN = 41
    LOOKS = 42
    PLANTS = 43
    LAYOUT = 44
    WALKS = 45
    WORLD = 46
    HOUSES = 47
    FACADES = 48
    CLUTTER = 49


def stream(seed: int, purpose: Purpose, *index: int) -> Generator:
    """Return the generator of one purpose.

    Args:
        seed: of the drive, or of one thing in it.
        purpose: each has streams of its own.
        index: numbers of one stream of the purpose, of 32 bits; they may be negative.

    Raises:
        SettingsError: the seed is negative.
    """
    if seed < 0:
        raise SettingsError(f"seed {seed} is negative; use 0 or more")
    unsigned = (part & 0xFFFFFFFF for part in index)
    sequence = np.random.SeedSequence([seed, int(purpose), *unsigned])
    return Generator(np.random.PCG64(sequence))


def vary(rng: Generator, color: Sequence[float], spread: float) -> Color:
    """Return a random color near the given one: mostly another brightness, a little another hue."""
    shift = rng.normal(0.0, spread) + rng.normal(0.0, spread / 3, 3)
    red, green, blue = np.clip(np.asarray(color) + shift, 4, 250)
    return float(red), float(green), float(blue)


def pick_color(rng: Generator, palette: Palette, spread: float) -> Color:
    """Return a variation of one color of a palette."""
    return vary(rng, pick(rng, palette), spread)


def dim(color: Color, factor: float) -> Color:
    """Return the color with its brightness scaled."""
    return color[0] * factor, color[1] * factor, color[2] * factor


def mix(color: Color, other: Color, share: float) -> Color:
    """Return the color with a share of another one, 0 to 1, mixed in."""
    red, green, blue = (a + (b - a) * share for a, b in zip(color, other, strict=True))
    return red, green, blue


def pick(rng: Generator, items: Sequence[T]) -> T:
    """Return one of the items."""
    return items[int(rng.integers(len(items)))]


def chance(rng: Generator, probability: float) -> bool:
    """Return True with the given probability."""
    return bool(rng.random() < probability)


def between(rng: Generator, low: float, high: float) -> float:
    """Return a number from low to high; low where there is no room."""
    return float(rng.uniform(low, max(low, high)))


def noise_tile(
    rng: Generator, size: int, cells: Sequence[int]
) -> npt.NDArray[np.float32]:  # (size, size), zero mean, about -1 to 1, tiles without a seam
    """Return smooth noise summed over octaves; each octave has `cells` bumps a side."""
    total = np.zeros((size, size), np.float32)
    for octave, count in enumerate(cells):
        total += _bumps(rng, size, count) * np.float32(0.6**octave)
    total -= total.mean()
    return np.asarray(total / np.abs(total).max(), np.float32)


def look_up(
    tile: npt.NDArray[np.float32],
    x: npt.NDArray[np.floating],
    y: npt.NDArray[np.floating],
    scale: float = 1.0,
) -> npt.NDArray[np.float32]:
    """Return the values (h, w) of a `noise_tile` at points of a plane, `scale` texels a unit."""
    u, v = (_wrapped(along * scale, tile.shape[0]) for along in (x, y))
    found = cv2.remap(tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(found, np.float32)


def _wrapped(texels: npt.NDArray[np.floating], size: int) -> npt.NDArray[np.float32]:
    """Return texels modulo a size; exact, as np.mod, where that is a power of two."""
    return np.asarray(texels - np.floor(texels * (1 / size)) * size, np.float32)


def _bumps(rng: Generator, size: int, count: int) -> npt.NDArray[np.float32]:
    """Return one octave, periodic because the grid is wrapped before it is enlarged."""
    step = size // count
    grid = np.pad(rng.random((count, count), dtype=np.float32), 2, mode="wrap")
    side = grid.shape[0] * step
    large = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large[2 * step : 2 * step + size, 2 * step : 2 * step + size], np.float32)
