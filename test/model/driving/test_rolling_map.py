"""The rolling map against worlds that are functions of points, looked up all over each cell."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.driving import GridSpec
from segnet_model.driving.map_spec import MapSpec
from segnet_model.driving.robot_pose import Odometer, RobotPose
from segnet_model.driving.rolling_map import RollingMap

FREE, OCCUPIED, UNKNOWN = 0, 100, -1
CELL = 0.1
AHEAD = GridSpec(CELL, 0.0, 8.0, -4.0, 4.0)
ALL = np.ones((AHEAD.rows, AHEAD.columns), bool)
POINTS = 5  # a side of a cell, where the truth about it is looked up


def to_map(pose, places):
    """Points (n, 2) of the robot's frame in the map's."""
    cosine, sine = math.cos(pose.yaw), math.sin(pose.yaw)
    return places @ np.array([[cosine, sine], [-sine, cosine]]) + (pose.x, pose.y)


def points_of(centers):
    """Points (POINTS**2, n, 2) all over each cell of these centers (n, 2)."""
    aside = (np.arange(POINTS) / (POINTS - 1) - 0.5) * CELL * 0.999
    return np.stack([centers + np.array([x, y]) for x in aside for y in aside])


def look(blocked, pose):
    """The grid of a camera that sees all of AHEAD; blocked (n, 2) -> (n,) is the world."""
    points = points_of(AHEAD.centers)
    taken = np.array([blocked(to_map(pose, each)) for each in points]).any(0)
    return np.where(taken, OCCUPIED, FREE).astype(np.int8).reshape(AHEAD.rows, AHEAD.columns)


def centers_of(rolling):
    number, (x, y) = rolling.spec.cells, rolling.corner
    steps = (np.arange(number) + 0.5) * CELL
    return np.stack(np.meshgrid(x + steps, y + steps), -1).reshape(-1, 2)


def truth(rolling, blocked):
    """Where a cell of the map holds something blocked."""
    points = points_of(centers_of(rolling))
    number = rolling.spec.cells
    return np.array([blocked(each) for each in points]).any(0).reshape(number, number)


def seen(rolling, pose, inset=0.0):
    """Cells of the map whose center is in AHEAD, by so much, from a pose."""
    cosine, sine = math.cos(pose.yaw), math.sin(pose.yaw)
    away = centers_of(rolling) - (pose.x, pose.y)
    x, y = away @ np.array([cosine, sine]), away @ np.array([-sine, cosine])
    inside = (x > AHEAD.x_min + inset) & (x < AHEAD.x_max - inset) & (abs(y) < 4 - inset)
    return inside.reshape(rolling.spec.cells, rolling.spec.cells)


def at(rolling, x, y, later=0.0):
    left, low = rolling.corner
    column, row = int((x - left) // CELL), int((y - low) // CELL)
    assert min(column, row) >= 0
    return rolling.cells(later)[row, column]


def empty(points):
    return np.zeros(len(points), bool)


def posts(points):
    """Posts of 0.1 m, every 1.7 m, and a wall at 5.5 m."""
    aside = (points + 0.85) % 1.7 - 0.85
    return (np.hypot(*aside.T) < 0.05) | (points[:, 0] > 5.5)


def watch(rolling, blocked, poses, begin=0.0, step=0.1):
    """Look from these poses one after the other; returns the time of the last."""
    for number, pose in enumerate(poses):
        now = begin + step * number
        rolling.add(look(blocked, pose), ALL, AHEAD, pose, now)
    return now


STANDING = [RobotPose(0.0, 0.0, 0.0)] * 8


@pytest.mark.parametrize("seed", range(4))
def test_free_cells_are_free_wherever_the_robot_stands_and_turns(seed):
    rng = np.random.default_rng(seed)
    rolling = RollingMap(MapSpec())
    start, turn, speed = rng.uniform(-3, 3, 2), rng.uniform(-3, 3), rng.uniform(-0.4, 0.4)
    poses = [
        RobotPose(start[0] + 0.05 * i * math.cos(turn), start[1] + 0.05 * i, turn + 0.1 * i * speed)
        for i in range(14)
    ]
    watch(rolling, posts, poses)
    cells, blocked = rolling.cells(), truth(rolling, posts)
    assert not ((cells == FREE) & blocked).any()
    here = seen(rolling, poses[-1], 0.2)
    assert (cells[here & blocked] == OCCUPIED).mean() > 0.5
    near = here & (np.hypot(*(centers_of(rolling) - (poses[-1].x, poses[-1].y)).T) < 6).reshape(
        here.shape
    )
    assert (cells[near & ~blocked] == FREE).mean() > 0.5
    assert (cells[~np.any([seen(rolling, pose, -0.2) for pose in poses], 0)] == UNKNOWN).all()


def test_a_thing_counts_at_once_and_free_ground_slowly():
    rolling = RollingMap(MapSpec())
    watch(rolling, posts, STANDING[:1])
    cells = rolling.cells()
    assert (cells == OCCUPIED).any()
    assert not (cells == FREE).any()
    watch(rolling, posts, STANDING, begin=0.1)
    assert (rolling.cells() == FREE).any()
    person = lambda points: np.hypot(*(points - (3, 0)).T) < 0.25  # noqa: E731
    assert at(rolling, 3.05, 0.05) == FREE
    watch(rolling, person, STANDING[:1], begin=1.0)
    assert not ((rolling.cells() == FREE) & truth(rolling, person)).any()


def test_what_moves_leaves_no_trail():
    rolling = RollingMap(MapSpec())
    watch(rolling, empty, STANDING)
    for number in range(20):
        y = -2 + 0.15 * number
        walker = lambda points, y=y: np.hypot(*(points - (3, y)).T) < 0.25  # noqa: E731
        rolling.add(look(walker, STANDING[0]), ALL, AHEAD, STANDING[0], 0.8 + 0.1 * number)
        assert not ((rolling.cells() == FREE) & truth(rolling, walker)).any()
    watch(rolling, empty, STANDING, begin=2.8)
    assert not (rolling.cells() == OCCUPIED).any()
    assert at(rolling, 3.05, 0.05) == FREE


def test_ground_is_free_for_so_many_seconds_after_it_was_seen():
    rolling = RollingMap(MapSpec(memory=4.0))
    now = watch(rolling, empty, STANDING * 3)
    away = RobotPose(0.0, 0.0, math.pi)
    assert at(rolling, 2.0, 0.0, later=3.9) == FREE
    assert at(rolling, 2.0, 0.0, later=4.1) == UNKNOWN
    # The same while other ground is looked at, a turn of the robot away.
    rolling.add(look(empty, away), ALL, AHEAD, away, now + 3.9)
    assert at(rolling, 2.0, 0.0) == FREE
    rolling.add(look(empty, away), ALL, AHEAD, away, now + 4.1)
    assert at(rolling, 2.0, 0.0) == UNKNOWN
    assert at(rolling, 2.0, 0.0, later=100.0) == UNKNOWN


def test_ground_in_view_that_can_no_longer_be_told_is_soon_unknown():
    """An odd thing there may make the network unsure, or hide it."""
    rolling = RollingMap(MapSpec(memory=600.0))
    now = watch(rolling, empty, STANDING)
    unsure = look(empty, STANDING[0])
    unsure[AHEAD.rows // 2 - 5 : AHEAD.rows // 2 + 5] = UNKNOWN
    for number in range(3):
        rolling.add(unsure, ALL, AHEAD, STANDING[0], now + 0.1 * (number + 1))
    assert at(rolling, 3.05, 0.05) == UNKNOWN
    assert at(rolling, 3.05, 2.05) == FREE
    # Out of view, nothing speaks against it.
    rolling = RollingMap(MapSpec(memory=600.0))
    watch(rolling, empty, STANDING)
    for number in range(3):
        rolling.add(unsure, unsure != UNKNOWN, AHEAD, STANDING[0], now + 0.1 * (number + 1))
    assert at(rolling, 3.05, 0.05) == FREE


def test_ground_out_of_view_is_forgotten_where_a_thing_that_moved_may_have_gone():
    rolling = RollingMap(MapSpec(memory=600.0))
    watch(rolling, empty, STANDING)
    car = lambda points: (abs(points) < (1.0, 0.8)).all(1)  # noqa: E731
    rolling.add(look(car, STANDING[0]), ALL, AHEAD, STANDING[0], 0.8)
    assert at(rolling, 2.05, 0.05) == FREE  # in view
    nothing = np.full((AHEAD.rows, AHEAD.columns), UNKNOWN, np.int8)
    rolling.add(nothing, ALL & False, AHEAD, STANDING[0], 1.0)
    assert at(rolling, 2.05, 0.05) == UNKNOWN
    assert at(rolling, 5.05, 0.05) == FREE  # 4 m away after 0.2 s
    rolling.add(nothing, ALL & False, AHEAD, STANDING[0], 1.8)
    assert not (rolling.cells() == FREE).any()


def test_cameras_share_a_map_and_a_late_one_moves_nothing_back():
    rolling = RollingMap(MapSpec())
    left = GridSpec(CELL, -4.0, 4.0, 0.0, 8.0)
    beside = np.full((left.rows, left.columns), FREE, np.int8)
    for number in range(8):
        now = 0.1 * number
        pose = RobotPose(1.0 * now, 0.0, 0.0)
        rolling.add(look(empty, pose), ALL, AHEAD, pose, now)
        corner = rolling.corner
        late = RobotPose(1.0 * (now - 0.05), 0.0, 0.0)
        rolling.add(beside, ALL.T | True, left, late, now - 0.05)
        assert rolling.corner == corner
    assert at(rolling, 5.05, 0.05) == FREE
    assert at(rolling, 0.05, 6.05) == FREE
    assert at(rolling, -2.05, -2.05) == UNKNOWN


def test_a_late_image_frees_nothing_where_a_newer_one_saw_a_thing():
    """A person has just stepped there; the other camera's image is from before."""
    rolling = RollingMap(MapSpec())
    now = watch(rolling, empty, STANDING)
    there = lambda points: np.hypot(*(points - (3.0, 0.0)).T) < 0.3  # noqa: E731
    pose = STANDING[0]
    rolling.add(look(there, pose), ALL, AHEAD, pose, now + 0.1)
    for _ in range(8):
        rolling.add(look(empty, pose), ALL, AHEAD, pose, now + 0.05)
    assert at(rolling, 3.05, 0.05) == OCCUPIED
    assert at(rolling, 3.05, 2.05) == FREE  # where no image saw a thing, a late one counts
    now = watch(rolling, empty, STANDING, begin=now + 0.2)
    assert at(rolling, 3.05, 0.05) == FREE


