"""Where a house stands, how the sun meets its front, and where its windows are."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.facades.style import Style
from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.props import upright
from segnet_model.scenes.draws import Purpose, chance, stream
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.weather.sky import Weather

_STEEPEST = 3.0


@dataclass(frozen=True)
class Light:
    """How shadows fall on a front."""

    shade: float  # brightness in a shadow; the front has 1
    aside: float  # meters to the right that a shadow falls, for a meter that a thing stands out
    down: float


@dataclass(frozen=True, eq=False)
class Stand:
    """The front of a house in the world: `s` meters to the right, `out` meters to the street."""

    left: Floats  # (3,) world meters, the lower corners as seen from the street
    right: Floats
    inward: Floats  # (3,) from the street to the back, as long as the house is deep
    weather: Weather

    @property
    def width(self) -> float:
        """Meters along the street."""
        return float(np.sqrt(((self.right - self.left) ** 2).sum()))

    @property
    def depth(self) -> float:
        """Meters away from the street."""
        return float(np.sqrt((self.inward**2).sum()))

    def near(self, s: tuple[float, float]) -> float:
        """Return the end of a span that the drive sees first."""
        return s[0] if self.left[0] < self.right[0] else s[1]

    @property
    def outward(self) -> Floats:
        """The (3,) unit vector to the street."""
        return np.asarray(-self.inward / self.depth)

    def at(self, s: float, out: float, z: float) -> Floats:
        """Return a world point (3,)."""
        along = (self.right - self.left) / self.width
        return np.asarray(self.left + along * s + self.outward * out + np.array([0.0, 0.0, z]))

    def face(self, s: tuple[float, float], z: tuple[float, float], out: float) -> Floats:
        """Return the corners (3, 3) of a panel that faces the street."""
        return upright(self.at(s[0], out, z[0]), self.at(s[1], out, z[0]), z[1] - z[0])

    def cheek(self, s: float, out: tuple[float, float], z: tuple[float, float]) -> Floats:
        """Return the corners (3, 3) of a panel at right angles to the street."""
        return upright(self.at(s, out[0], z[0]), self.at(s, out[1], z[0]), z[1] - z[0])

    def front_light(self) -> float:
        """Return the light on what faces the street."""
        return self.weather.facing(self.outward)

    def cheek_light(self) -> float:
        """Return the light on what faces the start of the drive."""
        return self.weather.facing(np.array([-1.0, 0.0, 0.0]))

    def light(self) -> Light:
        """Return how shadows fall on the front; without sun they are soft, straight below."""
        sun, along = self.weather.sun, (self.right - self.left) / self.width
        towards = float(sun @ self.outward)
        shade = min(1.0, 0.85 * self.weather.shade / max(0.1, self.front_light()))
        if towards < 0.05:
            return Light(0.75, 0.0, 0.6)
        aside = float(np.clip(-(sun @ along) / towards, -_STEEPEST, _STEEPEST))
        return Light(shade, aside, float(np.clip(sun[2] / towards, 0.2, _STEEPEST)))


@dataclass(frozen=True, eq=False)
class Elevation:
    """The plan of a front: all its parts find their places here."""

    style: Style
    width: float
    columns: tuple[float, ...]  # meters from the left to the middle of each window
    door: int  # its column
    stacked: tuple[int, ...]  # the columns whose windows stand out: bays or oriels
    railed: tuple[int, ...]  # the columns with balconies
    key: int  # of its random streams
    light: Light
    coverings: Coverings
    covered: bool  # the wall has a surface of the drive
    place: float  # meters

    @property
    def eaves(self) -> float:
        """Meters from the ground to the top of the wall."""
        return self.style.ground + (self.style.floors - 1) * self.style.floor + self.cap

    @property
    def foot(self) -> float:
        """Meters from the ground to where pilasters and the like begin."""
        return self.style.ground if self.style.base in ("shop", "office", "arcade") else 0.0

    @property
    def gaps(self) -> list[float]:
        """Meters from the left to the middle between each two windows."""
        return [(a + b) / 2 for a, b in itertools.pairwise(self.columns)]

    @property
    def cap(self) -> float:
        """Meters of wall above the highest floor."""
        return {"parapet": 1.0, "cornice": 1.1, "balustrade": 1.2, "pediment": 0.9,
                "battlements": 0.8, "flat": 0.5}.get(self.style.crown, 0.35)  # fmt: skip

    def base(self, floor: int) -> float:
        """Return the height of a floor."""
        return self.style.ground + (floor - 1) * self.style.floor if floor else 0.0

    def stream(self, part: int) -> Generator:
        """Return the random stream of one part."""
        return stream(self.key, Purpose.FACADES, part)


def draw_elevation(
    rng: Generator, style: Style, stand: Stand, coverings: Coverings, place: float
) -> Elevation:
    """Draw where the windows, doors, bays and balconies of a house are."""
    count = max(1, int(stand.width / style.bay))
    margin = stand.width * 0.5 / count if not style.banded else 0.0
    step = (stand.width - 2 * margin) / max(1, count - 1) if margin else stand.width / count
    first = margin or step / 2
    columns = tuple(first + step * i for i in range(count))
    door = int(rng.integers(count))
    stacked: tuple[int, ...] = ()
    if {"bay", "oriel"} & style.extras and step > 1.5:
        other = tuple(i for i in range(count) if i != door)
        stacked = other[:: int(rng.integers(1, 4))]
    railed: tuple[int, ...] = ()
    if "balconies" in style.extras:
        every, offset = int(rng.integers(1, 4)), int(rng.integers(0, 3))
        railed = tuple(i for i in range(offset % every, count, every) if i not in stacked)
    return Elevation(
        style=style, width=stand.width, columns=columns, door=door, stacked=stacked,
        railed=railed, key=int(rng.integers(2**31)), light=stand.light(), coverings=coverings,
        covered=chance(rng, 0.65), place=place,
    )  # fmt: skip
