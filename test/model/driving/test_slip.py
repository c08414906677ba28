"""Slip of wheels, from two sources of a motion whose slip is known."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.driving.slip import Track, find_slips

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def drive(seconds=60.0, slip=(), lost=0.0, spun=0.0, hertz=20.0):
    """Stamps and poses of an S-shaped drive; in slip, wheels say that much more than is true."""
    time = np.arange(0, seconds, 1 / hertz)
    slips = (time >= slip[0]) & (time < slip[1]) if slip else np.zeros(len(time), bool)
    turning = 0.4 * np.sin(time / 5) + spun * slips
    speed = 0.5 + lost * slips
    yaw = np.cumsum(turning) / hertz
    poses = np.tile(np.eye(4), (len(time), 1, 1))
    poses[:, 0, 0] = poses[:, 1, 1] = np.cos(yaw)
    poses[:, 1, 0], poses[:, 0, 1] = np.sin(yaw), -np.sin(yaw)
    poses[:, 0, 3] = np.cumsum(speed * np.cos(yaw)) / hertz
    poses[:, 1, 3] = np.cumsum(speed * np.sin(yaw)) / hertz
    return START + (time * SECOND).astype(np.int64), poses


def gyroscope(bias=0.0, noise=0.02, sign=1.0, seconds=60.0, shift=0):
    time = np.arange(0, seconds, 0.01)
    noisy = np.random.default_rng(0).normal(0, noise, len(time))
    return Track.of_rates(
        START + shift + (time * SECOND).astype(np.int64),
        sign * 0.4 * np.sin(time / 5) + bias + noisy,
    )


def covered(spans):
    """Seconds after the start that the spans cover, begin and end."""
    return [
        (min(a for a, _ in spans) - START) / SECOND,
        (max(b for _, b in spans) - START) / SECOND,
    ]


def test_a_drive_without_slip():
    way = Track.of_poses(*drive())
    assert find_slips(way, way, "/other") == []
    assert find_slips(way, gyroscope(bias=0.05), "/imu") == []


def test_wheels_that_spin_forward():
    way = Track.of_poses(*drive(slip=(20.0, 24.0), lost=0.5))
    spans = find_slips(way, Track.of_poses(*drive(hertz=10.0)), "/other")
    begin, end = covered(spans)
    assert 19.0 <= begin <= 20.0
    assert 24.0 <= end <= 25.0


def test_wheels_that_turn_the_robot_less_than_they_say():
    way = Track.of_poses(*drive(slip=(20.0, 24.0), spun=0.5))
    begin, end = covered(find_slips(way, gyroscope(bias=-0.03), "/imu"))
    assert 19.0 <= begin <= 20.0
    assert 24.0 <= end <= 25.0


def test_a_gap_of_the_other_source_is_no_slip():
    way, (stamps, poses) = Track.of_poses(*drive(slip=(20.0, 24.0), lost=0.5)), drive()
    kept = (stamps < START + 18 * SECOND) | (stamps > START + 26 * SECOND)
    assert find_slips(way, Track.of_poses(stamps[kept], poses[kept]), "/other") == []


@pytest.mark.parametrize(
    ("hertz", "other", "who"),
    [
        (1.5, {"hertz": 20.0}, "odometry has"),
        (20.0, {"hertz": 1.5}, "/other has"),
        (1.5, {"hertz": 1.0}, "odometry and /other have"),
    ],
)
def test_gaps_all_the_time_are_named(hertz, other, who):
    way = Track.of_poses(*drive(hertz=hertz))
    why = f"^{who} gaps of more than 0.5 s .*; publish more often, .* leave /other out"
    with pytest.raises(SettingsError, match=why):
        find_slips(way, Track.of_poses(*drive(**other)), "/other")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (gyroscope(sign=-1.0), "/imu turns the other way than odometry: .* record its pose in"),
        (gyroscope(shift=3600 * SECOND), r"/imu begins \+3600\.0 s from odometry, .* clocks"),
        (gyroscope(noise=20.0), "/imu says another motion than odometry in .*%"),
    ],
)
def test_a_source_that_cannot_be_right_is_refused(other, why):
    with pytest.raises(SettingsError, match=why):
        find_slips(Track.of_poses(*drive()), other, "/imu")
