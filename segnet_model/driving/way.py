"""The way of a robot: its poses by time, and the places where its footprint is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.base.units import NANOSECONDS

STEP = 0.05  # meters between two footprints that are drawn
TURN = 0.05  # radians between them where the robot turns on the spot
MAX_GAP = 0.5  # seconds between two poses of one stretch
MAX_AGE = 0.5  # seconds between a stamp and the newest transform, which may lag behind
JUMP = 1.0  # seconds back, from which a recording that is played has begun again
MAX_SPEED, MAX_RISE, MAX_SPIN = 20.0, 1.0, 6.0  # meters a second, the same upward, radians a second
Span = tuple[int, int]  # of time: begin and end, nanoseconds
LEAST_WAY = 1.0  # meters; a robot that drove less taught nothing


@dataclass(frozen=True)
class DrivenSettings:
    """How far the way of the robot is trusted.

    Attributes:
        reach: meters along the way, ahead and behind, that an image is labeled with.
        seconds: the same in time; what moves may have stood there before.
        margin: meters by which the footprint is narrowed on each side.
        drift: meters by which odometry may be wrong after one meter; the margin grows by it.
    """

    reach: float = 8.0
    seconds: float = 20.0
    margin: float = 0.03
    drift: float = 0.02

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        limits = {"reach": 100.0, "seconds": 3600.0, "margin": 1.0, "drift": 1.0}
        for name, most in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise SettingsError(f"{name} is {value}; give 0 to {most:g}")


USUAL = DrivenSettings()


class DrivenPath:
    """The way of a robot: poses by time, in stretches without gaps and jumps.

    Attributes:
        start_ns: stamp of the first pose.
        end_ns: stamp of the last pose.
        meters: length of the way.
        breaks: number of gaps and jumps.
    """

    def __init__(
        self, stamps: np.ndarray, poses: np.ndarray, doubtful: Sequence[Span] = ()
    ) -> None:
        """Measure the way, and place footprints along it.

        Args:
            stamps: (n,) int64 nanoseconds, rising.
            poses: (n, 4, 4) float64, from the robot's frame to the one that odometry starts in.
            doubtful: times in which odometry is not trusted, since wheels slip there.

        Raises:
            SettingsError: the robot stands, or there are no poses.
        """
        if len(stamps) < 2 or not (np.diff(stamps) > 0).all():
            raise SettingsError("a way needs two poses or more, whose stamps rise")
        self.start_ns, self.end_ns = int(stamps[0]), int(stamps[-1])
        stamps, poses = _with_ends(stamps, poses, doubtful)
        self._stamps, self._poses = stamps, poses
        moved, turned, broken = _steps(stamps, poses)
        self.breaks = int(broken.sum())
        for begin, end in doubtful:
            broken |= (stamps[:-1] < end) & (stamps[1:] > begin)
        moved, turned = np.where(broken, 0, moved), np.where(broken, 0, turned)
        self._way = np.append(0.0, np.cumsum(moved))
        self._stretch = np.append(0, np.cumsum(broken))
        self.meters = float(self._way[-1])
        if self.meters < LEAST_WAY:
            raise SettingsError(f"{self._shortness()}; record a drive with its whole odometry")
        placed = _places(self._way, np.append(0.0, np.cumsum(turned)), self._stretch, stamps)
        self._placed, self._placed_way = placed, np.interp(placed, stamps, self._way)
        self._placed_stretch = self._stretch[np.searchsorted(stamps, placed, "right") - 1]

    def _shortness(self) -> str:
        moved = f"the robot moved {self.meters:.2f} m in all, so nothing was driven over"
        if not self._stretch[-1]:
            return moved
        return (
            f"odometry has {self._stretch[-1]} gaps of more than {MAX_GAP} s or jumps, or steps "
            f"in doubt, and without these {moved}"
        )

    def at(self, stamp: int) -> np.ndarray | None:
        """The pose (4, 4) at a time in nanoseconds; None in a gap, and outside of the way."""
        after = int(np.searchsorted(self._stamps, stamp))
        if after == len(self._stamps) or (after == 0 and stamp != self._stamps[0]):
            return None
        if self._stamps[after] == stamp:
            return np.asarray(self._poses[after])
        if self._stretch[after] != self._stretch[after - 1]:
            return None
        return np.asarray(_between(self._stamps, self._poses, np.array([stamp]))[0])

    def poses_at(self, stamp: int, times: np.ndarray) -> np.ndarray | None:
        """Poses (k, 4, 4) at times (k,); None unless no break is between them and the stamp."""
        first, last = min(stamp, times.min()), max(stamp, times.max())
        if first < self.start_ns or last > self.end_ns:
            return None
        ends = (
            np.searchsorted(self._stamps, first, "right") - 1,
            np.searchsorted(self._stamps, last),
        )
        if self._stretch[ends[0]] != self._stretch[ends[1]]:
            return None
        return _between(self._stamps, self._poses, times)

    def meters_between(self, stamp: int, other: int) -> float:
        """Meters along the way between two times."""
        return abs(float(np.diff(np.interp([stamp, other], self._stamps, self._way))[0]))

    def near(self, stamp: int, settings: DrivenSettings) -> tuple[np.ndarray, np.ndarray]:
        """Poses along the way near a time, within reach and time, without a break between.

        Returns:
            (k, 4, 4) poses, and (k,) meters along the way from the pose at that time.
        """
        before = max(int(np.searchsorted(self._stamps, stamp, "right")) - 1, 0)
        stretch = self._stretch[before]
        here = float(np.interp(stamp, self._stamps, self._way))
        ways = self._placed_way - here
        chosen = (np.abs(ways) <= settings.reach) & (self._placed_stretch == stretch)
        chosen &= np.abs(self._placed - stamp) <= settings.seconds * NANOSECONDS
        times = self._placed[chosen]
        return _between(self._stamps, self._poses, times), np.abs(ways[chosen])


def _with_ends(
    stamps: np.ndarray, poses: np.ndarray, doubtful: Sequence[Span]
) -> tuple[np.ndarray, np.ndarray]:
    """Add the poses at both ends of doubtful times, so that no more than these are left out."""
    ends = np.unique(np.reshape(np.array(doubtful, np.int64), -1))
    ends = ends[(ends > stamps[0]) & (ends < stamps[-1]) & ~np.isin(ends, stamps)]
    after = np.searchsorted(stamps, ends)
    ends = ends[stamps[after] - stamps[after - 1] <= MAX_GAP * NANOSECONDS]
    every = np.append(stamps, ends)
    order = np.argsort(every)
    return every[order], np.concatenate([poses, _between(stamps, poses, ends)])[order]


def _steps(stamps: np.ndarray, poses: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Meters and radians of each step (n - 1,), and whether no robot moves like that."""
    seconds = np.diff(stamps) / NANOSECONDS
    shift = np.diff(poses[:, :3, 3], axis=0)
    moved = np.linalg.norm(shift, axis=1)
    trace = np.einsum("nij,nij->n", poses[1:, :3, :3], poses[:-1, :3, :3])
    turned = np.arccos(np.clip((trace - 1) / 2, -1, 1))
    rise = np.abs(shift[:, 2])
    broken = (seconds > MAX_GAP) | (moved > 0.3 + MAX_SPEED * seconds)
    broken |= (turned > 0.15 + MAX_SPIN * seconds) | (rise > 0.1 + MAX_RISE * seconds)
    return moved, turned, broken


