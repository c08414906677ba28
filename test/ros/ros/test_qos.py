"""Publishers whose QoS or type does not fit, among real ones."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("rclpy")
import rclpy
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from segnet_ros.ros.qos import mismatch, overrides, profile

pytestmark = pytest.mark.ros

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    parameters = [
        Parameter("qos_overrides./camera.subscription.reliability", value="reliable"),
        Parameter("qos_overrides./camera.subscription.depth", value=7),
    ]
    node = rclpy.create_node("test", context=context, parameter_overrides=parameters)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def mismatch_of(node, count, requested):
    """The mismatch, once so many publishers are known."""
    until = time.monotonic() + 10
    while len(node.get_publishers_info_by_topic("/camera")) < count:
        assert time.monotonic() < until
        time.sleep(0.01)
    return mismatch(node, "/camera", Image, requested)


def test_compatible_publishers_are_not_named(node):
    assert mismatch(node, "/camera", Image, profile("best_effort", 1)) == ""
    for reliability in ("best_effort", "reliable"):
        node.create_publisher(Image, "/camera", profile(reliability, 1))
    assert mismatch_of(node, 2, profile("best_effort", 1)) == ""


def test_a_best_effort_publisher_is_named(node):
    node.create_publisher(Image, "/camera", profile("best_effort", 1))
    assert mismatch_of(node, 1, profile("reliable", 1)) == (
        "/test on /camera has another QoS: it is best effort, and reliable is requested; set "
        "reliability to best_effort"
    )


def test_a_publisher_of_another_type_is_named(node):
    node.create_publisher(CompressedImage, "/camera", 1)
    assert mismatch_of(node, 1, profile("best_effort", 1)) == (
        "/test publishes sensor_msgs/msg/CompressedImage on /camera, not sensor_msgs/msg/Image; "
        "set transport, or remap the topic"
    )


def test_a_volatile_publisher_is_named(node):
    node.create_publisher(Image, "/camera", 1)
    assert "it is volatile" in mismatch_of(node, 1, LATCHED)


def subscribe(node, topic, requested):
    changes = overrides(node, topic, "subscription")
    made = node.create_subscription(Image, topic, print, requested, qos_overriding_options=changes)
    return made.qos_profile


def test_ros_own_overrides_change_a_profile(node):
    requested = profile("best_effort", 1)
    for _ in range(2):  # the second as after a cleanup
        made = subscribe(node, "camera", requested)
        assert (made.reliability, made.depth) == (ReliabilityPolicy.RELIABLE, 7)
    assert requested.reliability == ReliabilityPolicy.RELIABLE  # for `mismatch`


def test_without_overrides_each_profile_is_as_requested(node):
    for reliability in ("best_effort", "reliable"):
        made = subscribe(node, "other", profile(reliability, 1))
        assert made.reliability == ReliabilityPolicy[reliability.upper()]
    assert node.has_parameter("qos_overrides./other.subscription.reliability")  # to be found
