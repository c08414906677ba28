"""The way of a robot in a recording, and what is wrong with it."""

from __future__ import annotations

import numpy as np
import pytest
from odometry import odometry
from tf_messages import matrix, placed, tf_message, transform

from segnet_model.bags.messages import make_header, pose_message
from segnet_model.bags.odometry import read_way
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import BagError

BEGIN = 1_700_000_000_000_000_000
STEP = 100_000_000
POSES = [matrix((0.1 * i, 0.02 * i, 0.001 * i), (0.1, 0.2, 1), 0.03 * i) for i in range(20)]
TIMES = [BEGIN + i * STEP for i in range(20)]


@pytest.fixture
def written(tmp_path):
    """Write messages, topic, time and message each, and read the way."""

    def run(*said, topic=None, odom=None, base="base_link"):
        with BagWriter(tmp_path / "bag") as bag:
            for name, time, message in said:
                bag.write(name, message, time)
        with BagReader(tmp_path / "bag") as bag:
            return read_way(bag, topic, odom, base)

    return run


def odometries(topic="/odom", **frames):
    return [
        (topic, time, odometry(time, pose, **frames))
        for time, pose in zip(TIMES, POSES, strict=True)
    ]


def agrees(way, expected=POSES, times=TIMES):
    assert way.stamps == list(times)
    np.testing.assert_allclose(way.matrices(), expected, atol=1e-9)


def test_the_only_odometry_is_taken(written):
    way = written(*odometries())
    agrees(way)
    assert way.frames == ("odom", "base_link")


def test_stamped_poses_are_taken_by_name(written):
    said = [
        ("/pose", t, pose_message(make_header(t, "map"), p))
        for t, p in zip(TIMES, POSES, strict=True)
    ]
    agrees(written(*said, topic="/pose"))


def test_tf_gives_the_way_without_odometry(written):
    """Through two moving transforms, of two nodes that take turns, and a fixed one."""
    footprint = matrix((0, 0, 0.2), (0, 0, 1), 0.0)
    said = [("/tf_static", BEGIN, tf_message(transform("base", "base_link", BEGIN, (0, 0, 0.2))))]
    for time, pose in zip(TIMES, POSES, strict=True):
        above = pose @ np.linalg.inv(footprint)
        still = transform("odom", "slow", time)
        said.append(("/tf", time, tf_message(still)))
        said.append(("/tf", time + 1, tf_message(transform("slow", "base", time, *placed(above)))))
    agrees(written(*said))


def test_the_same_stamp_twice_counts_once(written):
    said = [each for each in odometries() for _ in range(2)]
    agrees(written(*said))


def test_two_odometries_are_not_guessed_at(written):
    with pytest.raises(BagError, match=r"several topics; name one: /a, /b"):
        written(*odometries("/a"), *odometries("/b"))


def test_two_robots_on_one_topic_are_refused(written):
    mixed = [*odometries()[:10], *odometries(child="robot2/base_link")[10:]]
    why = r"^/odom in bag \S+: it is about .* robot2/base_link in odom; record each robot alone"
    with pytest.raises(BagError, match=why):
        written(*mixed)


def test_another_frame_than_the_cameras_is_refused(written):
    with pytest.raises(BagError, match=r"about the frame base_footprint, .* --base-frame base_f"):
        written(*odometries(child="base_footprint"))


def test_a_replay_on_the_topic_is_refused(written):
    back = [("/odom", TIMES[-1] + 1, odometry(BEGIN, POSES[0]))]
    with pytest.raises(BagError, match=r"/odom in bag .*: time falls back by 1\.9 s: two robots"):
        written(*odometries(), *back)


def test_no_odometry_names_the_mend(written):
    with pytest.raises(BagError, match=r"no poses of the robot on /tf from odom to base_link; na"):
        written(("/tf", BEGIN, tf_message(transform("odom", "wheel", BEGIN))))


def test_numbers_that_are_no_pose_are_counted(written):
    broken = POSES[0].copy()
    broken[0, 3] = np.nan
    said = [("/odom", BEGIN - STEP, odometry(BEGIN - STEP, broken)), *odometries()]
    way = written(*said)
    agrees(way)
    assert len(way.rejected) == 1
    assert "is no pose" in str(way.rejected)
