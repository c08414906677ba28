"""The weights that ship do what the README says of them, on what they were not trained on."""

import numpy as np
import pytest

from segnet_model.checkpoint import load_weights
from segnet_model.data.camvid import open_split
from segnet_model.data.scenes import Drive
from segnet_model.evaluation import evaluate
from segnet_model.metrics import ConfusionMatrix
from segnet_model.predictor import Predictor, find_weights

UNSEEN = 3  # training had the drives of seeds 1000 to 1119


@pytest.mark.parametrize("name", ["segnet_basic_drives", "segnet_basic_camvid"])
def test_small_and_complete(name):
    path = find_weights(name)
    assert path.stat().st_size < 4_000_000
    _, info = load_weights(path)
    assert info.network == "segnet_basic"
    assert info.labels.num_classes == 11
    assert info.training["images"] > 0
    assert 0 < info.metrics["val_miou"] < 1
    expected = "Apache-2.0" if name.endswith("drives") else "CC-BY-NC-4.0"
    assert info.license == expected


@pytest.mark.slow
def test_drives_of_an_unseen_seed():
    predictor = Predictor.load("segnet_basic_drives", "cpu")
    labels = predictor.info.labels
    classes, drivable = ConfusionMatrix(11, 11), ConfusionMatrix(2, 255)
    drive = Drive(UNSEEN)
    for index in range(0, 100, 5):
        frame = drive.frame(index)
        found = predictor.predict(frame.image).labels
        classes.update(found, frame.labels)
        drivable.update(*(labels.drivable[ids].astype(np.uint8) for ids in (found, frame.labels)))
    assert classes.mean_iou >= 0.75
    assert drivable.iou[1] >= 0.93


@pytest.mark.slow
def test_camvid_val(camvid):
    predictor = Predictor.load("segnet_basic_camvid", "cpu")
    folder = open_split(camvid, "val", predictor.info.labels)
    assert len(folder) == 101
    assert evaluate(predictor, folder).mean_iou >= 0.42