def test_a_late_image_gives_ground_no_longer_memory_than_its_own_time():
    """Of two cameras, the one whose image comes late saw the ground before the other one."""
    rolling = RollingMap(MapSpec(memory=2.0))
    now = watch(rolling, empty, STANDING)
    nothing = np.full((AHEAD.rows, AHEAD.columns), UNKNOWN, np.int8)
    rolling.add(nothing, ALL & False, AHEAD, STANDING[0], now + 0.9)
    rolling.add(look(empty, STANDING[0]), ALL, AHEAD, STANDING[0], now)
    rolling.add(nothing, ALL & False, AHEAD, STANDING[0], now + 1.9)
    assert at(rolling, 3.05, 0.05) == FREE
    rolling.add(nothing, ALL & False, AHEAD, STANDING[0], now + 2.1)
    assert at(rolling, 3.05, 0.05) == UNKNOWN


def test_ground_that_only_a_late_image_has_seen_is_of_its_time():
    """As at the start, and where the window has just come to."""
    rolling = RollingMap(MapSpec(memory=2.0))
    nothing = np.full((AHEAD.rows, AHEAD.columns), UNKNOWN, np.int8)
    for number in range(6):
        rolling.add(nothing, ALL & False, AHEAD, STANDING[0], 0.9 + number / 100)
        rolling.add(look(empty, STANDING[0]), ALL, AHEAD, STANDING[0], number / 100)
    rolling.add(nothing, ALL & False, AHEAD, STANDING[0], 1.9)
    assert at(rolling, 3.05, 0.05) == FREE
    rolling.add(nothing, ALL & False, AHEAD, STANDING[0], 2.2)
    assert at(rolling, 3.05, 0.05) == UNKNOWN


