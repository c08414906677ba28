"""The plan of a street: its course, its cross section, and its crossings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.draws import Purpose, chance, stream
from segnet_model.scenes.ground.line import CenterLine

BLOCK = 48.0  # meters; the street is drawn in blocks, each from a stream of its own
BLOCKS_BEHIND = 16  # added to a block's number for its seed: behind the start it is negative
BIKE_LANE = 1.1  # meters
PARKING = 2.1  # meters


@dataclass(frozen=True)
class Side:
    """One half of the street, seen from the center line outwards. Meters."""

    lanes: int
    parking: bool
    half_road: float  # center line to curb
    pavement: float  # curb to property line

    @property
    def line(self) -> float:
        """Distance from the center line to the property line."""
        return self.half_road + self.pavement


@dataclass(frozen=True)
class Street(CenterLine):
    """Course and cross section of a street. `y` is 0 at the center line, positive to the left."""

    seed: int
    keep: int  # +1 where traffic keeps left, -1 where it keeps right
    lane_width: float
    left: Side
    right: Side
    swing: float  # meters; the center line is y = swing * sin(wave * x + phase)
    wave: float
    phase: float

    def side(self, hand: int) -> Side:
        """Return the left side for +1 and the right side for -1."""
        return self.left if hand > 0 else self.right

    def bend(self, x: npt.ArrayLike) -> Floats:
        """Return the world y of the center line at each x."""
        return np.asarray(self.swing * np.sin(self.wave * np.asarray(x) + self.phase))

    def slope(self, x: float) -> float:
        """Return dy/dx of the center line."""
        return float(self.swing * self.wave * np.cos(self.wave * x + self.phase))


@dataclass(frozen=True)
class Crossing:
    """A stretch of the street, meters along x; empty if end <= start."""

    start: float
    end: float

    @property
    def exists(self) -> bool:
        """Whether the stretch is not empty."""
        return self.end > self.start

    def covers(self, x: float, margin: float = 0.0) -> bool:
        """Return whether x lies in the stretch, or less than `margin` outside."""
        return self.exists and self.start - margin < x < self.end + margin


@dataclass(frozen=True)
class Plan:
    """Side street and zebra crossing of a block."""

    start: float  # meters, the block's first x
    side_street: Crossing
    zebra: Crossing


def blocks_between(low: float, high: float) -> range:
    """Return the numbers of the blocks from one x to another, in meters."""
    return range(int(np.floor(low / BLOCK)), int(np.floor(high / BLOCK)) + 1)


def draw_street(seed: int) -> Street:
    """Draw the street of a drive."""
    rng = stream(seed, Purpose.STREET)
    lane_width = rng.uniform(2.7, 3.4)
    lanes = 2 if chance(rng, 0.15) else 1
    wave = 2 * np.pi / rng.uniform(220, 420)
    return Street(
        seed=seed,
        keep=1 if chance(rng, 0.5) else -1,
        lane_width=lane_width,
        left=_draw_side(rng, lanes, lane_width),
        right=_draw_side(rng, lanes, lane_width),
        swing=rng.uniform(0.0, 0.12) / wave,
        wave=wave,
        phase=rng.uniform(0, 2 * np.pi),
    )


def _draw_side(rng: Generator, lanes: int, lane_width: float) -> Side:
    parking = chance(rng, 0.45)
    half = lanes * lane_width + BIKE_LANE + (PARKING if parking else 0.0)
    return Side(lanes, parking, half, rng.uniform(3.0, 5.5))


def draw_plan(street: Street, block: int) -> Plan:
    """Draw the plan of a block."""
    rng = stream(street.seed, Purpose.STREET, block + BLOCKS_BEHIND)
    start = block * BLOCK
    width = rng.uniform(6.5, 9.0) if chance(rng, 0.4) else 0.0
    corner = start + rng.uniform(8.0, BLOCK - 20.0)
    stripe = rng.uniform(3.0, 4.0) if chance(rng, 0.55) else 0.0
    zebra = corner - 6.0 if width else start + rng.uniform(2.0, BLOCK - 6.0)
    return Plan(start, Crossing(corner, corner + width), Crossing(zebra, zebra + stripe))
