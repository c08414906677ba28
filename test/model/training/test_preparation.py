"""What is found before the first step, rather than after epochs of training."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch
import yaml

from segnet_model.base import limits
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet
from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights


@pytest.fixture
def refused_before_training(dataset, tmp_path):
    """Train on the data set, which must fail before a step is taken."""

    def do(settings, error, match):
        seen = []
        with pytest.raises(error, match=match):
            train(dataset, tmp_path / "run", settings, seen.append)
        assert {each.phase for each in seen} <= {"counting classes"}

    return do


def test_bad_data_is_named(dataset, small, refused_before_training):
    (dataset / "trainannot" / "0.png").write_bytes(b"no image")
    refused_before_training(small, DatasetError, r"trainannot/0\.png")


def test_settings_that_contradict_the_data(dataset, small, refused_before_training):
    wide = dataclasses.replace(small, crop_size=(512, 512))
    match = r"crop_size \(512, 512\) is larger than any image"
    refused_before_training(wide, SettingsError, match)
    shutil.rmtree(dataset / "val")
    patient = dataclasses.replace(small, evaluate_every=1, patience=2)
    match = "patience 2 needs images to measure on"
    refused_before_training(patient, SettingsError, match)


def test_unlabeled_pixels_without_a_drivable_class(dataset, small, refused_before_training):
    camvid = LabelSet.load("camvid")
    classes = tuple(dataclasses.replace(each, drivable=False) for each in camvid.classes)
    labels = dataclasses.replace(camvid, classes=classes).to_dict()
    (dataset / "labels.yaml").write_text(yaml.safe_dump(labels))
    match = r"unlabeled 0\.2 needs drivable classes, and label set 'camvid' has none"
    refused_before_training(dataclasses.replace(small, unlabeled=0.2), SettingsError, match)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_any_label(dataset, small, refused_before_training, split):
    for path in (dataset / f"{split}annot").iterdir():
        write_png(path, np.full((64, 96), 11, np.uint8))
    refused_before_training(small, DatasetError, f"{split}annot is labeled; label some")


def test_more_classes_than_two_have_no_sigmoid(refused_before_training):
    refused_before_training(TrainSettings(activation="sigmoid"), SettingsError, "for two classes")


def test_a_size_that_no_weights_may_have(small, refused_before_training, monkeypatch):
    monkeypatch.setattr(limits, "MAX_INPUT", 32 * 48 - 1)  # of images, half as large each way
    settings = dataclasses.replace(small, input_size=None)
    refused_before_training(settings, SettingsError, "input_size 32x48")


def test_starting_from_weights_takes_what_fits(dataset, tmp_path, whole):
    settings = TrainSettings(init=str(whole.path), epochs=1, learning_rate=1e-12, workers=1)
    (dataset / "labels.yaml").write_text(
        "name: two\nclasses: [{name: sky, color: [1, 2, 3]},"
        "{name: a, color: [0, 1, 0]}, {name: b, color: [0, 2, 0]}, {name: road, color: [1, 1, 1]}]"
    )
    path = train(dataset, tmp_path / "next", settings)
    (before, given), (after, info) = load_weights(whole.path), load_weights(path)
    same = after.state_dict()["decoders.0.0.weight"], before.state_dict()["decoders.0.0.weight"]
    torch.testing.assert_close(*same)
    assert (info.input_size, info.network_settings) == (given.input_size, {"features": 4})
    assert after.classifier.out_channels == 4  # of the new classes, so it started afresh


def test_one_class_alone_is_named(dataset, tmp_path, small, caplog):
    for path in dataset.glob("*annot/*.png"):
        write_png(path, np.full((64, 96), 3, np.uint8))
    with caplog.at_level("INFO"):
        train(dataset, tmp_path / "run", dataclasses.replace(small, epochs=1))
    assert "one class alone is labeled in train" in caplog.text
    assert "has no labels.yaml: its labels are taken for those of camvid" in caplog.text
