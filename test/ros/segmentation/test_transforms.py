"""Transforms from a stand-in for tf2."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")
import tf2_stand_in
from builtin_interfaces.msg import Time as Stamp
from geometry_msgs.msg import TransformStamped

from segnet_model.base.errors import SettingsError
from segnet_ros.segmentation import transforms
from segnet_ros.segmentation.transforms import Transforms

pytestmark = pytest.mark.ros


class NoTransformError(Exception):
    pass


class Buffer:
    """Knows one transform, that of a second, or of every time where it is a static one."""

    second = None

    def lookup_transform(self, target, source, time):
        if (target, source) != ("base_link", "camera"):
            raise NoTransformError(f"{source} does not exist")
        asked = time.nanoseconds // 10**9
        if self.second is not None and asked not in (0, self.second):
            raise NoTransformError("extrapolation into the future")
        found = TransformStamped()
        found.header.stamp.sec = asked if self.second is None else self.second
        # From an optical frame that looks forward: z to x, x to -y, y to -z.
        found.transform.translation.z = 1.5
        turn = found.transform.rotation
        turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
        return found


class Listener:
    open = 0

    def __init__(self, buffer, node):
        Listener.open += 1

    def unregister(self):
        Listener.open -= 1


@pytest.fixture
def tf(monkeypatch):
    fake = SimpleNamespace(
        Buffer=Buffer, TransformListener=Listener, TransformException=NoTransformError
    )
    monkeypatch.setattr(transforms, "tf2_ros", fake)
    monkeypatch.setattr(Buffer, "second", None)
    found = Transforms(node=None)
    yield found
    found.close()
    assert Listener.open == 0


def test_the_pose_is_that_of_the_optical_frame(tf):
    assert Listener.open == 0  # tf is busy; no subscription before it is needed
    pose = tf.pose("base_link", "camera", Stamp(sec=7))
    assert Listener.open == 1
    expected = [[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.5], [0, 0, 0, 1]]
    np.testing.assert_allclose(pose.matrix, expected, atol=1e-12)


def test_a_slightly_old_transform_is_used(tf, monkeypatch):
    monkeypatch.setattr(Buffer, "second", 7)
    assert tf.pose("base_link", "camera", Stamp(sec=7, nanosec=400_000_000)).height == 1.5


@pytest.mark.parametrize("second", [3, 20])
def test_a_transform_of_another_time_is_refused(tf, monkeypatch, second):
    monkeypatch.setattr(Buffer, "second", second)
    with pytest.raises(SettingsError, match="s from the image's stamp; check that its publisher"):
        tf.pose("base_link", "camera", Stamp(sec=7))


def test_an_unknown_frame_is_refused(tf):
    with pytest.raises(
        SettingsError, match="tf has no transform from lost to base_link: lost does not exist"
    ):
        tf.pose("base_link", "lost", Stamp(sec=7))
    with pytest.raises(SettingsError, match="the images have no frame_id"):
        tf.pose("base_link", "", Stamp(sec=7))


@pytest.fixture
def replayed(monkeypatch):
    """Transforms of a buffer that keeps ten seconds, and what a listener would give it."""
    monkeypatch.setattr(transforms, "tf2_ros", tf2_stand_in)
    found = Transforms(node=None)
    with pytest.raises(SettingsError, match='base_link: "camera" does not exist; publish it'):
        found.pose("base_link", "camera", Stamp(sec=1))
    yield found, found._listener._buffer
    found.close()


def moving(child, seconds, height):
    return tf2_stand_in.transform(
        "base_link", child, seconds, (0, 0, height), (-0.5, 0.5, -0.5, 0.5)
    )


def test_a_recording_that_is_played_again_is_followed(replayed):
    found, inbox = replayed
    inbox.set_transform_static(moving("fixed", 0, 3.0), "player")
    for height in (1.0, 2.0):
        for seconds in range(30):
            inbox.set_transform(moving("camera", seconds, height), "player")
            assert found.pose("base_link", "camera", Stamp(sec=seconds)).height == height
    assert found.pose("base_link", "fixed", Stamp(sec=5)).height == 3.0


def test_transforms_out_of_order_and_of_other_clocks_empty_nothing(replayed):
    found, inbox = replayed
    inbox.set_transform(moving("camera", 5, 1.0), "player")
    inbox.set_transform(moving("camera", 6, 1.0), "player")
    inbox.set_transform(moving("camera", 5.5, 1.5), "player")
    inbox.set_transform(moving("arm", 2, 1.0), "another machine")
    for seconds, height in ((5, 1.0), (6, 1.0)):
        assert found.pose("base_link", "camera", Stamp(sec=seconds)).height == height
    assert found.pose("base_link", "camera", Stamp(sec=5, nanosec=500_000_000)).height == 1.5


def test_a_negative_stamp_ends_nothing(replayed):
    found, inbox = replayed
    for seconds in (5, -3, 6):
        each = moving("camera", 0, 1.0)
        each.header.stamp.sec = seconds
        inbox.set_transform(each, "player")
    assert found.pose("base_link", "camera", Stamp(sec=6)).height == 1.0
    with pytest.raises(SettingsError, match="the images have a negative stamp; set it in the"):
        found.pose("base_link", "camera", Stamp(sec=-3))


def test_a_stamp_from_the_future_does_no_harm_for_long(replayed):
    found, inbox = replayed
    for seconds in (5, 4_000_000, 6, 7):
        inbox.set_transform(moving("camera", seconds, 1.0), "player")
    assert found.pose("base_link", "camera", Stamp(sec=7)).height == 1.0


def test_without_tf2_the_error_names_the_parameters(monkeypatch):
    monkeypatch.setattr(transforms, "tf2_ros", None)
    with pytest.raises(SettingsError, match="camera_height, camera_pitch and so on"):
        Transforms(node=None).pose("base_link", "camera", Stamp())


def test_the_robot_is_where_tf_says_at_that_time_and_at_no_other(tf, monkeypatch):
    monkeypatch.setattr(Buffer, "second", 7)
    found = tf.robot("base_link", "camera", Stamp(sec=7))
    assert (found.x, found.y) == (0.0, 0.0)
    # The optical frame's x is to the right, as seen from above.
    assert found.yaw == pytest.approx(-np.pi / 2)
    with pytest.raises(SettingsError, match="no transform from camera to base_link at the image"):
        tf.robot("base_link", "camera", Stamp(sec=8))


def test_without_tf2_odometry_is_the_mend(monkeypatch):
    monkeypatch.setattr(transforms, "tf2_ros", None)
    with pytest.raises(SettingsError, match="tf2_ros is not installed.*set odometry to a topic"):
        Transforms(node=None).robot("odom", "base_link", Stamp(sec=7))
