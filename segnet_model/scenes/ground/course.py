"""The course of a path, the ways that leave it, and a robot's motion along it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.rays import look
from segnet_model.scenes.draws import Purpose, chance, stream
from segnet_model.scenes.ground.line import CenterLine
from segnet_model.scenes.materials.tiles import Single

_BOW_ENDS = 40.0  # meters from its start at which a branch runs straight on


@dataclass(frozen=True, eq=False)
class Course(CenterLine):
    """The center line of a path: y is a sum of sines of x."""

    swings: Single  # (k, 3) amplitude in meters, radians a meter, phase

    def bend(self, x: npt.ArrayLike) -> Single:
        """Return the world y of the center line at each x."""
        where = np.asarray(x, np.float32)
        y = np.zeros_like(where)
        for size, wave, phase in self.swings:
            y += size * np.sin(wave * where + phase)
        return np.asarray(y, np.float32)

    def slope(self, x: npt.ArrayLike) -> Single:
        """Return dy/dx of the center line at each x."""
        where = np.asarray(x, np.float32)
        slope = np.zeros_like(where)
        for size, wave, phase in self.swings:
            slope += size * wave * np.cos(wave * where + phase)
        return np.asarray(slope, np.float32)

    def across(self, x: Single, y: Single) -> Single:
        """Return the distance left of the center line, in meters."""
        slope = self.slope(x)
        return np.asarray((y - self.bend(x)) / np.sqrt(1 + slope * slope), np.float32)


def draw_course(seed: int, steepest: float) -> Course:
    """Draw a course; steepest: bound of its slope against the x axis."""
    rng = stream(seed, Purpose.COURSE)
    lengths = np.array([rng.uniform(22, 45), rng.uniform(50, 110), rng.uniform(120, 300)])
    slopes = steepest * np.array([0.25, 0.35, 0.4]) * rng.uniform(0.1, 1.0, 3)
    waves = 2 * np.pi / lengths
    swings = np.stack([slopes / waves, waves, rng.uniform(0, 2 * np.pi, 3)], axis=1)
    return Course(swings.astype(np.float32))


@dataclass(frozen=True)
class Branch:
    """A way that crosses the path or leaves it."""

    x: float  # world meters of the point where it leaves, as is y
    y: float
    turn: float  # radians to the left of the x axis
    bow: float  # bend, 1 / meters
    half: float  # half its width in meters
    through: bool  # crosses the path; else it begins there

    def across(self, x: Single, y: Single) -> Single:
        """Return the distance left of the center line, in meters; far where there is no way."""
        cosine, sine = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        east, north = x - np.float32(self.x), y - np.float32(self.y)
        along, aside = cosine * east + sine * north, cosine * north - sine * east
        bent = np.clip(along, -_BOW_ENDS, _BOW_ENDS)
        slope = np.float32(2 * self.bow) * bent
        center = np.float32(self.bow) * bent * (2 * along - bent)
        away = (aside - center) / np.sqrt(1 + slope * slope)
        if not self.through:
            away[along < 0] = np.inf
        return np.asarray(away, np.float32)


def draw_branch(rng: Generator, course: Course, x: float, half: float) -> Branch:
    """Draw a crossing, a side way or a fork at x."""
    fork = chance(rng, 0.35)
    hand = 1 if chance(rng, 0.5) else -1
    angle = rng.uniform(0.25, 0.6) if fork else rng.uniform(0.8, 1.57)
    heading = float(np.arctan(course.slope(x)))
    start = course.place(x, 0.0)
    through = not fork and chance(rng, 0.5)
    bow = rng.normal(0.0, 0.006)
    return Branch(float(start[0]), float(start[1]), heading + hand * angle, bow, half, through)


@dataclass(frozen=True, eq=False)
class Wander:
    """Smooth motion of a robot that follows a path, on it or beside it, and looks around."""

    course: Course
    offset: float  # meters left of the center line
    lift: float  # meters added to the mount height
    tilt: float  # radians added to the pitch
    glance: float  # radians to the left, always
    sway: Floats  # (5, 3): y, yaw, pitch, roll, slow yaw: amplitude, radians a second, phase

    def pose(self, x: float, stamp: float, height: float, pitch: float) -> Floats:
        """Return camera_to_world (4, 4) at x meters along the path."""
        waves = self.sway[:, 0] * np.sin(self.sway[:, 1] * stamp + self.sway[:, 2])
        aside, yaw, nod, roll, turn = map(float, waves)
        lift = max(self.lift, -height / 2)
        position = self.course.place(x, self.offset + aside, height + lift)
        yaw += turn + self.glance + float(np.arctan(self.course.slope(x + 2.0)))
        return look(position, float(np.clip(yaw, -1.2, 1.2)), pitch + self.tilt + nod, roll)


def draw_wander(seed: int, course: Course, half: float, off: tuple[float, float]) -> Wander:
    """Draw a motion; off: bounds in meters of the way beside the path when a robot leaves it."""
    rng = stream(seed, Purpose.MOTION)
    amplitude = np.array([half * 0.4, 0.06, 0.015, 0.02, 0.3]) * rng.uniform(0.2, 1.0, 5)
    amplitude[4] *= chance(rng, 0.6)
    rate = np.array([0.3, 0.9, 5.0, 3.0, 0.21]) * rng.uniform(0.7, 1.3, 5)
    sway = np.stack([amplitude, rate, rng.uniform(0, 2 * np.pi, 5)], axis=1)
    beside = chance(rng, 0.25)
    hand = 1 if chance(rng, 0.5) else -1
    offset = half + rng.uniform(*off) if beside else rng.uniform(0.0, half * 0.5)
    glance = rng.normal(0.0, 0.35) if chance(rng, 0.3) else 0.0
    return Wander(
        course, hand * offset, rng.uniform(-0.05, 0.05), rng.normal(0.0, 0.03), glance, sway
    )
