"""What has been wrong with a camera for long."""

import pytest

pytest.importorskip("rclpy")

from segnet_model.inference.answer import Summary
from segnet_ros.segmentation.health import LONG, Health

USUAL = Summary("Road", 0.6, 0.1)
SKY = Summary("Sky", 0.999, 0.1)
FOG = Summary("Road", 0.6, 0.9)


def warnings(*seen):
    """Of a camera that showed (time, summary)."""
    health = Health(0.0)
    for time, summary in seen:
        health.answered(summary, time)
    return health.signs(seen[-1][0]).warnings


def test_nothing_is_wrong_with_usual_images_or_for_a_moment():
    assert warnings((0, USUAL), (60, USUAL)) == ()
    assert warnings((0, SKY), (LONG, SKY)) == ()
    assert warnings((0, SKY), (4, USUAL), (5, SKY), (9, SKY)) == ()
    assert warnings((0, SKY), (9, Summary("Tree", 1.0, 0.1))) == ()  # the camera moves
    assert warnings((0, Summary("Road", 0.6, 0.4)), (60, Summary("Road", 0.6, 0.4))) == ()


def test_one_class_for_long_is_named():
    (warning,) = warnings((1, SKY), (5, SKY), (8, SKY))
    assert warning.startswith("all of the image has been Sky for 7 s; is the lens covered")


def test_being_unsure_for_long_is_named():
    (warning,) = warnings((1, FOG), (8, FOG))
    assert warning.startswith("the network has been unsure of most of the image for 7 s")


def test_an_image_that_is_not_answered_waits_and_silence_is_another_thing():
    health = Health(0.0)
    assert (health.signs(2.0).silence, health.signs(2.0).wait) == (2.0, 0.0)
    health.received(3.0)  # nobody wants it answered
    assert (health.signs(4.0).silence, health.signs(4.0).wait) == (1.0, 0.0)
    for time in (5.0, 6.0):
        health.received(time)
        health.submitted(time)
    assert (health.signs(8.0).silence, health.signs(8.0).wait) == (2.0, 3.0)
    health.answered(USUAL, 8.5)
    assert health.signs(9.0).wait == 3.5  # a slow network is slow all the time
    health.submitted(9.0)
    health.answered(USUAL, 9.5)
    assert health.signs(10.0).wait == 0.5


def test_what_fails_is_not_waited_for():
    health = Health(0.0)
    health.submitted(1.0)
    health.failed()
    assert health.signs(60.0).wait == 0.0


def test_while_nobody_asks_nothing_is_wrong_with_the_answers():
    health = Health(0.0)
    for time in (0.0, 8.0):
        health.submitted(time)
        health.answered(Summary("Sky", 1.0, 1.0), time + 4)
    health.submitted(13.0)
    assert (len(health.signs(14.0).warnings), health.signs(14.0).wait) == (2, 4.0)
    health.idle()
    assert (health.signs(14.0).warnings, health.signs(14.0).wait) == ((), 0.0)
    health.answered(Summary("Sky", 1.0, 1.0), 3600.0)  # for how long nobody knows
    assert health.signs(3600.0).warnings == ()


def test_what_was_wrong_does_not_go_on_being_so_while_nothing_is_answered():
    health = Health(0.0)
    for time in (0, 4):
        health.answered(SKY, time)
    assert health.signs(100.0).warnings == ()
