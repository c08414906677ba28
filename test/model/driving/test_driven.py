"""The pixels that a robot drove over, against rays through the middle of each pixel."""

from __future__ import annotations

import numpy as np
import pytest
from driven_way import (
    CAMERA,
    EXACT,
    FOOTPRINT,
    LENS,
    STEP_NS,
    circle,
    ground,
    pose,
    stamps,
    straight,
)

from segnet_model.base.errors import SettingsError
from segnet_model.driving.driven import Footprint, driven_pixels
from segnet_model.driving.way import DrivenPath, DrivenSettings


def agree(found: np.ndarray, inside: np.ndarray) -> None:
    """Found pixels lie inside, and of those inside only the edge is missing."""
    assert not (found & ~inside).any()
    assert found.sum() > 0.85 * inside.sum() > 100


def test_a_straight_drive_marks_its_strip():
    x, y = np.moveaxis(ground(), -1, 0)
    path = straight()
    found = driven_pixels(LENS, CAMERA, path, path.start_ns + 50 * STEP_NS, FOOTPRINT, EXACT)
    agree(found, (np.abs(y) <= 0.3) & (x <= 5.4))


def test_a_circle_marks_its_ring():
    path = circle()
    found = driven_pixels(LENS, CAMERA, path, path.start_ns, FOOTPRINT, EXACT)
    places = ground()
    radius = np.hypot(places[..., 0], places[..., 1] - 3.0)
    # A rectangle on a circle reaches outside the ring of its width by its corners.
    outer = np.hypot(0.4, 3.3)
    assert not (found & ~((radius >= 2.7 - 1e-9) & (radius <= outer))).any()
    turn = np.arctan2(places[..., 0], 3.0 - places[..., 1])
    ring = (radius > 2.75) & (radius < 3.25) & (turn > 0) & (turn < 5 / 3)
    assert (found & ring).sum() > 0.85 * ring.sum() > 100


def test_the_margin_grows_with_the_way():
    path = straight()
    careful = DrivenSettings(reach=5.0, seconds=100.0, margin=0.05, drift=0.05)
    found = driven_pixels(LENS, CAMERA, path, path.start_ns, FOOTPRINT, careful)
    x, y = np.moveaxis(ground(), -1, 0)
    # At x the footprint's end of the pose at x - 0.4 m is still drawn, with the margin there.
    widest = 0.3 - 0.05 - 0.05 * np.maximum(x - 0.4, 0)
    assert found.any()
    assert not (found & ~(np.abs(y) <= widest + 1e-9)).any()


def test_what_was_driven_before_counts_too():
    """A robot that backs off sees where it was."""
    x = np.arange(0, 6, 0.1)
    path = DrivenPath(stamps(len(x)), np.stack([pose(-each, 0, 0) for each in x]))
    found = driven_pixels(LENS, CAMERA, path, path.end_ns, FOOTPRINT, EXACT)
    x, y = np.moveaxis(ground(), -1, 0)
    agree(found, (np.abs(y) <= 0.3) & (x <= 5.4))


def test_time_limits_the_way():
    path = straight(speed=0.5)
    soon = DrivenSettings(reach=50.0, seconds=4.0, margin=0.0, drift=0.0)
    found = driven_pixels(LENS, CAMERA, path, path.start_ns, FOOTPRINT, soon)
    assert np.nanmax(ground()[found][:, 0]) <= 0.5 * 4.0 + 0.4


def test_a_jump_and_a_gap_end_the_way():
    moved = np.stack([pose(x + (30 if x > 2 else 0), 0, 0) for x in np.arange(0, 6, 0.1)])
    path = DrivenPath(stamps(60), moved)
    assert path.breaks == 1
    assert path.meters == pytest.approx(5.8)
    found = driven_pixels(LENS, CAMERA, path, path.start_ns, FOOTPRINT, EXACT)
    assert np.nanmax(ground()[found][:, 0]) <= 2.0 + 0.4 + 1e-6
    late = stamps(60) + (np.arange(60) > 20) * np.int64(5_000_000_000)
    path = DrivenPath(late, np.stack([pose(x, 0, 0) for x in np.arange(0, 6, 0.1)]))
    found = driven_pixels(LENS, CAMERA, path, path.start_ns, FOOTPRINT, EXACT)
    assert np.nanmax(ground()[found][:, 0]) <= 2.0 + 0.4 + 1e-6
    assert path.at(int(late[20]) + 2_000_000_000) is None
    assert driven_pixels(LENS, CAMERA, path, int(late[20]) + 1_000_000_000, FOOTPRINT) is None


def test_a_lifted_robot_ends_the_way():
    poses = np.stack([pose(x, 0, 0) for x in np.arange(0, 6, 0.1)])
    poses[30:, 2, 3] = 0.5
    path = DrivenPath(stamps(60), poses)
    assert path.breaks == 1


def test_turning_on_the_spot_sweeps_a_disk():
    yaws = np.arange(0, 2 * np.pi, 0.1)
    ahead = [pose(x, 0, 0) for x in np.arange(0, 2, 0.1)]
    spin = [pose(1.9, 0, yaw) for yaw in yaws]
    poses = np.stack(ahead + spin)
    path = DrivenPath(stamps(len(poses)), poses)
    found = driven_pixels(LENS, CAMERA, path, path.start_ns, FOOTPRINT, EXACT)
    places = ground() - (1.9, 0)
    disk = np.hypot(*np.moveaxis(places, -1, 0)) < 0.48  # its corners are at 0.5 m
    assert (found & disk).sum() > 0.85 * disk.sum() > 50


@pytest.mark.parametrize(("shift", "known"), [(-1, False), (0, True), (5, True)])
def test_before_the_way_nothing_is_known(shift, known):
    path = straight()
    assert (path.at(path.start_ns + shift * 10_000_000) is not None) is known


def test_a_robot_that_stands_is_refused():
    with pytest.raises(SettingsError, match=r"moved 0\.00 m .*; record a drive"):
        DrivenPath(stamps(50), np.stack([pose(0, 0, 0)] * 50))


def test_odometry_of_gaps_alone_is_named_as_such():
    slow = stamps(20) + np.arange(20) * np.int64(600_000_000)
    with pytest.raises(SettingsError, match=r"odometry has 19 gaps of more than 0\.5 s or jumps"):
        DrivenPath(slow, np.stack([pose(x, 0, 0) for x in range(20)]))


def test_stamps_must_rise():
    with pytest.raises(SettingsError, match="stamps rise"):
        DrivenPath(stamps(2)[::-1], np.stack([pose(0, 0, 0), pose(2, 0, 0)]))


@pytest.mark.parametrize("sides", [(0, 0.5), (0.6, 0), (60, 50), (float("nan"), 1)])
def test_an_impossible_footprint_is_refused(sides):
    with pytest.raises(SettingsError, match="footprint"):
        Footprint(*sides)


def test_a_footprint_that_is_all_margin_marks_nothing():
    path, wide = straight(), DrivenSettings(margin=0.5)
    assert not driven_pixels(LENS, CAMERA, path, path.start_ns, FOOTPRINT, wide).any()
