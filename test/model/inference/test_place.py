"""The place of a camera: the median of half a second, and the answer that it forbids."""

import numpy as np
import pytest

from segnet_model.base.tables import AnswerSettings
from segnet_model.inference import outputs
from segnet_model.inference.answer import Answer
from segnet_model.inference.place import PlaceMonitor, strange_place
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet

LABELS = LabelSet.load("camvid")
ROAD = LABELS.names.index("Road")


def found(score):
    labels, sure = np.full((8, 10), ROAD, np.uint8), np.ones((8, 10), np.float32)
    place = None if score is None else np.float32(score)
    return Segmentation(labels, sure, 1 - sure, place_score=place)


def smoothed(scores, rate, start=100.0):
    monitor = PlaceMonitor()
    return [
        float(monitor.smooth(found(score), start + i / rate).place_score)
        for i, score in enumerate(scores)
    ]


def test_the_median_of_half_a_second_counts():
    scores = np.random.default_rng(0).uniform(size=60)
    expected = [np.median(scores[max(0, i - 5) : i + 1]) for i in range(60)]
    np.testing.assert_allclose(smoothed(scores, 10.0), expected, rtol=1e-6)


def test_a_flash_is_no_alarm_and_another_place_is_one_within_a_third_of_a_second():
    assert max(smoothed([0.5] * 20 + [9.0] * 5 + [0.5] * 20, 30.0)) == 0.5
    found = smoothed([0.5] * 60 + [2.0] * 30, 30.0)
    first = next(i for i, score in enumerate(found) if score > 1)
    assert first - 60 <= 10


def test_slow_cameras_and_images_without_a_time_count_alone():
    assert smoothed([0.5, 2.0, 0.5], 1.0) == [0.5, 2.0, 0.5]
    monitor = PlaceMonitor()
    assert [float(monitor.smooth(found(x), None).place_score) for x in (0.5, 2.0)] == [0.5, 2.0]


def test_time_that_falls_back_starts_anew():
    monitor = PlaceMonitor()
    for score, second in ((0.5, 10.0), (0.5, 10.1), (2.0, 3.0)):
        last = monitor.smooth(found(score), second)
    assert last.place_score == 2.0


def test_an_image_that_comes_again_counts_once():
    monitor = PlaceMonitor()
    for score, second in ((0.1, 1.0), (0.1, 1.0), (0.1, 1.0), (0.5, 1.1)):
        last = monitor.smooth(found(score), second)
    assert last.place_score == pytest.approx(0.3)


def test_nothing_is_drivable_in_a_strange_place_unless_it_is_not_checked():
    image = np.zeros((8, 10, 3), np.uint8)
    known, strange = (Answer(image, found(score), LABELS) for score in (0.99, 1.5))
    assert known.drivable.all()
    assert not known.distrust
    assert not strange.drivable.any()
    assert "unlike what the network was trained on: place score 1.50" in strange.distrust
    unchecked = Answer(image, found(1.5), LABELS, AnswerSettings(place_check=False))
    assert unchecked.drivable.all()
    assert outputs.stats(strange)["place_score"] == pytest.approx(1.5)


def test_without_a_score_nothing_is_forbidden():
    answer = Answer(np.zeros((8, 10, 3), np.uint8), found(None), LABELS)
    assert answer.drivable.all()
    assert np.isnan(outputs.stats(answer)["place_score"])
    assert not strange_place(float("nan"))
    segmentation = found(None)
    assert PlaceMonitor().smooth(segmentation, 1.0) is segmentation
