"""tf without ROS, against products of OpenCV's rotation matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tf_messages import matrix, quaternion, raw_tf, transform

from segnet_model.bags.images import RawMessage
from segnet_model.bags.transforms import TF_STATIC, Transforms
from segnet_model.base.errors import SettingsError
from segnet_model.driving import CameraPose

SECOND = 10**9


def pose(found):
    """(4, 4) of a transform; CameraPose wants it above the ground."""
    lifted = CameraPose.from_transform(found.translation + np.array([0, 0, 50]), found.rotation)
    return lifted.matrix - np.outer((0, 0, 50, 0), (0, 0, 0, 1))


def random_pose(rng):
    return rng.uniform(-2, 2, 3), rng.normal(size=3), rng.uniform(-3, 3)


def add(transforms, parent, child, stamp, placed=((0, 0, 0), (0, 0, 1), 0.0), topic="/tf"):
    translation, axis, angle = placed
    said = transform(parent, child, stamp, translation, quaternion(axis, angle))
    transforms.read([raw_tf(said, topic=topic)])


@pytest.mark.parametrize("seed", range(20))
def test_the_way_goes_up_and_down_a_tree(seed):
    """Two branches of random lengths under one root; the pose of one tip in the other."""
    rng = np.random.default_rng(seed)
    found, tips = Transforms(), {}
    for branch in "ab":
        parent, whole = "root", np.eye(4)
        for number in range(rng.integers(0, 5)):
            placed, child = random_pose(rng), f"{branch}{number}"
            add(found, parent, child, 7, placed, topic="/tf_static" if number % 2 else "/tf")
            parent, whole = child, whole @ matrix(*placed)
        tips[branch] = parent, whole
    (a, to_a), (b, to_b) = tips["a"], tips["b"]
    np.testing.assert_allclose(pose(found.find(a, b, 7)), np.linalg.inv(to_a) @ to_b, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9, 1.0])
@pytest.mark.parametrize("negated", [False, True])
def test_between_two_samples_a_frame_turns_evenly_and_the_short_way(share, negated):
    found, axis = Transforms(), (1, -2, 0.5)
    add(found, "base", "camera", 2 * SECOND, ((1, 0, 0), axis, 0.4))
    turned = np.array(quaternion(axis, 1.2)) * (-1 if negated else 1)  # the same rotation
    found.read([raw_tf(transform("base", "camera", 4 * SECOND, (3, 1, 0), turned))])
    at = round((2 + 2 * share) * SECOND)
    expected = matrix((1 + 2 * share, share, 0), axis, 0.4 + 0.8 * share)
    np.testing.assert_allclose(pose(found.find("base", "camera", at)), expected, atol=1e-9)


def test_a_time_without_samples_takes_the_newest_if_that_is_near():
    found = Transforms()
    add(found, "base", "camera", 3 * SECOND, ((1, 0, 0), (0, 0, 1), 0.0))
    add(found, "base", "camera", 5 * SECOND, ((2, 0, 0), (0, 0, 1), 0.0))
    assert found.exact("base", "camera", 5 * SECOND + 1) is None
    assert found.find("base", "camera", 5 * SECOND + SECOND // 2).translation[0] == 2
    for far in (5.6, 2.9):  # newer, and from before the first
        with pytest.raises(SettingsError, match=r"within 0\.5 s of the image's stamp"):
            found.find("base", "camera", round(far * SECOND))


def test_a_fixed_frame_has_its_newest_pose_at_all_times():
    found = Transforms()
    for x in (1, 2):
        add(found, "base", "camera", x, ((x, 0, 0), (0, 0, 1), 0.0), topic=TF_STATIC)
    assert found.find("base", "camera", 10**18).translation[0] == 2
    assert found.find("/base", "/camera", 0).translation[0] == 2  # slashes of ROS 1
    assert found.is_connected("/base", "/camera")


def test_what_moves_above_both_frames_does_not_matter():
    """As tf2 does not ask for odometry to know where a camera is on the robot."""
    found = Transforms()
    add(found, "odom", "base", 1 * SECOND, ((9, 9, 9), (0, 0, 1), 1.0))
    add(found, "base", "camera", 0, ((0.5, 0, 1), (0, 0, 1), 0.0), topic=TF_STATIC)
    np.testing.assert_allclose(found.find("base", "camera", 99 * SECOND).translation, (0.5, 0, 1))


def test_frames_that_are_not_connected_are_named():
    found = Transforms()
    add(found, "mast", "camera", 0)
    add(found, "map", "base", 0)
    with pytest.raises(SettingsError, match=r"no way from camera to base; it is below mast$"):
        found.find("base", "camera", 0)
    with pytest.raises(SettingsError, match=r"no way from lidar to base$"):
        found.find("base", "lidar", 0)
    with pytest.raises(SettingsError, match="have no frame_id"):
        found.find("base", "", 0)


def test_a_loop_ends():
    found = Transforms()
    for parent, child in (("a", "b"), ("b", "c"), ("c", "a")):
        add(found, parent, child, 0)
    with pytest.raises(SettingsError, match="no way from c to base"):
        found.find("base", "c", 0)


@pytest.mark.parametrize("begin", [3, 98])  # far, and a short recording: longer than a second ago
def test_a_recording_that_is_played_again_starts_anew(begin):
    found = Transforms()
    for time in (100, 101, begin):
        add(found, "base", "camera", time * SECOND, ((time, 0, 0), (0, 0, 1), 0.0))
    assert found.find("base", "camera", begin * SECOND).translation[0] == begin
    with pytest.raises(SettingsError):
        found.find("base", "camera", 100 * SECOND)


def test_old_samples_are_forgotten():
    found = Transforms()
    for time in range(1000):
        add(found, "base", "camera", time * SECOND)
    assert len(found._frames["camera"].stamps) == 11  # of ten seconds


def test_floods_of_frames_and_samples_are_bounded(caplog):
    found = Transforms()
    found.read([raw_tf(*[transform("base", "camera", each) for each in range(5000)])])
    assert len(found._frames["camera"].stamps) == 2000
    assert found.exact("base", "camera", 4999) is not None
    found.read([raw_tf(*[transform("base", f"f{each}", 0) for each in range(3000)])])
    assert len(found._frames) == 1000
    assert [each.message.count("more than 1000 frames") for each in caplog.records] == [1]


def test_samples_that_come_late_are_put_in_their_place():
    found = Transforms()
    for time in (0.5, 1.5, 1.0):
        add(found, "base", "camera", round(time * SECOND), ((time**2, 0, 0), (0, 0, 1), 0.0))
    assert found.find("base", "camera", 5 * SECOND // 4).translation[0] == pytest.approx(1.625)


def long_ago(said):
    """From before 1970, as of a clock that was not set."""
    return replace(said, header=replace(said.header, stamp=replace(said.header.stamp, sec=-1)))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (transform("base", "camera", 0, rotation=(0, 0, 0, 0)), "no quaternion of length 1"),
        (transform("base", "camera", 0, (float("nan"), 0, 0)), "not finite"),
        (transform("base", "base", 0), "has the parent 'base'"),
        (transform("", "camera", 0), "has the parent ''"),
        (long_ago(transform("base", "camera", 0)), "negative"),
    ],
)
def test_what_tf2_ignores_is_ignored_and_named(said, why, caplog):
    found = Transforms()
    found.read([raw_tf(said), raw_tf(said)])
    assert not found
    assert len(found.ignored) == 2
    assert [why in each.message for each in caplog.records] == [True]


def test_damaged_messages_and_other_topics_are_passed_over(caplog):
    found, good = Transforms(), raw_tf(transform("base", "camera", 0))
    found.read([
        RawMessage("/tf", good.type, 0, good.data[:20]),
        RawMessage("/elsewhere", good.type, 0, good.data),
        RawMessage("/tf", "std_msgs/msg/String", 0, good.data),
    ])  # fmt: skip
    assert not found
    assert len(caplog.records) == 1
