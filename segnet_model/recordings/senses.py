"""What a robot felt and measured beside its camera: laser scans, bumps, and slip of its wheels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segnet_model.bags.bumps import merged, read_bumps
from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.messages import IMU, stamp_ns
from segnet_model.bags.odometry import Way, read_way
from segnet_model.bags.reader import BagReader
from segnet_model.bags.values import read_values
from segnet_model.base.errors import BagError, ImageError, SettingsError
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.slip import Track, find_slips
from segnet_model.driving.way import Span
from segnet_model.recordings.mounting import fixed_pose
from segnet_model.recordings.scans import Scans, scan_pose
from segnet_model.recordings.sense_settings import SenseSettings


@dataclass(frozen=True)
class Senses:
    """All that they said in a recording.

    Attributes:
        scans: of each scanner.
        bumps: times at which a bumper was pressed.
        slips: times at which wheels may have slipped.
    """

    scans: Sequence[Scans] = ()
    bumps: Sequence[Span] = ()
    slips: Sequence[Span] = ()


def read_senses(bag: BagReader, settings: SenseSettings, way: Way, base: str) -> Senses:
    """Read what the sensors of a robot said.

    Args:
        bag: an open recording.
        settings: which sensors.
        way: of the robot, by odometry.
        base: the robot's frame.

    Raises:
        BagError: a topic is missing or damaged, or its clock is not that of odometry.
        SettingsError: a scanner's pose is not known, or two sources of the way contradict, or are
            the same.
    """
    place = scan_pose(*settings.scan_pose) if settings.scan_pose else None
    scans = [Scans(bag, each, place, base, settings.scan_reach) for each in settings.scans]
    for each in scans:
        _check_clock(each, way)
    bumps = [span for topic in settings.bumpers for span in read_bumps(bag, topic, way)]
    return Senses(scans, merged(bumps), merged(_slips(bag, settings, way, base)))


def _check_clock(scans: Scans, way: Way) -> None:
    if scans.stamps[0] > way.stamps[-1] or scans.stamps[-1] < way.stamps[0]:
        apart = (scans.stamps[0] - way.stamps[0]) / NANOSECONDS
        raise BagError(
            f"the scans of {scans.topic} are stamped {apart:+.1f} s from odometry, and have no "
            "time in common; set the clocks of both machines by one, and record again"
        )


def _slips(bag: BagReader, settings: SenseSettings, way: Way, base: str) -> list[Span]:
    found: list[Span] = []
    own = _track(way)
    if settings.imu:
        found += find_slips(own, _read_imu(bag, settings.imu, base), settings.imu)
    if (name := settings.compare) is not None:
        topic, frame = (name, None) if name.startswith("/") else (None, name)
        other = read_way(bag, topic, frame, base)
        _check_other(name, way, other)
        found += find_slips(own, _track(other), name)
    return found


def _check_other(name: str, way: Way, other: Way) -> None:
    """Raise SettingsError for the way itself, by which no slip would ever be found."""
    if other.stamps == way.stamps and np.array_equal(other.poses, way.poses):
        raise SettingsError(
            f"{name} says the same as odometry, pose by pose; name another source to compare with, "
            "or leave it out"
        )


def _track(way: Way) -> Track:
    return Track.of_poses(np.array(way.stamps, np.int64), way.matrices())


def _read_imu(bag: BagReader, topic: str, base: str) -> Track:
    """The turning rate about the robot's vertical; an IMU that tf does not know is upright."""
    read = read_values(bag, topic, (IMU,), _turning)
    rates = {stamp: rate for stamp, rate, _ in read}
    if len(rates) < 2:
        raise BagError(
            f"{topic} in bag {bag.path} has turning rates of one time alone; "
            "mend its driver, or leave it out"
        )
    stamps = np.array(sorted(rates), np.int64)
    place = fixed_pose(bag, base, read[-1][2])
    vertical = np.array([0.0, 0, 1]) if place is None else place[2, :3]
    return Track.of_rates(stamps, np.array([rates[each] for each in stamps.tolist()]) @ vertical)


def _turning(raw: RawMessage) -> tuple[int, tuple[float, float, float], str]:
    """Stamp, turning rate and frame of an IMU's message; ImageError where it measures none."""
    message = parse(raw)
    if message.angular_velocity_covariance[0] == -1:
        raise ImageError("its gyroscope measures nothing")
    rate = message.angular_velocity
    if not np.isfinite([rate.x, rate.y, rate.z]).all():
        raise ImageError("its turning rate is not finite")
    stamp = stamp_ns(message.header) or raw.receive_ns
    return stamp, (rate.x, rate.y, rate.z), str(message.header.frame_id)
