"""Warnings about a camera, and its times."""

import pytest

pytest.importorskip("rclpy")

from segnet_model.inference.answer import Summary
from segnet_ros.segmentation.health import MIN_DURATION, HealthMonitor

USUAL = Summary("Road", 0.6, 0.1)
SKY = Summary("Sky", 0.999, 0.1)
FOG = Summary("Road", 0.6, 0.9)


def warnings(*seen):
    """Of a camera that showed (time, summary)."""
    health = HealthMonitor(0.0)
    for time, summary in seen:
        health.answered(summary, time)
    return health.health(seen[-1][0]).warnings


def test_usual_images_and_short_faults_give_no_warning():
    assert warnings((0, USUAL), (60, USUAL)) == ()
    assert warnings((0, SKY), (MIN_DURATION, SKY)) == ()
    assert warnings((0, SKY), (4, USUAL), (5, SKY), (9, SKY)) == ()
    assert warnings((0, SKY), (9, Summary("Tree", 1.0, 0.1))) == ()  # the camera moves
    assert warnings((0, Summary("Road", 0.6, 0.4)), (60, Summary("Road", 0.6, 0.4))) == ()


def test_a_uniform_image_for_long_gives_a_warning():
    (warning,) = warnings((1, SKY), (5, SKY), (8, SKY))
    assert warning.startswith("the whole image has been Sky for 7 s; check that the lens")


def test_an_unsure_network_for_long_gives_a_warning():
    (warning,) = warnings((1, FOG), (8, FOG))
    assert warning.startswith("the network has been unsure of most of the image for 7 s")


def test_wait_and_silence_are_measured_apart():
    health = HealthMonitor(0.0)
    assert (health.health(2.0).silence, health.health(2.0).wait) == (2.0, 0.0)
    health.received(3.0)  # nobody wants it answered
    assert (health.health(4.0).silence, health.health(4.0).wait) == (1.0, 0.0)
    for time in (5.0, 6.0):
        health.received(time)
        health.submitted(time)
    assert (health.health(8.0).silence, health.health(8.0).wait) == (2.0, 3.0)
    health.answered(USUAL, 8.5)
    assert health.health(9.0).wait == 3.5  # a slow network is slow all the time
    health.submitted(9.0)
    health.answered(USUAL, 9.5)
    assert health.health(10.0).wait == 0.5


def test_a_failed_frame_does_not_wait():
    health = HealthMonitor(0.0)
    health.submitted(1.0)
    health.failed()
    assert health.health(60.0).wait == 0.0


def test_idle_forgets_the_answers():
    health = HealthMonitor(0.0)
    for time in (0.0, 8.0):
        health.submitted(time)
        health.answered(Summary("Sky", 1.0, 1.0), time + 4)
    health.submitted(13.0)
    assert (len(health.health(14.0).warnings), health.health(14.0).wait) == (2, 4.0)
    health.idle()
    assert (health.health(14.0).warnings, health.health(14.0).wait) == ((), 0.0)
    health.answered(Summary("Sky", 1.0, 1.0), 3600.0)  # for how long nobody knows
    assert health.health(3600.0).warnings == ()


def test_a_fault_does_not_last_without_answers():
    health = HealthMonitor(0.0)
    for time in (0, 4):
        health.answered(SKY, time)
    assert health.health(100.0).warnings == ()