def test_costs_come_through_and_a_higher_one_counts_at_once():
    rolling = RollingMap(MapSpec())
    lawn = np.full((AHEAD.rows, AHEAD.columns), 40, np.int8)
    for number in range(8):
        rolling.add(lawn, ALL, AHEAD, STANDING[0], 0.1 * number)
    assert at(rolling, 3.05, 0.05) == 40
    rolling.add(np.full_like(lawn, 90), ALL, AHEAD, STANDING[0], 0.8)
    assert at(rolling, 3.05, 0.05) == 90
    for number in range(30):
        rolling.add(np.full_like(lawn, FREE), ALL, AHEAD, STANDING[0], 0.9 + 0.1 * number)
        assert number > 1 or at(rolling, 3.05, 0.05) > 40
    assert at(rolling, 3.05, 0.05) == FREE


def test_ground_near_other_ground_is_unknown_after_a_way_on_which_odometry_drifts():
    rolling = RollingMap(MapSpec(drift=0.1, memory=600.0))
    edge = lambda points: abs(points[:, 1]) > 1.5  # noqa: E731
    watch(rolling, edge, [RobotPose(0.0, 0.0, 0.0)] * 8)
    assert at(rolling, 2.05, 1.25) == FREE
    # Seen until the robot is beside it; 4 m later odometry is off by 0.4 m.
    watch(rolling, edge, [RobotPose(0.5 * i, 0.0, 0.0) for i in range(13)], begin=0.8)
    assert at(rolling, 2.05, 1.25) == UNKNOWN
    assert at(rolling, 2.05, 0.95) == FREE
    assert at(rolling, 8.05, 1.25) == FREE  # seen just now


