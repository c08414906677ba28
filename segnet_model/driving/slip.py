"""Slip of wheels: where odometry and another source say different motions of the robot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.way import MAX_GAP, Span

STEP, WINDOW = 0.1, 1.0  # seconds between two windows, and of a window
TURN, TURN_SHARE = 0.1, 0.15  # radians in a window by which both may differ, and share of the turn
SHIFT, SHIFT_SHARE = 0.1, 0.2  # meters, and share of the way
MOST = 0.5  # share of the windows; where more differ, one source is wrong all the time


@dataclass(frozen=True)
class Track:
    """The motion of a robot, from one source.

    Attributes:
        stamps: (n,) int64 nanoseconds, rising.
        yaw: (n,) float64 radians, without jumps by a turn.
        places: (n, 2) meters; None where the source knows only how the robot turned, by a gyroscope
            whose bias is not known.
    """

    stamps: np.ndarray
    yaw: np.ndarray
    places: np.ndarray | None = None

    @classmethod
    def of_poses(cls, stamps: np.ndarray, poses: np.ndarray) -> Track:
        """The track of poses (n, 4, 4)."""
        yaw = np.unwrap(np.arctan2(poses[:, 1, 0], poses[:, 0, 0]))
        return cls(stamps, yaw, poses[:, :2, 3])

    @classmethod
    def of_rates(cls, stamps: np.ndarray, rates: np.ndarray) -> Track:
        """The track of turning rates (n,) about the vertical, radians a second."""
        seconds = np.diff(stamps) / NANOSECONDS
        turns = np.cumsum((rates[1:] + rates[:-1]) / 2 * seconds)
        return cls(stamps, np.append(0.0, turns))

    def at(self, times: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values (n,) at times (k,)."""
        return np.asarray(np.interp(times, self.stamps, values))

    def knows(self, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Whether no gap lies in each window: (k,) bool."""
        gaps = np.append(0, np.cumsum(np.diff(self.stamps) > MAX_GAP * NANOSECONDS))
        first = np.searchsorted(self.stamps, begin, "right") - 1
        last = np.minimum(np.searchsorted(self.stamps, end), len(self.stamps) - 1)
        return np.asarray(gaps[np.maximum(first, 0)] == gaps[last])


def find_slips(way: Track, other: Track, name: str) -> list[Span]:
    """The times at which both say different motions, so that wheels may slip.

    Args:
        way: by odometry.
        other: by another source.
        name: of the other source, for errors.

    Raises:
        SettingsError: they have no second without gaps in common, or differ most of the time.
    """
    begin = np.arange(
        max(way.stamps[0], other.stamps[0]),
        min(way.stamps[-1], other.stamps[-1]) - int(WINDOW * NANOSECONDS),
        int(STEP * NANOSECONDS), dtype=np.int64,
    )  # fmt: skip
    end = begin + int(WINDOW * NANOSECONDS)
    known = way.knows(begin, end) & other.knows(begin, end)
    if not known.any():
        raise SettingsError(_why_unknown(way, other, begin, end, name))
    begin, end = begin[known], end[known]
    differ = _turns_differ(way, other, begin, end, name) | _ways_differ(way, other, begin, end)
    if differ.mean() > MOST:
        raise SettingsError(
            f"{name} says another motion than odometry in {differ.mean():.0%} of the drive; check "
            "that both are of one robot, in meters and radians, or leave it out"
        )
    return list(zip(begin[differ].tolist(), end[differ].tolist(), strict=True))


def _why_unknown(way: Track, other: Track, begin: np.ndarray, end: np.ndarray, name: str) -> str:
    """Why nothing can be compared in any window, with the mend."""
    if not len(begin):
        apart = (other.stamps[0] - way.stamps[0]) / NANOSECONDS
        return (
            f"{name} begins {apart:+.1f} s from odometry, and they have no second in common; set "
            "the clocks of both machines by one, record again, or leave it out"
        )
    sources = {"odometry": way, name: other}
    gaps = [each for each, track in sources.items() if not track.knows(begin, end).any()]
    verb = " has" if len(gaps) == 1 else " have"
    return (
        f"{' and '.join(gaps or sources)}{verb} gaps of more than {MAX_GAP} s in each second that "
        f"both have; publish more often, record again, or leave {name} out"
    )


def _turns_differ(
    way: Track, other: Track, begin: np.ndarray, end: np.ndarray, name: str
) -> np.ndarray:
    turns, others = (each.at(end, each.yaw) - each.at(begin, each.yaw) for each in (way, other))
    if other.places is None:
        others = others - np.median(others - turns)
    large = (np.abs(turns) > TURN) & (np.abs(others) > TURN)
    if (turns * others)[large].sum() < 0:
        raise SettingsError(
            f"{name} turns the other way than odometry: it is mounted upside down, or its frame "
            "has z downward; record its pose in /tf_static, or leave it out"
        )
    return np.asarray(
        np.abs(turns - others) > TURN + TURN_SHARE * np.maximum(np.abs(turns), np.abs(others))
    )


def _ways_differ(way: Track, other: Track, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    first, second = (_moved(each, begin, end) for each in (way, other))
    # Nothing is larger than what is not known.
    return np.asarray(np.abs(first - second) > SHIFT + SHIFT_SHARE * np.maximum(first, second))


def _moved(track: Track, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Meters from the begin to the end of each window: (k,), NaN where no place is known."""
    if track.places is None:
        return np.full(len(begin), np.nan)
    shift = [track.at(end, each) - track.at(begin, each) for each in track.places.T]
    return np.asarray(np.hypot(*shift))
