"""Scans of a robot's laser scanner in its recording."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np

from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.messages import LASER_SCAN, stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.bags.transforms import TF_STATIC
from segnet_model.bags.values import read_values
from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.standing import LEAST_HEIGHT, Returns
from segnet_model.recordings.mounting import fixed_pose

APART = 0.15  # seconds between an image and the scan that says what stands in it
SPACING = 0.09  # seconds between two scans that are kept
MOST_BEAMS, SLOWEST = 100_000, 2.0  # of a scan; seconds of a turn
SLACK = 3  # beams by which the angles may differ from the number of ranges
JUMP, JUMP_SHARE = 0.05, 0.05  # meters, and share of the range: two beams on one thing differ less


class Scans:
    """The scans of one scanner by time.

    Attributes:
        topic: of the scans.
        stamps: nanoseconds, rising.
    """

    def __init__(
        self, bag: BagReader, topic: str, place: np.ndarray | None, base: str, reach: float
    ) -> None:
        """Read all scans.

        Args:
            bag: an open recording.
            topic: sensor_msgs/LaserScan.
            place: pose (4, 4) of the scanner in the robot's frame; None takes it from /tf_static.
            base: the robot's frame.
            reach: meters; beams that end further away are not used.

        Raises:
            BagError: there is no such topic, or no scan can be used.
            SettingsError: the scanner's pose is not known, or not above the ground.
        """
        self.topic, self._reach = topic, reach
        self.stamps: list[int] = []
        self._scans: list[Any] = []
        self._frame = ""
        read_values(bag, topic, (LASER_SCAN,), self._add, "scan")
        self._place = _place(bag, topic, self._frame, base) if place is None else place
        if not self._place[2, 3] >= LEAST_HEIGHT:
            raise SettingsError(
                f"the scanner of {topic} is {self._place[2, 3]:g} m above the ground in {base}, "
                f"which must be {LEAST_HEIGHT} or more; give --scan-pose, or a robot frame that "
                "lies on the ground"
            )

    def near(self, stamp: int) -> Returns | None:
        """The scan nearest to a time in nanoseconds; None where none is near."""
        after = bisect_left(self.stamps, stamp)
        found = min((each for each in (after - 1, after) if 0 <= each < len(self.stamps)),
                    key=lambda each: abs(self.stamps[each] - stamp))  # fmt: skip
        if abs(self.stamps[found] - stamp) > APART * NANOSECONDS:
            return None
        return self._returns(self.stamps[found], *self._scans[found])

    def _add(self, raw: RawMessage) -> None:
        """Keep a scan; ImageError where it is none."""
        message = parse(raw)
        _check(message)
        frame = str(message.header.frame_id).removeprefix("/")
        if self.stamps and frame != self._frame:
            raise ImageError(f"it is in frame {frame}, and the first scan in {self._frame}")
        stamp = stamp_ns(message.header) or raw.receive_ns
        if not self.stamps or stamp >= self.stamps[-1] + SPACING * NANOSECONDS:
            least, most = message.range_min, min(message.range_max, self._reach)
            ranges = np.asarray(message.ranges, np.float32)
            with np.errstate(invalid="ignore"):
                met = (ranges >= least) & (ranges <= most) & (ranges > 0)  # 0 is no return
            ranges = np.where(met, ranges, np.nan).astype(np.float32)
            turn = message.angle_min, message.angle_increment, message.time_increment
            self.stamps.append(stamp)
            self._scans.append((turn, ranges))
            self._frame = frame

    def _returns(self, stamp: int, turn: tuple[float, float, float], ranges: np.ndarray) -> Returns:
        start, step, delay = turn
        met = np.flatnonzero(np.isfinite(ranges))
        far = ranges[met].astype(np.float64)
        bearings = start + (met[:, None] + [-0.5, 0.5]) * step
        ends = far[:, None, None] * np.stack(
            [np.cos(bearings), np.sin(bearings), np.zeros_like(bearings)], -1
        )
        near = np.abs(np.diff(ranges)) <= JUMP + JUMP_SHARE * ranges[1:]  # not beside a NaN
        firm = np.append(near, False) | np.append(False, near)
        times = stamp + np.rint(met * delay * NANOSECONDS).astype(np.int64)
        return Returns(times, ends @ self._place[:3, :3].T + self._place[:3, 3], firm[met])


def _check(message: Any) -> None:
    """Raise ImageError unless the numbers of a scan fit each other."""
    count, step = len(message.ranges), message.angle_increment
    numbers = (message.angle_min, message.angle_max, step, message.time_increment,
               message.range_min, message.range_max)  # fmt: skip
    if np.isnan(numbers).any() or not np.isfinite(numbers[:5]).all() or not step:
        raise ImageError("its angles or limits are no numbers, or its angle_increment is 0")
    if not 1 < count <= MOST_BEAMS:
        raise ImageError(f"it has {count} ranges; expected 2 to {MOST_BEAMS}")
    if abs((message.angle_max - message.angle_min) / step - (count - 1)) > SLACK:
        raise ImageError(
            f"its {count} ranges do not fit the angles from {message.angle_min:.3f} to "
            f"{message.angle_max:.3f} in steps of {step:.4f}; mend its driver"
        )
    if not 0 <= count * message.time_increment <= SLOWEST:
        raise ImageError(
            f"its beams take {count * message.time_increment:g} s; time_increment is in seconds"
        )


def scan_pose(x: float, y: float, z: float, yaw: float) -> np.ndarray:
    """The pose (4, 4) of a level scanner in the robot's frame: meters, and radians to the left."""
    place = np.eye(4)
    place[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    place[:3, 3] = x, y, z
    return place


def _place(bag: BagReader, topic: str, frame: str, base: str) -> np.ndarray:
    found = fixed_pose(bag, base, frame)
    if found is None:
        raise SettingsError(
            f"bag {bag.path} has no pose of {frame or 'a frame'}, in which {topic} is, in {base} "
            f"on {TF_STATIC}; give it by hand: --scan-pose X Y Z YAW"
        )
    return found
