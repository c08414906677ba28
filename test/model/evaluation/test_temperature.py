import dataclasses

import numpy as np
import pytest
import torch

from segnet_model.base.errors import DatasetError, WeightsError
from segnet_model.cli import main
from segnet_model.datasets.folder import LabeledFolder, open_split
from segnet_model.engines import open_engine
from segnet_model.evaluation.temperature import fit_temperature, fit_temperatures
from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import load_weights, replace_info, save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import read_tensors

IMAGE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


def drawn(probabilities):
    """Classes drawn from probabilities (C, N)."""
    return torch.multinomial(probabilities.T, 1, generator=torch.Generator().manual_seed(1))[:, 0]


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_finds_the_temperature_that_the_truth_was_drawn_with(true):
    logits = 3 * torch.randn(5, 40_000, generator=torch.Generator().manual_seed(0))
    truth = drawn((logits / true).softmax(0))
    assert fit_temperature(logits[None], truth) == pytest.approx(true, rel=0.03)


def test_fits_the_mean_of_the_passes_and_not_each_of_them():
    # Two passes that contradict each other are less sure together; the temperature makes up for it.
    generator = torch.Generator().manual_seed(0)
    passes = 3 * torch.randn(1, 4, 40_000, generator=generator) + torch.randn(
        8, 4, 40_000, generator=generator
    )
    truth = drawn((passes / 0.6).softmax(1).mean(0))
    assert fit_temperature(passes, truth) == pytest.approx(0.6, rel=0.03)


def test_a_hopeless_network_gets_the_highest_temperature_and_no_infinity():
    logits = torch.randn(3, 1000, generator=torch.Generator().manual_seed(0))
    assert fit_temperature(logits[None], logits.argmin(0)) == 20.0
    assert fit_temperature(logits[None], logits.argmax(0)) == 0.05


@pytest.mark.parametrize("asked", ["none", "mc", "temporal"])
def test_probabilities_are_those_of_the_logits_over_the_temperature(tmp_path, small_info, asked):
    info = dataclasses.replace(small_info, network="bayesian_segnet_basic")
    network = info.build()
    network.classifier.weight.data *= 20
    plain, scaled = tmp_path / "plain.safetensors", tmp_path / "scaled.safetensors"
    save_weights(plain, network, info)
    replace_info(plain, scaled, dataclasses.replace(info, temperatures={"none": 2.0, "mc": 0.5}))
    settings = {"device": "cpu", "precision": "float32", "uncertainty": asked, "samples": 1}
    one, other = (
        Predictor.load(path, **settings).predict_unscaled(IMAGE[None]).probabilities
        for path in (plain, scaled)
    )
    expected = one.log().div(2.0 if asked == "none" else 0.5).softmax(1)
    torch.testing.assert_close(other, expected, atol=1e-5, rtol=1e-4)


def test_the_command_calibrates_and_leaves_the_tensors_alone(dataset, weights, capsys):
    before = read_tensors(weights)
    labels = Predictor.load(weights).predict(IMAGE).labels
    assert main(["calibrate", str(weights), str(dataset)]) == 0
    after = read_tensors(weights)
    assert all(torch.equal(before[name], after[name]) for name in before)
    info = load_weights(weights)[1]
    assert info.temperatures.keys() == {"none"}
    assert np.array_equal(Predictor.load(weights).predict(IMAGE).labels, labels)
    assert "temperature" in capsys.readouterr().out


def test_a_bayesian_network_is_fitted_in_both_ways(dataset, tmp_path, small_info):
    path = tmp_path / "bayesian.safetensors"
    info = dataclasses.replace(small_info, network="bayesian_segnet_basic")
    save_weights(path, info.build(), info)
    folder = open_split(dataset, "val", info.labels)
    fits = fit_temperatures(open_engine(path), folder)
    assert fits.keys() == {"none", "mc"}
    assert fits == fit_temperatures(open_engine(path), folder)  # pixels and masks are seeded


def test_weights_that_ship_stay_as_they_are(dataset, tmp_path, capsys):
    shipped = find_weights("segnet_basic_drives")
    before = shipped.read_bytes()
    assert main(["calibrate", "segnet_basic_drives", str(dataset)]) == 2
    assert "give --out FILE" in capsys.readouterr().err
    out = tmp_path / "mine.safetensors"
    assert main(["calibrate", "segnet_basic_drives", str(dataset), "--out", str(out)]) == 0
    assert shipped.read_bytes() == before
    assert load_weights(out)[1].temperatures.keys() == {"none"}


def test_refuses_what_it_cannot_use(dataset, weights, tmp_path, capsys):
    (tmp_path / "other.xml").touch()
    assert main(["calibrate", str(tmp_path / "other.xml"), str(dataset)]) == 2
    assert "give the .safetensors" in capsys.readouterr().err
    (dataset / "labels.yaml").write_text("classes: [{name: cat, color: [1, 2, 3]}]")
    assert main(["calibrate", str(weights), str(dataset)]) == 2


def test_an_empty_onnx_file_is_refused(dataset, tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    (tmp_path / "other.onnx").touch()
    assert main(["calibrate", str(tmp_path / "other.onnx"), str(dataset)]) == 2
    assert "other.onnx: an empty file" in capsys.readouterr().err


def test_images_without_labeled_pixels_are_refused(dataset, weights):
    labels = LabelSet.load("camvid")
    for path in (dataset / "valannot").iterdir():
        write_png(path, np.full((64, 96), labels.ignore_id, np.uint8))
    folder: LabeledFolder = open_split(dataset, "val", labels)
    with pytest.raises(DatasetError, match="no pixel"):
        fit_temperatures(open_engine(weights), folder)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"none": 0}, "its temperatures are not numbers above 0"),
        ({"none": -1.0}, "its temperatures are not numbers above 0"),
        ({"none": "warm"}, "its metadata is damaged .*not supported"),
        ({"mc": float("inf")}, "its temperatures are not numbers above 0"),
        (3, "temperatures is not a set of named values"),
    ],
)
def test_damaged_temperatures_are_refused(small_info, bad, message):
    text = dataclasses.replace(small_info, temperatures=bad).to_json()
    with pytest.raises(WeightsError, match=message):
        ModelInfo.from_json(text)
