"""The shipped weights are as good as their README says, on images they were not trained on."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.calibration import Detector, Reliability
from segnet_model.evaluation.evaluate import evaluate, evaluate_all
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelMap, LabelSet
from segnet_model.scenes import Drive
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import FOLDER, find_weights

UNSEEN = 3  # training had the drives of seeds 1000 to 1119
FILES = sorted(FOLDER.glob("*.safetensors"))
CARDS = (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_small_and_complete(path):
    assert path.stat().st_size < 7_000_000
    _, info = load_weights(path)
    network, _, data = path.stem.rpartition("_")
    assert info.network == network
    assert info.labels == LabelSet.load("outdoor" if data == "outdoor" else "camvid")
    assert info.training["images"] > 0
    assert 0 < info.metrics["val_miou"] < 1
    assert info.license == ("CC-BY-NC-4.0" if data == "camvid" else "Apache-2.0")


def test_each_has_a_card_and_a_row():
    names = [path.stem for path in FILES]
    assert sorted(re.findall(r"^## (\w+)$", CARDS, re.M)) == names
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+)`.*\| (?:Apache|CC BY).*\|$", readme, re.M)) == names


def test_everybody_may_use_the_default():
    assert load_weights(find_weights(DEFAULT_WEIGHTS))[1].license == "Apache-2.0"


@pytest.mark.parametrize(
    "frames", [(0, 50), pytest.param(range(0, 100, 5), marks=pytest.mark.slow)], ids=["few", "all"]
)
@pytest.mark.parametrize(
    ("name", "miou", "iou"),
    [
        (DEFAULT_WEIGHTS, 0.78, 0.96),
        ("segnet_lite_drives", 0.80, 0.98),
        ("segnet_basic_drives", 0.75, 0.93),
    ],
)
def test_drives_of_an_unseen_seed(name, miou, iou, frames):
    predictor = Predictor.load(name, "cpu")
    labels = predictor.info.labels
    truth = LabelMap.load("scenes", labels.name)
    classes = ConfusionMatrix(labels.num_classes, labels.ignore_id)
    drivable = ConfusionMatrix(2, 255)
    drive = Drive(UNSEEN)
    for index in frames:
        frame = drive.frame(index)
        found, ids = predictor.predict(frame.image).labels, truth.map(frame.labels)
        classes.update(found, ids)
        drivable.update(*(labels.drivable[each].astype(np.uint8) for each in (found, ids)))
    shown = classes.counts.sum(1) > 0  # a street has no path and no lawn
    assert classes.iou[shown].mean() >= miou
    assert drivable.iou[1] >= iou


@pytest.mark.parametrize("step", [15, pytest.param(1, marks=pytest.mark.slow)], ids=["few", "all"])
@pytest.mark.parametrize(
    ("name", "miou", "precision", "recall"),
    [("segnet_lite_drives", 0.44, 0.96, 0.90), (DEFAULT_WEIGHTS, 0.51, 0.97, 0.84)],
)
def test_real_streets_that_they_never_saw(camvid, name, miou, precision, recall, step):
    predictor = Predictor.load(name, "cpu")
    train, val = (open_split(camvid, split, LabelSet.load("camvid")) for split in ("train", "val"))
    folder = replace(train, samples=(*train.samples, *val.samples)[::step])
    (found,) = evaluate_all([predictor], folder.mapped_to(predictor.info.labels))
    assert found.matrix.mean_iou >= miou
    assert found.drivable.precision >= precision
    assert found.drivable.recall >= recall


@pytest.mark.parametrize(
    ("name", "least", "step"),
    [
        ("enet_camvid", 0.60, 10),
        pytest.param("enet_camvid", 0.60, 1, marks=pytest.mark.slow),
        ("segnet_lite_camvid", 0.69, 10),
        pytest.param("segnet_lite_camvid", 0.70, 1, marks=pytest.mark.slow),
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


STRANGE = {
    "noise": np.random.default_rng(0).integers(0, 256, (360, 480, 3), np.uint8),
    "a covered lens": np.random.default_rng(0).integers(4, 14, (360, 480, 3), np.uint8),
    "a bright wall": np.full((360, 480, 3), 200, np.uint8),
}


def place_scores(predictor, images):
    return [float(predictor.predict(image).place_score) for image in images]


@pytest.mark.parametrize("name", ["segnet_lite_outdoor", "segnet_lite_drives"])
def test_what_was_taught_is_known_and_what_is_no_place_is_strange(name):
    predictor = Predictor.load(name, "cpu", "float32", engine="torch")
    taught = [Drive(seed=UNSEEN).frame(index).image for index in (0, 40)]
    if name == DEFAULT_WEIGHTS:
        taught += [Drive(seed=UNSEEN, world="park").frame(index).image for index in (0, 40)]
    assert max(place_scores(predictor, taught)) < 0.9
    assert min(place_scores(predictor, STRANGE.values())) > 1.1
    on_its_side = [np.ascontiguousarray(np.rot90(image)) for image in taught[:2]]
    assert min(place_scores(predictor, on_its_side)) > 0.9


def test_parks_are_no_place_for_a_network_of_streets():
    predictor = Predictor.load("segnet_lite_drives", "cpu", "float32", engine="torch")
    park = [Drive(seed=UNSEEN, world="park").frame(index).image for index in (0, 40)]
    street = [Drive(seed=UNSEEN).frame(index).image for index in (0, 40)]
    assert min(place_scores(predictor, park)) > 1.2 * max(place_scores(predictor, street))


@pytest.mark.slow
def test_real_streets_are_known_to_the_default(camvid):
    predictor = Predictor.load(DEFAULT_WEIGHTS, "cpu", "float32", engine="torch")
    folder = open_split(camvid, "train", LabelSet.load("camvid"))
    images = (folder.read(index)[0] for index in range(0, len(folder), 8))
    assert max(place_scores(predictor, images)) < 0.9
