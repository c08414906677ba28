"""The check of the camera's pose takes no answer's time, and its verdict reaches later answers."""

from __future__ import annotations

import threading
from dataclasses import replace
from queue import Queue
from time import monotonic, sleep

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time as Stamp

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.inference.answer import Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_ros.segmentation.motion import MotionWatch
from segnet_ros.segmentation.pose_check import PoseCheck
from segnet_ros.segmentation.settings import NodeSettings

pytestmark = pytest.mark.ros

WAIT = 20.0  # seconds, after which a test has failed
SIZE = (24, 32)
LENS = Lens(SIZE[1], SIZE[0], (30.0, 30.0), (15.5, 11.5))
SETTINGS = NodeSettings(odometry="odom")


def ground(pitch=0.3):
    return GroundProjector(LENS, CameraPose.mounted(1.0, pitch), GridSpec(x_max=3.0))


@pytest.fixture
def answer():
    flat = np.zeros(SIZE, np.float32)
    found = Segmentation(flat.astype(np.uint8), 1 - flat, flat)
    image = np.zeros((*SIZE, 3), np.uint8)
    return Answer(image, found, LabelSet.load("camvid"), ground=ground())


@pytest.fixture
def texts():
    return Queue()


@pytest.fixture
def check(texts):
    check = PoseCheck(lambda stamp: pytest.fail("not asked"), texts.put, texts.put)
    check.start()
    yield check
    check.stop()


class SlowLook:
    """Stands for a pair of images: says when it begins, and waits."""

    def __init__(self):
        self.begun, self.go = Queue(), threading.Semaphore(0)

    def __call__(self, answer, stamp, lens, pose, time):
        self.begun.put(stamp.sec)
        assert self.go.acquire(timeout=WAIT)
        return ""


def test_an_answer_does_not_wait_for_a_look_and_the_newest_is_looked_at_next(
    monkeypatch, check, answer
):
    slow = SlowLook()
    monkeypatch.setattr(check._motion, "add", slow)
    check.add(answer, Stamp(sec=1), SETTINGS)
    assert slow.begun.get(timeout=WAIT) == 1
    for second in (2, 3, 4):  # returns, though the first look goes on
        check.add(answer, Stamp(sec=second), SETTINGS)
    slow.go.release(9)
    assert slow.begun.get(timeout=WAIT) == 4
    check.stop()
    assert slow.begun.empty()


def test_a_verdict_holds_for_its_pose_and_lens_alone(monkeypatch, check, answer):
    def contradict(self, estimate, time):
        self._verdict = replace(self._verdict, reason="it is wrong")

    monkeypatch.setattr(MotionWatch, "_work", contradict)
    assert check.contradiction(answer.ground) == ""
    check.add(answer, Stamp(sec=1), SETTINGS)
    end = monotonic() + WAIT
    while not check.contradiction(answer.ground) and monotonic() < end:
        sleep(0.01)
    assert check.contradiction(answer.ground) == "it is wrong"
    assert check.contradiction(ground(pitch=0.4)) == ""
    check.stop()
    check.start()
    assert check.contradiction(answer.ground) == ""


def test_an_error_is_logged_and_the_next_answer_is_looked_at(monkeypatch, check, answer, texts):
    def fail(*_):
        raise ValueError("no such points")

    monkeypatch.setattr(check._motion, "add", fail)
    check.add(answer, Stamp(sec=1), SETTINGS)
    text = texts.get(timeout=WAIT)
    assert "pose was not checked" in text
    assert "no such points" in text
    slow = SlowLook()
    monkeypatch.setattr(check._motion, "add", slow)
    slow.go.release(9)
    check.add(answer, Stamp(sec=2), SETTINGS)
    assert slow.begun.get(timeout=WAIT) == 2


def test_nothing_is_looked_at_while_the_camera_is_stopped(monkeypatch, check, answer):
    check.stop()
    monkeypatch.setattr(check._motion, "add", lambda *_: pytest.fail("looked"))
    check.add(answer, Stamp(sec=1), SETTINGS)
