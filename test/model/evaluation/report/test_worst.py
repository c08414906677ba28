import json
from types import SimpleNamespace

import numpy as np
import pytest

from segnet_model.evaluation.evaluate import EvaluatedFrame, FrameScore
from segnet_model.evaluation.report import WorstFrames


def frame(name, *shares, size=(4, 6), answer=None):
    """A frame of which each network got such a share right."""
    ids = np.zeros(size, np.uint8)
    found = SimpleNamespace(labels=ids, uncertainty=np.zeros(size, np.float32))
    scores = tuple(FrameScore(share, share / 2, 1.0) for share in shares)
    return EvaluatedFrame(name, np.zeros((*size, 3), np.uint8), ids, (found,) * len(shares), scores)


def names(worst):
    return [each.name for each in worst.frames]


@pytest.mark.parametrize("seed", range(5))
def test_the_worst_of_many_in_order(seed):
    shares = np.random.default_rng(seed).permutation(100) / 100
    worst = WorstFrames(5)
    for share in shares:
        worst.add(frame(f"{share:.2f}", float(share)))
    assert names(worst) == ["0.00", "0.01", "0.02", "0.03", "0.04"]


def test_no_more_is_kept_than_is_shown():
    worst = WorstFrames(3)
    for index in range(50):
        worst.add(frame(str(index), 1 - index / 100))
    assert len(worst._heap) == 3


def test_of_equals_the_first_stays():
    worst = WorstFrames(2)
    for name in "abcd":
        worst.add(frame(name, 0.5))
    assert names(worst) == ["a", "b"]


def test_of_two_networks_those_that_differ_most_and_then_the_firsts_worst():
    worst = WorstFrames(4)
    for name, *shares in (("same", 0.1, 0.1), ("up", 0.9, 0.4), ("down", 0.3, 0.7),
                          ("equal", 0.2, 0.2), ("little", 0.5, 0.6)):  # fmt: skip
        worst.add(frame(name, *shares))
    assert names(worst) == ["up", "down", "little", "same"]
    assert worst.to_dict()[0] == {
        "name": "up", "labelled": 1.0, "pixel_accuracy": 0.9, "miou": 0.45,
        "compare": {"pixel_accuracy": 0.4, "miou": 0.2},
    }  # fmt: skip
    json.dumps(worst.to_dict(), allow_nan=False)


def test_a_frame_without_labels_is_not_ranked():
    worst = WorstFrames()
    worst.add(frame("nothing", float("nan")))
    worst.add(frame("something", 0.5))
    assert names(worst) == ["something"]


def test_large_frames_are_kept_small_and_small_ones_as_they_are():
    worst = WorstFrames()
    worst.add(frame("large", 0.1, size=(600, 960)))
    worst.add(frame("small", 0.2))
    large, small = worst.frames
    assert large.image.shape == (300, 480, 3)
    assert large.truth.shape == large.labels[0].shape == large.uncertainties[0].shape == (300, 480)
    assert small.image.shape == (4, 6, 3)
