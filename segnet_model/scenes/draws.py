"""Randomness that depends on a seed and a purpose, never on the order of calls."""

from collections.abc import Sequence
from enum import IntEnum

import cv2
import numpy as np
import numpy.typing as npt

from segnet_model.base.errors import SettingsError

Colour = tuple[float, float, float]  # RGB, 0 to 255


class Purpose(IntEnum):
    """What a random stream is for. A new purpose leaves the other streams as they were."""

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


def stream(seed: int, purpose: Purpose, *index: int) -> np.random.Generator:
    """Return the generator of one purpose; raises SettingsError for a negative seed."""
    if seed < 0:
        raise SettingsError(f"seed {seed} is negative; use 0 or more")
    sequence = np.random.SeedSequence([seed, int(purpose), *index])
    return np.random.Generator(np.random.PCG64(sequence))


def vary(rng: np.random.Generator, colour: Sequence[float], spread: float) -> Colour:
    """Return a colour near the given one: mostly lighter or darker, a little of another hue."""
    shift = rng.normal(0.0, spread) + rng.normal(0.0, spread / 3, 3)
    red, green, blue = np.clip(np.asarray(colour) + shift, 4, 250)
    return float(red), float(green), float(blue)


def pick_colour(rng: np.random.Generator, palette: Sequence[Colour], spread: float) -> Colour:
    """Return a variation of one colour of a palette."""
    return vary(rng, palette[int(rng.integers(len(palette)))], spread)


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Return True with the given probability."""
    return bool(rng.random() < probability)


def noise_tile(
    rng: np.random.Generator, size: int, cells: Sequence[int]
) -> npt.NDArray[np.float32]:  # (size, size), zero mean, about -1 to 1, tiles without a seam
    """Return smooth noise summed over octaves; each octave has `cells` bumps a side."""
    total = np.zeros((size, size), np.float32)
    for octave, count in enumerate(cells):
        total += _bumps(rng, size, count) * np.float32(0.6**octave)
    total -= total.mean()
    return np.asarray(total / np.abs(total).max(), np.float32)


def _bumps(rng: np.random.Generator, size: int, count: int) -> npt.NDArray[np.float32]:
    """Return one octave, periodic because the grid is wrapped before it is enlarged."""
    step = size // count
    grid = np.pad(rng.random((count, count), dtype=np.float32), 2, mode="wrap")
    side = grid.shape[0] * step
    large = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large[2 * step : 2 * step + size, 2 * step : 2 * step + size], np.float32)
