"""The ground of a natural world: which zone lies where, exactly, for any point."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.classes import GRASS, PATH, PAVEMENT, ROAD, ROUGH, WATER
from segnet_model.scenes.draws import Purpose, chance, look_up, noise_tile, stream
from segnet_model.scenes.ground.course import Branch, Course, draw_branch
from segnet_model.scenes.ground.street import BLOCK, BLOCKS_BEHIND, blocks_between
from segnet_model.scenes.materials.tiles import Single

Mask = npt.NDArray[np.bool_]
_TILE = 512
_RAG_SCALE, _BAY_SCALE = 40.0, 6.0  # texels a meter of the noise on edges


class Zone(IntEnum):
    """A kind of ground; each zone of a world has one class and one surface."""

    COVER = 0  # lawn or meadow beside the path
    FLOOR = 1  # ground farther from the path, as in woods
    WAY = 2
    BRANCH = 3
    SOIL = 4
    STONES = 5
    LITTER = 6
    SQUARE = 7
    DRIVE = 8
    PAVEMENT = 9
    BED = 10
    WATER = 11


ZONE_LABELS = np.array(
    [GRASS, ROUGH, PATH, PATH, ROUGH, ROUGH, ROUGH, PATH, ROAD, PAVEMENT, ROUGH, WATER], np.uint8
)


@dataclass(frozen=True)
class Patch:
    """A spot of one zone: an oval, or with a high power almost a rectangle."""

    zone: Zone
    x: float  # world meters, as is y
    y: float
    long: float  # half its length in meters
    wide: float
    turn: float  # radians
    power: float
    rag: float  # meters; how far its edge strays
    on_way: bool  # lies on the path too, as a puddle does

    @property
    def reach(self) -> float:
        """Meters from the center to the farthest point."""
        return float(np.hypot(self.long, self.wide)) + 2 * self.rag

    def inside(self, x: Single, y: Single, noise: Single) -> Mask:
        """Return whether points lie in the patch."""
        cosine, sine = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        east, north = x - np.float32(self.x), y - np.float32(self.y)
        u = np.abs(cosine * east + sine * north) / np.float32(self.long)
        v = np.abs(cosine * north - sine * east) / np.float32(self.wide)
        power = np.float32(self.power)
        away = (u**power + v**power) ** (1 / power) - 1
        return np.asarray(away * min(self.long, self.wide) + np.float32(self.rag) * noise < 0)


@dataclass(frozen=True)
class PatchKind:
    """How often and where patches of a zone lie."""

    zone: Zone
    count: float  # a block of 48 m, on average
    size: tuple[float, float]  # meters, bounds of half the length
    away: tuple[float, float]  # meters beside the way
    power: float = 2.0
    rag: float = 0.4
    on_way: bool = False


@dataclass(frozen=True)
class Plan:
    """Branches and patches of one block."""

    branches: tuple[Branch, ...]
    patches: tuple[Patch, ...]


@dataclass(frozen=True, eq=False)
class Survey:
    """The ground at some points."""

    zone: npt.NDArray[np.uint8]
    under: npt.NDArray[np.uint8]  # the zone if there were no way
    edge: Single  # meters to the edge of the nearest way, negative on it
    across: Single  # meters left of the path's center line


@dataclass(frozen=True, eq=False)
class Terrain:
    """The ground of one drive."""

    seed: int
    course: Course
    half: float  # half the path's width in meters; negative without a path
    rag: float  # meters; how far the path's edges stray
    strip: float  # half the width of the grass in the middle of the path, 0 for none
    verge: float  # meters of COVER between the path and the FLOOR
    branch: float  # chance of a branch in a block
    branch_half: float
    kinds: tuple[PatchKind, ...]
    noise: Single  # (512, 512)
    labels: npt.NDArray[np.uint8]  # class of each zone
    _plans: dict[int, Plan] = field(default_factory=dict, init=False)

    def plans(self, low: float, high: float) -> list[Plan]:
        """Return the plans of all blocks that reach into low to high, meters along x."""
        return [self._plan(block) for block in blocks_between(low - 40, high + 40)]

    def _plan(self, block: int) -> Plan:
        if block not in self._plans:
            self._plans[block] = _draw_plan(self, block)
        return self._plans[block]

    def ids(self, x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Return the class ids of the ground at world points, (n,)."""
        return np.asarray(self.labels[self.zones(x, y)[0]])

    def zones(self, x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Return the zones at world points, (h, w)."""
        x, y = np.atleast_2d(np.asarray(x)), np.atleast_2d(np.asarray(y))
        return self.survey(x, y, self.plans(float(x.min()), float(x.max()))).zone

    def survey(
        self, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], plans: Sequence[Plan]
    ) -> Survey:
        """Return zones and distances at world points, (h, w)."""
        rag = self._noise(x, y, _RAG_SCALE) + self._noise(x, y, _BAY_SCALE)
        x, y = x.astype(np.float32), y.astype(np.float32)
        across = self.course.across(x, y)
        edge = np.abs(across) - np.float32(self.half) + np.float32(self.rag) * rag
        zone = np.full(x.shape, Zone.COVER, np.uint8)
        zone[edge > np.float32(self.verge) * (1 + rag)] = Zone.FLOOR
        patches = [patch for plan in plans for patch in plan.patches]
        _lay(zone, x, y, rag, [patch for patch in patches if not patch.on_way])
        under = zone.copy()
        for branch in (branch for plan in plans for branch in plan.branches):
            away = np.abs(branch.across(x, y)) - np.float32(branch.half)
            away += np.float32(self.rag) * rag
            zone[away < 0] = Zone.BRANCH
            np.minimum(edge, away, out=edge)
        zone[np.abs(across) - np.float32(self.half) + np.float32(self.rag) * rag < 0] = Zone.WAY
        if self.strip:
            middle = np.abs(across) - np.float32(self.strip) + np.float32(0.12) * rag
            zone[(middle < 0) & (zone == Zone.WAY)] = Zone.COVER
        _lay(zone, x, y, rag, [patch for patch in patches if patch.on_way])
        return Survey(zone, under, edge, across)

    def _noise(
        self, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], scale: float
    ) -> Single:
        return look_up(self.noise, x.astype(np.float32), y.astype(np.float32), scale)


def _lay(
    zone: npt.NDArray[np.uint8], x: Single, y: Single, rag: Single, patches: Sequence[Patch]
) -> None:
    """Put patches over the zones."""
    for patch in patches:
        reach = np.float32(patch.reach)
        near = (np.abs(x - np.float32(patch.x)) < reach) & (np.abs(y - np.float32(patch.y)) < reach)
        if near.any():
            inside = patch.inside(x[near], y[near], rag[near])
            zone[near] = np.where(inside, np.uint8(patch.zone), zone[near])


def draw_noise(seed: int) -> Single:
    """Draw the noise of a terrain's edges."""
    return noise_tile(stream(seed, Purpose.TERRAIN), _TILE, (8, 16, 32, 64, 128))


def _draw_plan(terrain: Terrain, block: int) -> Plan:
    rng = stream(terrain.seed, Purpose.TERRAIN, block + BLOCKS_BEHIND)
    start, branches = block * BLOCK, []
    if terrain.half > 0 and chance(rng, terrain.branch):
        x = start + rng.uniform(0.0, BLOCK)
        branches.append(draw_branch(rng, terrain.course, x, terrain.branch_half))
    patches = [
        _draw_patch(rng, terrain, kind, start)
        for kind in terrain.kinds
        for _ in range(int(rng.poisson(kind.count)))
    ]
    return Plan(tuple(branches), tuple(patches))


def _draw_patch(rng: Generator, terrain: Terrain, kind: PatchKind, start: float) -> Patch:
    x, hand = start + rng.uniform(0.0, BLOCK), 1 if chance(rng, 0.5) else -1
    long = rng.uniform(*kind.size)
    wide = long * rng.uniform(0.4, 1.0)
    aside = max(0.0, terrain.half) + rng.uniform(*kind.away)
    aside += 0.0 if kind.on_way else wide * 0.8
    x, y, _ = terrain.course.place(x, hand * aside)
    turn = float(np.arctan(terrain.course.slope(x))) + rng.normal(0.0, 0.3)
    return Patch(kind.zone, x, y, long, wide, turn, kind.power, kind.rag, kind.on_way)
