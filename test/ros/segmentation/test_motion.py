"""Which images are paired, when a pose is contradicted and when one is suggested."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time as Stamp

from segnet_model.base.errors import SettingsError
from segnet_model.base.tables import AnswerSettings
from segnet_model.driving import CameraPose, Lens
from segnet_model.driving.motion import PAIRS
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.inference.answer import Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_ros.ros.stamps import seconds
from segnet_ros.segmentation.motion import MotionWatch
from test.support.corridor import FOCAL, HEIGHT, WIDTH, render

pytestmark = pytest.mark.ros

PITCH, UP, SPEED, RATE = 0.12, 1.1, 1.25, 10  # meters a second, Hz
LENS = Lens(WIDTH, HEIGHT, (FOCAL, FOCAL), ((WIDTH - 1) / 2, (HEIGHT - 1) / 2))
RIGHT, WRONG = CameraPose.mounted(UP, PITCH), CameraPose.mounted(UP, PITCH - 0.08)
IMAGES = 2 * (PAIRS + 2)  # two go by before the robot has driven far enough


@pytest.fixture(scope="module")
def answers():
    camvid = LabelSet.load("camvid")
    found = []
    for number in range(IMAGES):
        image, labels = render(SPEED * number / RATE, UP, PITCH)
        sure = np.zeros(labels.shape, np.float32)
        found.append(Answer(image, Segmentation(labels, 1 - sure, sure), camvid))
    return found


def at(number):
    return Stamp(sec=100 + number // RATE, nanosec=number % RATE * 10**9 // RATE)


def drive(watch, answers, pose):
    """What is said after each image."""
    return [
        watch.add(answer, at(number), LENS, pose, 50.0 + number / RATE)
        for number, answer in enumerate(answers)
    ]


def straight(stamp):
    return RobotPose(SPEED * (seconds(stamp) - 100.0), 0.0, 0.0)


def test_a_wrong_pose_is_contradicted_after_some_pairs_and_the_right_one_never(answers):
    assert not any(drive(MotionWatch(straight), answers, RIGHT))
    said = drive(MotionWatch(straight), answers, WRONG)
    assert not any(said[: 2 * PAIRS])
    assert "degrees up from the ground" in said[-1]


@pytest.mark.parametrize("trouble", ["a strange place", "a camera on its side"])
def test_answers_that_are_not_trusted_say_nothing_of_the_pose(answers, trouble):
    """The network takes walls for ground there, which move as from another height."""
    labels = answers[0].labels
    road = np.full((HEIGHT, WIDTH), labels.names.index("Road"), np.uint8)
    sure, place = np.zeros(road.shape, np.float32), trouble == "a strange place"
    score = np.float32(2.0 if place else 0.5)
    found = Segmentation(road, 1 - sure, sure, place_score=score)
    strange = [replace(each, segmentation=found, turn=0 if place else 1) for each in answers]
    assert not any(drive(MotionWatch(straight), strange, RIGHT))
    trusted = [replace(each, settings=AnswerSettings(place_check=False)) for each in strange]
    assert any(drive(MotionWatch(straight), trusted, RIGHT))


def test_a_new_pose_begins_anew(answers):
    watch = MotionWatch(straight)
    assert drive(watch, answers, WRONG)[-1]
    assert watch.add(answers[0], at(0), LENS, RIGHT, 90.0) == ""


def test_a_recording_that_begins_again_is_contradicted_from_its_start(answers):
    watch = MotionWatch(straight)
    assert drive(watch, answers, WRONG)[-1]
    assert watch.add(answers[0], at(0), LENS, WRONG, 90.0)


@pytest.mark.parametrize("second", [0, -5])
def test_an_image_without_a_time_is_not_asked_about(answers, second):
    watch = MotionWatch(lambda stamp: pytest.fail("tf refuses it with an error of its own"))
    assert watch.add(answers[0], Stamp(sec=second), LENS, RIGHT, 50.0) == ""


def test_poses_that_come_late_will_do(answers):
    """Odometry comes a fifth of a second after the image."""
    known = -1.0

    def late(stamp):
        if seconds(stamp) > known:
            raise SettingsError("not yet")
        return straight(stamp)

    watch, said = MotionWatch(late), []
    for number, answer in enumerate([*answers, *answers[-1:] * 3]):
        known = 100.0 + number / RATE - 0.2
        said.append(watch.add(answer, at(number), LENS, WRONG, 50.0 + number / RATE))
    assert "degrees up from the ground" in said[-1]


@pytest.mark.parametrize("how", ["stands", "turns", "goes aside", "is unknown", "jumps"])
def test_images_without_a_way_straight_on_say_nothing(answers, how):
    def robot(stamp):
        time = seconds(stamp) - 100.0
        if how == "is unknown":
            raise SettingsError("no odometry")
        return {
            "stands": RobotPose(0.0, 0.0, 0.0),
            "turns": RobotPose(SPEED * time, 0.0, 2.0 * time),
            "goes aside": RobotPose(0.0, SPEED * time, 0.0),
            "jumps": RobotPose(50.0 * time, 0.0, 0.0),
        }[how]

    assert not any(drive(MotionWatch(robot), answers, WRONG))


def test_height_and_pitch_are_suggested_once_where_nobody_gives_them(answers):
    watch = MotionWatch(straight)
    assert watch.suggestion() == ""
    assert not any(drive(watch, answers, None))
    text = watch.suggestion()
    height, pitch = re.search(r"about ([\d.]+) m, .*camera_pitch ([\d.]+) rad", text).groups()
    assert float(height) == pytest.approx(UP, rel=0.04)
    assert float(pitch) == pytest.approx(PITCH, abs=0.011)
    assert watch.suggestion() == ""
