"""Things in the image of a camera, by laser beams and bumps, against a ray through each pixel."""

from __future__ import annotations

import numpy as np
import pytest
from driven_way import CAMERA, EXACT, FOOTPRINT, LENS, STEP_NS, circle, ground, stamps, straight

from segnet_model.driving.standing import Returns, bumped_pixels, standing_pixels
from segnet_model.driving.way import DrivenPath, DrivenSettings

STEP = 0.01  # radians between two beams
LARGE = LENS.scaled_to(640, 480)
HEIGHT = 0.3  # meters, of the scanner
NOTHING = Returns(np.empty(0, np.int64), np.empty((0, 2, 3)), np.empty(0, bool))


def wall(stamp, ahead=2.0, half=0.5, height=HEIGHT):
    """The returns of a wall across the way, in the robot's frame at a stamp."""
    bearings = np.arange(-np.arctan2(half, ahead), np.arctan2(half, ahead), STEP)
    sides = ahead * np.tan(bearings[:, None] + [0, STEP])
    edges = np.stack([np.full_like(sides, ahead), sides, np.full_like(sides, height)], -1)
    count = len(bearings)
    return Returns(np.full(count, stamp, np.int64), edges, np.ones(count, bool))


def on_plane(ahead):
    """y and z where each pixel's ray meets the plane x = ahead of the robot."""
    u, v = np.meshgrid(np.arange(LENS.width), np.arange(LENS.height))
    rays = np.stack([(u - LENS.center[0]) / LENS.focal[0], (v - LENS.center[1]) / LENS.focal[1],
                     np.ones(u.shape)], -1) @ CAMERA.matrix[:3, :3].T  # fmt: skip
    eye = CAMERA.matrix[:3, 3]
    places = eye + rays * ((ahead - eye[0]) / rays[..., 0])[..., None]
    return places[..., 1], places[..., 2]


def agree(found, inside, least=0.8):
    assert not (found & ~inside).any()
    assert found.sum() > least * inside.sum() > 50


@pytest.mark.parametrize("steps", [0, 5])
def test_a_wall_is_seen_where_its_beams_ended(steps):
    """Also where the robot has driven on since the scan."""
    path = straight()
    begin = path.start_ns + 20 * STEP_NS
    things, hidden = standing_pixels(LENS, CAMERA, path, begin + steps * STEP_NS, wall(begin))
    ahead = 2.0 - 0.1 * steps
    y, z = on_plane(ahead)
    agree(things, (np.abs(y) <= 0.51) & (z >= 0.03 * ahead) & (z <= HEIGHT))  # not near the ground
    behind = (np.abs(y) <= 0.49) & (z >= 0) & (z <= CAMERA.height)
    assert not (behind & ~hidden).any()
    assert not (hidden & (np.abs(y) > 0.6)).any()


def test_beams_of_a_turn_have_a_time_each():
    """The robot turns while the scanner does: a wall of another time lies elsewhere."""
    path = circle()
    begin = path.start_ns + 50 * STEP_NS
    now, late = (standing_pixels(LENS, CAMERA, path, begin, wall(t))[0] for t in (begin, begin + 1))
    np.testing.assert_array_equal(now, late)
    early = wall(begin - 5 * STEP_NS)
    moved, _ = standing_pixels(LENS, CAMERA, path, begin, early)
    pose = np.linalg.inv(path.at(begin)) @ path.at(begin - 5 * STEP_NS)
    edges = early.edges @ pose[:3, :3].T + pose[:3, 3]
    there = Returns(np.full(len(edges), begin, np.int64), edges, early.firm)
    np.testing.assert_array_equal(moved, standing_pixels(LENS, CAMERA, path, begin, there)[0])
    assert (moved != now).sum() > 50


def test_what_is_far_or_high_is_not_taken_to_reach_down():
    """A robot nods, and people have legs."""
    path = straight()
    far, _ = standing_pixels(LENS, CAMERA, path, path.start_ns, wall(path.start_ns, 11.0, 3.0))
    assert not far.any()  # all within 0.03 radians of the ground
    high, hidden = standing_pixels(
        LENS, CAMERA, path, path.start_ns, wall(path.start_ns, height=0.7)
    )
    y, z = on_plane(2.0)
    agree(high, (np.abs(y) <= 0.51) & (z >= 0.4) & (z <= 0.7))
    assert hidden[(np.abs(y) <= 0.49) & (z >= 0) & (z <= CAMERA.height)].all()


