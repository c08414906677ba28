"""Stamps of zero, from the future and out of order, and a clock that is simulated and jumps."""

from __future__ import annotations

import math
from array import array
from contextlib import suppress

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from segnet_ros.segmentation.messages import SegmentationStats

pytestmark = pytest.mark.ros

needs_messages = pytest.mark.skipif(SegmentationStats is None, reason="segnet_ros.msg is not built")


def image(seconds, nanoseconds=0):
    message = Image(height=32, width=48, encoding="mono8", step=48)
    message.data = array("B", bytes(32 * 48))
    message.header.stamp = Time(sec=seconds, nanosec=nanoseconds)
    return message


@pytest.fixture(scope="module")
def node(start_node, weights):
    node = start_node(
        weights=weights, use_sim_time=True, diagnostics_period=0.1, reliability="reliable"
    )
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def masks(client, camera):
    inbox = client.listen("/segmentation/mask", Image)
    client.exchange(camera, image(1), inbox)
    return inbox


@pytest.fixture(scope="module")
def clock(client, node):
    publisher = client.publisher("/clock", Clock)
    return lambda seconds: publisher.publish(Clock(clock=Time(sec=seconds)))


@pytest.fixture
def health(client, node):
    yield client.listen("/diagnostics", DiagnosticArray)
    client.forget("/diagnostics")


STAMPS = [(0, 0), (5, 0), (5, 0), (3, 7), (2**31 - 1, 999_999_999), (-5, 3), (4, 0)]


def test_whatever_the_stamp_says_there_is_an_answer_that_says_the_same(camera, masks):
    for seconds, nanoseconds in STAMPS:
        sent = image(seconds, nanoseconds)
        camera.publish(sent)
        got = masks.next(lambda mask, sent=sent: mask.header == sent.header)
        assert got.width == 48


def test_a_recording_that_begins_again_is_answered_again(camera, masks, clock):
    for _ in range(2):
        for seconds in range(100, 105):
            clock(seconds)
            camera.publish(image(seconds))
            assert masks.next(lambda m, seconds=seconds: m.header.stamp.sec == seconds)


def hear(clock, health, now):
    """Send the clock until the node has heard it: the stamps of its diagnostics are of it."""
    for _ in range(40):
        clock(now)
        with suppress(AssertionError):
            return health.next(lambda m: m.header.stamp.sec == now, timeout=0.5)
    raise AssertionError(f"the node did not hear that it is {now} s")


@needs_messages
def test_the_latency_is_that_of_the_simulated_clock(client, camera, masks, clock, health):
    stats = client.listen("/segmentation/stats", SegmentationStats)
    client.exchange(camera, image(1), stats)
    for now, stamp, expected_ms in ((200, 197, 3000), (150, 150, 0), (150, 0, math.nan)):
        hear(clock, health, now)
        camera.publish(image(stamp))
        got = stats.next(lambda m, stamp=stamp: m.header.stamp.sec == stamp)
        assert got.latency_ms == pytest.approx(expected_ms, nan_ok=True)
    client.forget("/segmentation/stats")


def warned(client, camera, clock, health, now, stamp, text):
    """Send images until the node warns."""
    for number in range(50):
        clock(now)
        camera.publish(image(stamp, number))
        try:
            return health.next(lambda m: text in m.status[0].message, timeout=0.3)
        except AssertionError:
            continue
    raise AssertionError(f"{text!r} was not said")


def test_clocks_that_do_not_agree_are_named(client, camera, masks, clock, health):
    late = warned(client, camera, clock, health, 500, 490, "answers come 10.0 s after")
    assert late.status[0].level == DiagnosticStatus.WARN
    warned(client, camera, clock, health, 500, 503, "images are stamped 3.0 s in the future")


def test_diagnostics_come_although_the_simulated_clock_stands_still(clock, health):
    hear(clock, health, 600)
    assert [health.next().header.stamp.sec for _ in range(5)] == [600] * 5