def _places(
    way: np.ndarray, turn: np.ndarray, stretch: np.ndarray, stamps: np.ndarray
) -> np.ndarray:
    """Times at which the robot has moved or turned by another step: (k,) int64, rising."""
    # Each break counts as a step, so that both of its ends are among the places.
    progress = way / STEP + turn / TURN + stretch
    wanted = np.arange(0.0, progress[-1] + 1)
    index = np.minimum(np.searchsorted(progress, wanted), len(stamps) - 1)
    times = np.append(_exact(progress, stamps, stretch, wanted, index), stamps[[0, -1]])
    return np.asarray(np.unique(times))


def _exact(
    progress: np.ndarray,
    stamps: np.ndarray,
    stretch: np.ndarray,
    wanted: np.ndarray,
    index: np.ndarray,
) -> np.ndarray:
    """Stamps of values of progress between poses; of the later pose where a break is between."""
    before = np.maximum(index - 1, 0)
    span = np.maximum(progress[index] - progress[before], 1e-12)
    share = np.clip((wanted - progress[before]) / span, 0, 1)
    share[stretch[index] != stretch[before]] = 1
    times = stamps[before] + np.rint(share * (stamps[index] - stamps[before])).astype(np.int64)
    return np.asarray(times, np.int64)


def _between(stamps: np.ndarray, poses: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Poses (k, 4, 4) at times (k,) within the way, on the line between their neighbors."""
    after = np.clip(np.searchsorted(stamps, times), 1, len(stamps) - 1)
    share = (times - stamps[after - 1]) / (stamps[after] - stamps[after - 1])
    mixed = poses[after - 1] + share[:, None, None] * (poses[after] - poses[after - 1])
    # The nearest rotation: neighbors are a few degrees apart, so that it lies between them.
    left, _, right = np.linalg.svd(mixed[:, :3, :3])
    mixed[:, :3, :3] = left @ right
    return np.asarray(mixed)
