"""Poses of the robot at times between messages of odometry."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time as Stamp
from nav_msgs.msg import Odometry

from segnet_model.base.errors import SettingsError
from segnet_ros.segmentation.odometry import OdometryPoses

pytestmark = pytest.mark.ros


class Node:
    """Hands messages to the subscription of a test."""

    _parameter_overrides = ()

    def has_parameter(self, name):
        return False

    def resolve_topic_name(self, topic):
        return f"/{topic}"

    def create_subscription(self, kind, topic, call, qos, qos_overriding_options):
        assert kind is Odometry
        self.call = call

    def destroy_subscription(self, subscription):
        self.call = None

    def says(self, nanoseconds, x=0.0, y=0.0, yaw=0.0, frame="odom", base="base_link"):
        message = Odometry(child_frame_id=base)
        message.header.frame_id, message.header.stamp = frame, stamp(nanoseconds)
        message.pose.pose.position.x, message.pose.pose.position.y = x, y
        turn = message.pose.pose.orientation
        turn.z, turn.w = math.sin(yaw / 2), math.cos(yaw / 2)
        self.call(message)


def stamp(nanoseconds):
    return Stamp(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


SECOND = 10**9


@pytest.fixture
def node():
    return Node()


@pytest.fixture
def poses(node):
    return OdometryPoses(node, "odom")


def ask(poses, nanoseconds):
    found = poses.robot("odom", "base_link", stamp(nanoseconds))
    return found.x, found.y, found.yaw


def test_the_pose_is_between_those_before_and_after(node, poses):
    node.says(5 * SECOND, 1.0, 2.0, 3.0)
    node.says(5 * SECOND + 400_000_000, 2.0, 0.0, -3.0)
    node.says(5 * SECOND + 800_000_000, 2.0, 0.0, -3.0)
    # The short way from 3 to -3 radians leads over half a turn.
    turn = 3 + 0.25 * (2 * math.pi - 6)
    assert ask(poses, 5 * SECOND + 100_000_000) == pytest.approx((1.25, 1.5, turn))
    assert ask(poses, 5 * SECOND) == pytest.approx((1.0, 2.0, 3.0))
    assert ask(poses, 5 * SECOND + 600_000_000) == pytest.approx((2.0, 0.0, -3.0))


def test_without_a_message_or_a_close_one_there_is_no_pose(node, poses):
    with pytest.raises(SettingsError, match="no odometry came on /odom"):
        ask(poses, SECOND)
    node.says(5 * SECOND)
    with pytest.raises(SettingsError, match="2.00 s after the newest"):
        ask(poses, 7 * SECOND)
    with pytest.raises(SettingsError, match="1.00 s before the newest"):
        ask(poses, 4 * SECOND)
    node.says(7 * SECOND)
    with pytest.raises(SettingsError, match="check its rate"):  # two seconds without a message
        ask(poses, 6 * SECOND)


@pytest.mark.parametrize(
    ("frames", "mend"),
    [
        ({"frame": "world"}, "'world', not 'odom'; set map_frame to it"),
        ({"base": "base_footprint"}, "'base_footprint', not 'base_link'; set base_frame to it"),
    ],
)
def test_poses_of_other_frames_are_refused(node, poses, frames, mend):
    for second in (1, 2):
        node.says(second * SECOND, **frames)
    with pytest.raises(SettingsError, match=mend):
        ask(poses, SECOND)


@pytest.mark.parametrize("bad", [{"x": math.nan}, {"y": math.inf}, {"x": 1e9}, {"yaw": math.nan}])
def test_a_pose_of_no_place_is_said_and_ends_nothing(node, poses, bad):
    node.says(SECOND)
    node.says(SECOND + 10**8, **bad)
    with pytest.raises(SettingsError, match="/odom: the robot's .*; check what publishes it"):
        ask(poses, SECOND)
    node.says(SECOND + 2 * 10**8)
    assert ask(poses, SECOND) == (0.0, 0.0, 0.0)


def test_a_negative_stamp_is_said_and_ends_nothing(node, poses):
    node.says(SECOND)
    node.says(-5 * SECOND)
    with pytest.raises(SettingsError, match="/odom: its stamps are negative; check the clock"):
        ask(poses, SECOND)
    node.says(SECOND + 10**8)
    assert ask(poses, SECOND) == (0.0, 0.0, 0.0)


def test_messages_without_frames_are_taken(node, poses):
    node.says(SECOND, 4.0, frame="", base="")
    node.says(SECOND + 10**8, 4.0, frame="", base="")
    assert ask(poses, SECOND)[0] == 4.0


def test_when_a_recording_begins_again_the_old_poses_are_gone(node, poses):
    for tenth in range(50):
        node.says(9 * SECOND + tenth * 10**8, 1.0)
    for tenth in range(3):
        node.says(9 * SECOND + tenth * 10**8, 7.0)
    assert ask(poses, 9 * SECOND + 10**8)[0] == 7.0
    with pytest.raises(SettingsError):
        ask(poses, 12 * SECOND)


def test_a_recording_may_begin_again_while_another_thread_asks(node, poses, monkeypatch):
    node.says(SECOND, 3.0)
    node.says(SECOND + 10**8, 3.0)
    check = poses._check

    def begins_again(*frames):
        check(*frames)
        poses._poses.clear()

    monkeypatch.setattr(poses, "_check", begins_again)
    assert ask(poses, SECOND)[0] == 3.0
    with pytest.raises(SettingsError, match="no odometry came"):
        ask(poses, SECOND)


def test_old_poses_are_forgotten(node, poses):
    for tenth in range(300):
        node.says(SECOND + tenth * 10**8)
    with pytest.raises(SettingsError):
        ask(poses, 5 * SECOND)
    assert ask(poses, 25 * SECOND)


def test_the_subscription_ends(node, poses):
    poses.close()
    assert node.call is None
