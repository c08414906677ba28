"""The guard: every sign on a network of known answers, and each bound alone."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from segnet_model.labels import LabelSet
from segnet_model.training.adaptation.frames import RecordedFrames
from segnet_model.training.adaptation.guard import Guard, Signs, no_gain, reasons
from segnet_model.training.adaptation.guards import watch

CAMVID = LabelSet.load("camvid")
SKY, BUILDING, ROAD = 0, 1, 3
START = Signs(0.6, 0.5, 1.0, 0.9, 0.2, 0.0, (0.5, 0.5), 0.5)
NAMES = ("Sky", "Road")


class Painter(torch.nn.Module):
    """Sees one class above and another below the middle; as sure as its logit."""

    def __init__(self, above, below, logit=8.0):
        super().__init__()
        self.above, self.below, self.logit = above, below, logit

    def forward(self, images):
        height = images.shape[1]
        logits = torch.zeros(len(images), CAMVID.num_classes, *images.shape[1:3])
        logits[:, self.above, : height // 2] = self.logit
        logits[:, self.below, height // 2 :] = self.logit
        return logits


def guard(network, old=lambda network: 0.6):
    info = SimpleNamespace(labels=CAMVID, activation="softmax")
    frames = [np.zeros((64, 96, 3), np.uint8)] * 2
    return Guard(network, info, frames, lambda network, images: network(images), old, None)


def test_signs_of_known_answers():
    watch = guard(Painter(SKY, ROAD))
    start = watch.start
    assert (start.agreement, start.steadiness, start.freed) == (1.0, 1.0, 0.0)
    assert start.shares[SKY] == start.shares[ROAD] == start.drivable == 0.5
    chances = np.exp([8.0] + [0.0] * 10) / np.exp([8.0] + [0.0] * 10).sum()
    entropy = -(chances * np.log(chances)).sum() / np.log(11)
    assert start.entropy == pytest.approx(entropy, rel=1e-4)
    assert watch.reasons(start) == []
    freed = watch.measure(Painter(ROAD, ROAD))  # the sky, surely not drivable, became road
    assert (freed.agreement, freed.freed, freed.drift(start)) == (0.5, 1.0, 0.5)
    said = "; ".join(watch.reasons(freed))
    assert "100.0% of what was surely not drivable became drivable" in said
    assert "Sky shrank from 50.0% to 0.0% of the pixels" in said
    assert "50.0% more of the pixels are drivable" in said
    unsure = watch.measure(Painter(SKY, ROAD, logit=1.0))
    assert watch.reasons(unsure) == [
        f"the entropy rose from {start.entropy:.3f} to {unsure.entropy:.3f}"
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"old": 0.58}, "mIoU on old images fell from 0.600 to 0.580"),
        ({"labeled": 0.49}, "mIoU on labeled images fell from 0.500 to 0.490"),
        ({"agreement": 0.94}, "6.0% of what the start was sure of has another class"),
        ({"steadiness": 0.89}, "two views agree in 89.0%, before 90.0%"),
        ({"entropy": 0.23}, "the entropy rose from 0.200 to 0.230"),
        ({"freed": 0.02}, "2.0% of what was surely not drivable became drivable"),
        ({"drivable": 0.56}, "6.0% more of the pixels are drivable"),
        ({"shares": (0.65, 0.35)}, "the shares of the classes drifted by 15.0%"),
    ],
)
def test_each_sign_alone_is_a_reason(change, reason):
    assert reasons(START, START, NAMES) == []
    assert reasons(replace(START, **change), START, NAMES) == [reason]
    better = replace(START, old=0.7, labeled=0.6, steadiness=0.95, entropy=0.1)
    assert reasons(better, START, NAMES) == []


class Verge(torch.nn.Module):
    """Walls above the middle and a road below, and beside it a strip of which it is unsure."""

    def __init__(self, seen_as):
        super().__init__()
        self.seen_as = seen_as

    def forward(self, images):
        height, width = images.shape[1:3]
        logits = Painter(BUILDING, ROAD)(images)
        strip = logits[:, :, height // 2 :, : width // 6]
        strip[:] = 0.0
        strip[:, self.seen_as] = 2.0  # less than half sure
        return logits


def test_ground_of_which_the_start_was_unsure_is_not_freed():
    """No sign of sure pixels sees it, and neither does a drift of a twelfth."""
    watch = guard(Verge(BUILDING))
    now = watch.measure(Verge(ROAD))
    assert (now.agreement, now.freed) == (1.0, 0.0)
    assert now.drift(watch.start) == pytest.approx(1 / 12)
    assert watch.reasons(now) == ["8.3% more of the pixels are drivable"]


def test_a_lost_class_is_a_reason():
    start = replace(START, shares=(0.98, 0.02))
    assert reasons(replace(START, shares=(0.995, 0.005)), start, NAMES) == [
        "Road shrank from 2.0% to 0.5% of the pixels"
    ]


def frames(held, earlier=()):
    return RecordedFrames((), tuple(held), "", tuple(earlier))


class ByLight(torch.nn.Module):
    """One network for dark frames and another one for bright ones."""

    def __init__(self, dark, bright):
        super().__init__()
        self.dark, self.bright = dark, bright
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, images):
        return (self.dark if images.float().mean() < 128 else self.bright)(images)


DARK = [np.zeros((64, 96, 3), np.uint8)] * 2
BRIGHT = [np.full((64, 96, 3), 255, np.uint8)] * 2
KNOWN = Painter(SKY, ROAD)


def watched(start, seen, origin=None):
    info = SimpleNamespace(labels=CAMVID, activation="softmax")
    return watch(
        start, origin, info, seen, lambda network, images: network(images),
        lambda network: 0.6, None,
    )  # fmt: skip


def test_what_harms_earlier_frames_alone_is_seen():
    start, harmed = ByLight(KNOWN, KNOWN), ByLight(KNOWN, Painter(ROAD, ROAD))
    assert watched(start, frames(DARK)).look(harmed)[1] == []
    why = watched(start, frames(DARK, BRIGHT)).look(harmed)[1]
    assert "earlier frames: 100.0% of what was surely not drivable became drivable" in why
    assert all(each.startswith("earlier frames: ") for each in why)
    assert watched(start, frames(DARK, BRIGHT)).look(start)[1] == []


def test_small_steps_do_not_add_up_to_harm():
    """What is no step from the start may be a long way from the origin."""
    origin, now = ByLight(KNOWN, KNOWN), ByLight(Painter(ROAD, ROAD), KNOWN)
    assert watched(now, frames(DARK)).look(now)[1] == []
    why = watched(now, frames(DARK), origin).look(now)[1]
    assert why
    assert all(each.startswith("against the origin: ") for each in why)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"steadiness": 0.903}, ""),
        ({"steadiness": 0.901}, "it is no gain: two views agree in 90.1%"),
        ({"steadiness": 0.95, "old": 0.9}, ""),
        ({"old": 0.9}, "it is no gain: two views agree in 90.0%"),
    ],
)
def test_two_views_say_whether_it_is_a_gain(change, reason):
    start = replace(START, labeled=None)
    assert no_gain(replace(start, **change), start) == reason


def test_labels_decide_where_there_are_some():
    assert no_gain(replace(START, labeled=0.51), START) == ""
    said = no_gain(replace(START, labeled=0.5, steadiness=0.99), START)
    assert said == "it is no gain: mIoU on labeled images is 0.500"
