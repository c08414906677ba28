"""Weights, epochs and advice where the user gives none."""

import dataclasses
import logging
import shutil

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.training.defaults import decided
from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights, read_info
from segnet_model.weights.shipped import find_weights, shipped_names


@pytest.mark.parametrize(("given", "start"), [
    ({}, DEFAULT_WEIGHTS),
    ({"init": "none"}, None),
    ({"init": "enet_camvid"}, "enet_camvid"),
    ({"network": "segnet_basic"}, "segnet_basic_drives"),
    ({"network_settings": {"features": 32}}, "segnet_basic_drives"),
    ({"network_settings": {"features": 8}}, None),
    ({"network": "bayesian_segnet_basic"}, "bayesian_segnet_basic_drives"),
    ({"network": "enet"}, None),  # those that ship are for research only
    ({"network": "segnet"}, None),
    ({"network": "package.module:factory"}, None),
    ({"network": "segnet_lite", "encoder": "efficientnet_lite0"}, None),
])  # fmt: skip
def test_training_starts_from_shipped_weights_of_the_same_network(given, start):
    assert decided(TrainSettings(**given), images=100).init == start


def test_no_training_starts_from_weights_for_research_unasked():
    for name in shipped_names():
        info = read_info(find_weights(name))
        settings = TrainSettings(network=info.network, network_settings=dict(info.network_settings))
        start = decided(settings, images=100).init
        assert start is None or read_info(find_weights(start)).license == "Apache-2.0"


@pytest.mark.parametrize(("images", "batch_size", "epochs", "every"), [
    (6, 8, 300, 50), (30, 8, 100, 16), (50, 8, 60, 10), (300, 8, 60, 10), (6, 2, 100, 16),
    (10_000, 8, 60, 10),
])  # fmt: skip
def test_few_images_get_more_epochs(images, batch_size, epochs, every):
    found = decided(TrainSettings(batch_size=batch_size), images)
    assert (found.epochs, found.evaluate_every) == (epochs, every)


def test_what_is_given_stays():
    given = TrainSettings(epochs=25, evaluate_every=3, init="none")
    assert decided(given, 6) == dataclasses.replace(given, init=None)
    assert decided(TrainSettings(epochs=25), 6).evaluate_every == 10
    assert decided(TrainSettings(patience=20), 6).evaluate_every == 10
    assert decided(TrainSettings(evaluate_every=7), 6).evaluate_every == 7


@pytest.fixture
def warned(dataset, tmp_path, caplog):
    def do(settings):
        with caplog.at_level(logging.INFO), pytest.raises(SettingsError):
            train(dataset, tmp_path / "run", settings)  # which ends before the first step
        return caplog.text

    return do


def test_too_few_images_and_steps_are_named(small, warned):
    text = warned(dataclasses.replace(small, epochs=25, crop_size=(512, 512)))
    assert "only 6 images to learn from" in text
    assert "25 epochs of 6 images: only 75 steps" in text
    assert "give epochs 100, or leave epochs away" in text
    assert "val: 2 images say little" in text
    assert "starting from random weights" in text


def test_no_val_is_named(dataset, small, warned):
    shutil.rmtree(dataset / "val")
    assert "nothing shows how good the network is" in warned(
        dataclasses.replace(small, crop_size=(512, 512))
    )


def test_a_training_from_the_default_weights_says_so(dataset, tmp_path, caplog):
    settings = TrainSettings(
        network="segnet_basic", epochs=1, batch_size=2, learning_rate=1e-12, input_size=(64, 96),
        device="cpu", statistics_images=0, precision="float32",
    )  # fmt: skip
    with caplog.at_level(logging.INFO):
        path = train(dataset, tmp_path / "run", settings)
    assert "starting from segnet_basic_drives, which ships (Apache-2.0); init none" in caplog.text
    assert "took over " in caplog.text
    info = load_weights(path)[1]
    assert info.training["init"] == "segnet_basic_drives"
    assert info.network_settings == {"features": 32}
