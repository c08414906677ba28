"""Slopes beside a path: embankments and the foot of a hill, as tilted panels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.drawing.panels import Floats, Panel
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.drawing.sketch import Texture
from segnet_model.scenes.draws import chance, look_up
from segnet_model.scenes.ground.looks import Looks
from segnet_model.scenes.ground.street import BLOCK
from segnet_model.scenes.ground.terrain import Terrain, Zone
from segnet_model.scenes.weather.sky import Weather

_PIECE = 6.0  # meters along x
_TOP = 40.0  # meters of level ground behind a slope
_SCALE, _TOP_SCALE = 36.0, 8.0  # texels a meter
_REACH = 160.0


@dataclass(frozen=True)
class Bank:
    """A slope along one side of a path, and level ground behind it."""

    hand: int
    start: float  # meters from the center line of the path to the foot of the slope
    run: float  # meters across
    rise: float  # meters up

    def lift(self, aside: Floats) -> Floats:
        """Return the height of the ground at distances left of the center line."""
        up = np.clip((self.hand * aside - self.start) / self.run, 0.0, 1.0)
        return np.asarray(up * self.rise)


def draw_banks(rng: Generator, half: float, lane: float) -> tuple[Bank, ...]:
    """Draw slopes, on one side mostly; the camera, `lane` meters left of the path, stays clear."""
    banks = []
    first = 1 if chance(rng, 0.5) else -1
    for hand in (first, -first) if chance(rng, 0.25) else (first,):
        clear = max(max(half, 0.8) + 0.4, hand * lane + 1.3)
        run = rng.uniform(2.0, 14.0)
        rise = run * rng.uniform(0.12, 0.6)
        banks.append(Bank(hand, clear + rng.exponential(1.5), run, rise))
    return tuple(banks)


def build_bank(
    bank: Bank, terrain: Terrain, looks: Looks, weather: Weather, block: int
) -> Iterator[Prop]:
    """Yield a bank's pieces in a block."""
    zone = Zone.FLOOR if bank.start > terrain.half + terrain.verge else Zone.COVER
    label, turn = int(terrain.labels[zone]), np.array([0.0, -bank.hand * bank.rise, bank.run])
    light = weather.facing(turn / np.hypot(bank.rise, bank.run))
    slope = np.array([0.0, bank.hand * bank.run, bank.rise])
    level = np.array([0.0, bank.hand * _TOP, 0.0])
    for x in np.arange(block * BLOCK, (block + 1) * BLOCK, _PIECE):
        ends = [terrain.course.place(float(at), bank.hand * bank.start) for at in (x, x + _PIECE)]
        low, along = (ends[0], ends[1] - ends[0]) if bank.hand > 0 else (ends[1], ends[0] - ends[1])
        length = float(np.hypot(bank.run, bank.rise))
        front = _texture(looks, zone, label, (float(low[0]), float(along[0])), length, _SCALE)
        top = _texture(looks, zone, label, (float(low[0]), float(along[0])), _TOP, _TOP_SCALE)
        yield Prop((
            Panel(np.stack([low + slope, along, -slope]), front, light, _REACH),
            Panel(np.stack([low + slope + level, along, -level]), top, 1.0, _REACH),
        ))  # fmt: skip


def _texture(
    looks: Looks, zone: Zone, label: int, along: tuple[float, float], length: float, scale: float
) -> Texture:
    """Return a piece of ground; along: its first x, and the signed meters to its last."""
    columns, rows = round(abs(along[1]) * scale), max(4, round(length * scale))
    x = along[0] + along[1] * (np.arange(columns) + 0.5) / columns
    y = length - (np.arange(rows) + 0.5) / scale
    x, y = np.meshgrid(x, y)
    color = looks.surfaces[zone].sample(x, y, np.full(x.shape, 1 / scale))
    tone = 1 + 0.2 * look_up(looks.blotches, x, y, 3.0) + 0.15 * look_up(looks.blotches, x, y, 17.0)
    rgb = np.clip(color * tone[..., None], 0, 255).astype(np.uint8)
    return Texture(rgb, np.full(x.shape, label, np.uint8))