def test_a_lone_beam_hides_and_shows_nothing_for_sure():
    path = straight()
    seen = wall(path.start_ns)
    lone = Returns(seen.times, seen.edges, np.zeros(len(seen.times), bool))
    things, hidden = standing_pixels(LENS, CAMERA, path, path.start_ns, lone)
    assert not things.any()
    assert hidden.any()


def test_a_beam_near_the_ground_may_be_the_ground():
    path = straight()
    seen = wall(path.start_ns, height=0.04)
    assert not any(each.any() for each in standing_pixels(LENS, CAMERA, path, path.start_ns, seen))


def test_no_beam_shows_nothing_and_hides_nothing():
    path = straight()
    found = standing_pixels(LENS, CAMERA, path, path.start_ns, NOTHING)
    assert not any(each.any() for each in found)


def test_a_scan_from_behind_a_break_says_nothing():
    x = np.arange(0, 6, 0.1)
    poses = np.tile(np.eye(4), (60, 1, 1))
    poses[:, 0, 3] = x + np.where(x > 2, 30, 0)
    path = DrivenPath(stamps(60), poses)
    there = int(stamps(60)[25])
    assert standing_pixels(LENS, CAMERA, path, int(stamps(60)[15]), wall(there)) is None


def bumped(path, here, bump, settings=EXACT):
    """Pixels of a larger image, and the ground x and y of all and of these."""
    found = bumped_pixels(LARGE, CAMERA, path, here, [bump], FOOTPRINT, settings)
    assert found.any()
    x, y = np.moveaxis(ground(LARGE), -1, 0)
    return found, x, y


def test_what_the_robot_bumped_into_lies_before_its_footprint():
    path = straight()
    here, bump = path.start_ns + 10 * STEP_NS, path.start_ns + 30 * STEP_NS
    found, x, y = bumped(path, here, bump)
    agree(found, (x >= 2.4) & (x <= 2.55) & (np.abs(y) <= 0.3), least=0.6)


def test_the_margin_moves_it_away_and_narrows_it():
    path = straight()
    careful = DrivenSettings(reach=5.0, seconds=100.0, margin=0.05, drift=0.02)
    found, x, y = bumped(path, path.start_ns, path.start_ns + 20 * STEP_NS, careful)
    margin = 0.05 + 0.02 * 2.0
    inside = (x >= 2.4 + margin) & (x <= 2.55 + margin) & (np.abs(y) <= 0.3 - margin)
    agree(found, inside, least=0.6)


def test_a_robot_that_backs_off_bumps_with_its_tail():
    poses = np.tile(np.eye(4), (60, 1, 1))
    poses[:, 0, 3] = 3.0 - np.arange(0, 6, 0.1)
    path = DrivenPath(stamps(60), poses)
    # It backs off to x = 0, and sees from -2.9 where its tail touched: before -0.4 m.
    here, bump = path.end_ns, path.start_ns + 30 * STEP_NS
    found, x, y = bumped(path, here, bump)
    agree(found, (x >= 2.9 - 0.55) & (x <= 2.9 - 0.4) & (np.abs(y) <= 0.3), least=0.6)


def test_a_bump_of_a_robot_that_stands_or_turns_has_no_place():
    poses = np.tile(np.eye(4), (60, 1, 1))
    poses[:, 0, 3] = np.minimum(np.arange(0, 6, 0.1), 2.0)
    path = DrivenPath(stamps(60), poses)
    bump = path.start_ns + 30 * STEP_NS
    assert not bumped_pixels(LENS, CAMERA, path, path.start_ns, [bump], FOOTPRINT, EXACT).any()


def test_doubtful_times_end_the_way_there_and_no_earlier():
    x = np.arange(0, 6, 0.1)
    poses = np.tile(np.eye(4), (60, 1, 1))
    poses[:, 0, 3] = x
    begin = int(stamps(60)[0]) + 2_050_000_000
    path = DrivenPath(stamps(60), poses, [(begin, begin + 1_000_000_000)])
    assert path.breaks == 0
    assert path.at(begin)[0, 3] == pytest.approx(2.05)
    assert path.at(begin + 500_000_000) is None
    assert path.at(begin + 1_000_000_000)[0, 3] == pytest.approx(3.05)
    assert path.meters == pytest.approx(5.9 - 1.0)
    found, _ = path.near(path.start_ns, EXACT)
    assert 2.0 <= found[:, 0, 3].max() <= 2.05