def test_the_window_follows_and_forgets_what_leaves_it():
    rolling = RollingMap(MapSpec(size=6.0, memory=600.0))
    watch(rolling, posts, STANDING)
    there = [RobotPose(0.3 * i, 0.0, 0.0) for i in range(31)]
    watch(rolling, empty, there, begin=0.8)
    assert rolling.corner == pytest.approx((6.0, -3.0))
    nothing = np.full((AHEAD.rows, AHEAD.columns), UNKNOWN, np.int8)
    for number, pose in enumerate(reversed(there)):
        rolling.add(nothing, ALL & False, AHEAD, pose, 3.9 + 0.1 * number)
    assert at(rolling, 2.0, 0.05) == UNKNOWN


@pytest.mark.parametrize(
    ("pose", "seconds"),
    [
        (RobotPose(0.5, 0.0, 0.0), 0.1),  # half a meter, standing
        (RobotPose(0.0, 0.0, 0.4), 0.1),  # or as much of a turn
        (RobotPose(0.0, 0.0, 0.0), -1.5),  # a recording begins again
    ],
)
def test_a_jump_forgets_all(pose, seconds):
    rolling = RollingMap(MapSpec(memory=600.0))
    now = watch(rolling, empty, STANDING)
    rolling.add(look(empty, pose), ALL, AHEAD, pose, now + seconds)
    assert not (rolling.cells() == FREE).any()
    watch(rolling, empty, [pose] * 8, begin=now + seconds)
    assert (rolling.cells() == FREE).any()


@pytest.mark.parametrize("speed", [1.0, 15.0])
def test_driving_and_turning_are_no_jumps(speed):
    odometer = Odometer()
    for number in range(100):
        now, turn = number / 10, math.sin(number / 10)
        pose = RobotPose(speed * now, 0.0, 1.5 * turn)
        step = odometer.move(pose, now)
        assert step is not None
        late = odometer.move(RobotPose(speed * (now - 0.2), 0.0, 1.5 * turn), now - 0.2)
        assert late == (0.0, 0.0) or number < 2


@pytest.mark.parametrize(
    "pose",
    [(math.nan, 0.0, 0.0), (0.0, math.nan, 0.0), (0.0, 1e9, 0.0), (0.0, 0.0, math.inf)],
)
def test_a_pose_of_no_place_is_refused(pose):
    with pytest.raises(SettingsError, match="check what publishes it"):
        RobotPose(*pose)


def test_a_map_of_too_many_cells_is_refused():
    with pytest.raises(SettingsError, match="2000 x 2000 cells, more than 250000"):
        MapSpec(resolution=0.01)


def test_a_frame_costs_less_than_three_milliseconds():
    rolling = RollingMap(MapSpec())
    grid = look(posts, STANDING[0])
    begin = time.process_time()
    for number in range(100):
        rolling.add(grid, ALL, AHEAD, RobotPose(0.01 * number, 0.0, 0.01 * number), 0.1 * number)
        rolling.cells()
    assert (time.process_time() - begin) / 100 < 0.006  # twice, for slow machines
