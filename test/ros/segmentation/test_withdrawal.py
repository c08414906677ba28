"""Which outputs are taken back, when, and as what."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time as Stamp
from std_msgs.msg import Header

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.inference.answer import Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_ros.segmentation.withdrawal import Withdrawal

pytestmark = pytest.mark.ros

LENS, SPEC = Lens(64, 48, (60, 60), (31.5, 23.5)), GridSpec(1.0, 0.0, 8.0, -2.0, 2.0)
GROUND = GroundProjector(LENS, CameraPose.mounted(1.2, pitch=0.6), SPEC)
ALL = frozenset({"mask", "drivable", "drivable_grid"})
NOW = Stamp(sec=77)


class Outputs:
    """Keeps what is published: names, stamps, and whether anything in it is drivable."""

    def __init__(self):
        self.published = []

    def publish(self, answer, header, wanted):
        free = answer.drivable.any(), answer.grid is not None and (answer.grid == 0).any()
        self.published.append((sorted(wanted), header.stamp.sec, free))

    def take(self):
        taken, self.published = self.published, []
        return sorted(taken)


@pytest.fixture
def outputs():
    return Outputs()


@pytest.fixture
def withdrawal(outputs):
    return Withdrawal(outputs, lambda: NOW)


def road(ground=GROUND):
    labels = np.full((48, 64), 3, np.uint8)
    found = Segmentation(labels, *np.zeros((2, 48, 64), np.float32))
    return Answer(np.zeros((48, 64, 3), np.uint8), found, LabelSet.load("camvid"), ground=ground)


def header(seconds):
    return Header(stamp=Stamp(sec=seconds), frame_id="optical")


NOTHING = (False, False)
BOTH = [(["drivable"], 77, NOTHING), (["drivable_grid"], 77, NOTHING)]


def test_an_old_answer_is_taken_back_once(withdrawal, outputs):
    withdrawal.publish(road(), header(5), ALL, time=10.0)
    assert outputs.take() == [(sorted(ALL), 5, (True, True))]
    assert withdrawal.check(2.0, time=11.9) == ""
    assert outputs.take() == []
    assert withdrawal.check(2.0, time=12.1).startswith("no answer for 2 s, longer than stale, 2 s")
    assert outputs.take() == BOTH
    assert withdrawal.check(2.0, time=20.0) == ""
    assert outputs.take() == []
    assert withdrawal.reason(2.0, time=20.0).startswith("no answer for 10 s")
    withdrawal.publish(road(), header(6), ALL, time=21.0)
    assert withdrawal.reason(2.0, time=21.1) == ""


def test_what_was_out_before_another_output_failed_is_taken_back(withdrawal, outputs, monkeypatch):
    def fail(answer, header, wanted):
        publish(answer, header, wanted & {"drivable_grid"})
        raise MemoryError("no memory for the overlay")

    publish = outputs.publish
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "publish", fail)
        for time in (100.0, 101.0):
            with pytest.raises(MemoryError):
                withdrawal.publish(road(), header(5), ALL, time)
    assert outputs.take() == 2 * [(["drivable_grid"], 5, (True, True))]
    assert withdrawal.check(2.0, time=101.9) == ""
    assert withdrawal.check(2.0, time=102.1).startswith("no answer for 2 s")
    assert outputs.take() == BOTH


def test_what_nobody_got_is_not_taken_back(withdrawal, outputs):
    assert withdrawal.check(2.0, time=100.0) == ""
    withdrawal.publish(road(), header(5), frozenset({"mask"}), time=100.0)
    outputs.take()
    assert withdrawal.check(2.0, time=200.0) == ""
    withdrawal.close()
    assert outputs.take() == []


def test_an_answer_without_ground_takes_the_last_grid_back_at_once(withdrawal, outputs):
    withdrawal.publish(road(), header(5), ALL, time=10.0)
    outputs.take()
    for seconds in (6, 7):
        withdrawal.publish(road(ground=None), header(seconds), ALL, time=10.1)
    assert outputs.take() == [
        (sorted(ALL), 6, (True, False)),
        (sorted(ALL), 7, (True, False)),
        (["drivable_grid"], 6, NOTHING),
    ]


def test_the_end_takes_everything_back(withdrawal, outputs):
    withdrawal.publish(road(), header(5), ALL, time=10.0)
    outputs.take()
    withdrawal.close()
    assert outputs.take() == BOTH
    assert withdrawal.check(2.0, time=100.0) == ""


def test_a_withdrawn_answer_keeps_no_pixels():
    kept = road().withdrawn()
    found = (kept.image, kept.segmentation.labels, kept.segmentation.uncertainty)
    assert all(set(each.strides) == {0} for each in found)
    assert kept.distrust == "the answer is too old"
