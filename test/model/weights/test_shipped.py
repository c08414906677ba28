"""The shipped weights are as good as their README says, on images they were not trained on."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.calibration import Detector, Reliability
from segnet_model.evaluation.evaluate import evaluate
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import find_weights

UNSEEN = 3  # training had the drives of seeds 1000 to 1119


NAMES = [
    "segnet_basic_drives", "segnet_basic_camvid", "enet_camvid",
    "bayesian_segnet_basic_drives", "bayesian_segnet_basic_camvid",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_small_and_complete(name):
    path = find_weights(name)
    assert path.stat().st_size < 4_000_000
    _, info = load_weights(path)
    assert info.network == name.rpartition("_")[0]
    assert info.labels == LabelSet.load("camvid")
    assert info.training["images"] > 0
    assert 0 < info.metrics["val_miou"] < 1
    expected = "Apache-2.0" if name.endswith("drives") else "CC-BY-NC-4.0"
    assert info.license == expected


@pytest.mark.parametrize(
    "frames", [(0, 50), pytest.param(range(0, 100, 5), marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_drives_of_an_unseen_seed(frames):
    predictor = Predictor.load("segnet_basic_drives", "cpu")
    labels = predictor.info.labels
    classes, drivable = ConfusionMatrix(11, 11), ConfusionMatrix(2, 255)
    drive = Drive(UNSEEN)
    for index in frames:
        frame = drive.frame(index)
        found = predictor.predict(frame.image).labels
        classes.update(found, frame.labels)
        drivable.update(*(labels.drivable[ids].astype(np.uint8) for ids in (found, frame.labels)))
    assert classes.mean_iou >= 0.75
    assert drivable.iou[1] >= 0.93


@pytest.mark.parametrize(
    ("name", "least", "step"),
    [
        ("enet_camvid", 0.60, 10),
        pytest.param("enet_camvid", 0.60, 1, marks=pytest.mark.slow),
        pytest.param("segnet_basic_camvid", 0.58, 1, marks=pytest.mark.slow),
        pytest.param("bayesian_segnet_basic_camvid", 0.55, 1, marks=pytest.mark.slow),
    ],
)
def test_camvid_val(camvid, name, least, step):
    predictor = Predictor.load(name, "cpu")
    folder = open_split(camvid, "val", predictor.info.labels)
    assert len(folder) == 101
    few = replace(folder, samples=folder.samples[::step])
    assert evaluate(predictor, few).mean_iou >= least


@pytest.mark.parametrize(
    ("seeds", "frames", "samples"),
    [
        ((5000,), (65,), 4),
        pytest.param((5000, 5001), (5, 35, 65, 95), 12, marks=pytest.mark.slow),
    ],
    ids=["few", "all"],
)
def test_unknown_things_are_less_certain_than_their_surroundings(seeds, frames, samples):
    """A cow, a sofa and the like on the drives of unseen seeds; by chance it would be 0.5."""
    how = {"uncertainty": "mc", "samples": samples}
    predictor = Predictor.load("bayesian_segnet_basic_drives", "cpu", **how)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (81, 81))
    around, everywhere = Detector(), Detector()
    for seed in seeds:
        drive = Drive(seed, unknown=True)
        for index in frames:
            frame = drive.frame(index)
            found = predictor.predict(frame.image).mutual_information
            near = cv2.dilate(frame.unknown.astype(np.uint8), disc) > 0
            around.update(found[near], ~frame.unknown[near])
            everywhere.update(found.ravel(), ~frame.unknown.ravel())
    assert around.auroc >= 0.75
    assert everywhere.auroc >= 0.85


@pytest.mark.slow
def test_averaging_over_a_slow_video_is_calibrated_as_sampling_is():
    def error(**how):
        predictor = Predictor.load("bayesian_segnet_basic_drives", "cpu", **how)
        reliability = Reliability()
        for seed in (4000, 4001):
            for index, frame in enumerate(Drive(seed, speed=2.0).frames(10)):
                if index < 5 and how["uncertainty"] == "mc":
                    continue  # these are for the average to settle
                found = predictor.predict(frame.image, 100.0 * seed + frame.stamp)
                if index >= 5:
                    known = frame.labels != 11
                    right = found.labels[known] == frame.labels[known]
                    reliability.update(found.confidence[known], right)
        return reliability.expected_calibration_error

    sampled = error(uncertainty="mc", samples=10)
    assert error(uncertainty="temporal") == pytest.approx(sampled, abs=0.015)
