"""The fit of the feature score: closed forms, strange folders, and things never taught."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from segnet_model.base.errors import DatasetError
from segnet_model.cli import main
from segnet_model.datasets.folder import open_split
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.calibration import Detector
from segnet_model.evaluation.features import Gaussian, fit_features, rarity_scale
from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import load_weights

LABELS = LabelSet.load("camvid")


def test_a_gaussian_is_that_of_all_its_vectors_however_they_come():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(900, 4)) @ rng.normal(size=(4, 4)) + 1e4
    gaussian = Gaussian()
    for part in (vectors[:1], vectors[1:500], vectors[:0], vectors[500:]):
        gaussian.update(part)
    np.testing.assert_allclose(gaussian.mean, vectors.mean(0))
    np.testing.assert_allclose(gaussian.covariance, np.cov(vectors.T, bias=True), rtol=1e-6)


def test_whitened_vectors_have_the_identity_as_their_covariance():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50_000, 3)) @ np.array([[1.0, 0.5, 0], [0, 1, 0.2], [0, 0, 1]]) + 5
    gaussian = Gaussian()
    gaussian.update(vectors)
    matrix, offset = gaussian.whitening()
    white = vectors @ matrix.T + offset
    np.testing.assert_allclose(np.cov(white.T), np.eye(3), atol=0.01)
    # Of Gaussian vectors, the squared distance is chi-square distributed: mean 3, variance 6.
    distances = np.square(white).sum(1)
    assert (distances.mean(), distances.var()) == (pytest.approx(3, 0.02), pytest.approx(6, 0.05))


@pytest.mark.parametrize("count", [1, 3])
def test_fewer_vectors_than_dimensions_give_a_finite_distance(count):
    gaussian = Gaussian()
    gaussian.update(np.random.default_rng(0).normal(size=(count, 8)))
    assert np.isfinite(gaussian.whitening()[0]).all()


def test_a_scale_has_the_values_that_tenths_exceed():
    values = np.random.default_rng(0).exponential(size=1_000_000)
    # A share of 0.1 ** k exceeds k ln 10.
    expected = np.arange(5) * np.log(10)
    np.testing.assert_allclose(rarity_scale(values), expected, atol=0.3)


@pytest.mark.parametrize("values", [np.zeros(5), np.ones(1), np.array([0.0] * 99 + [1.0])])
def test_a_scale_rises_whatever_the_values(values):
    assert (np.diff(rarity_scale(values)) > 0).all()


@pytest.fixture(scope="module")
def taught(shared_dataset, tmp_path_factory):
    """Weights that tell sky from road, after `segnet train` and `segnet calibrate`."""
    root = tmp_path_factory.mktemp("features")
    how = ["--network", "segnet_basic", "--set", "features=8", "--learning-rate", "0.01"]
    how += ["--epochs", "12", "--batch-size", "2", "--workers", "1"]
    assert main(["train", str(shared_dataset), "--out", str(root), *how]) == 0
    return root / "weights.safetensors"


class Nearest(nn.Module):
    """Labels each pixel by the nearest color: the features are the colors."""

    def __init__(self, info):
        super().__init__()
        mean, std = torch.tensor(info.mean), torch.tensor(info.std)
        colors = torch.tensor([each.color for each in info.labels.classes]) / 255
        centers = (colors - mean) / std
        self.classifier = nn.Conv2d(3, len(centers), 1)
        self.classifier.weight.data = 20 * centers[..., None, None]
        self.classifier.bias.data = -10 * centers.square().sum(1)

    def forward(self, x):
        return self.classifier(x)


def test_the_score_finds_what_was_never_taught(shared_dataset, small_info):
    folder = open_split(shared_dataset, "train", LABELS)
    engine = TorchEngine(Nearest(small_info), small_info, precision="float32")
    info = dataclasses.replace(small_info, features=fit_features(engine, folder))
    assert info.features.images == 6
    image, _ = open_split(shared_dataset, "val", LABELS).read(0)
    image = image.copy()
    image[40:60, 30:60] = [250, 20, 30]  # neither gray nor purple
    found = {
        way: Predictor(TorchEngine(Nearest(info), info, precision="float32"), way).predict(image)
        for way in ("none", "features")
    }
    inside = np.zeros((64, 96), bool)
    inside[40:60, 30:60] = True
    aurocs = {}
    for way, each in found.items():
        detector = Detector()
        detector.update(each.uncertainty.ravel(), ~inside.ravel())
        aurocs[way] = detector.auroc
    assert aurocs["none"] < 0.9 < 0.97 < aurocs["features"]
    assert found["features"].uncertainty[50, 45] > 0.5  # rarer than a right pixel of a hundred


def test_training_fits_a_score(taught):
    assert load_weights(taught)[1].features.images == 2


def test_the_command_writes_the_score_and_its_use_is_measured(
    taught, shared_dataset, tmp_path, capsys
):
    out = tmp_path / "w.safetensors"
    command = ["calibrate", str(taught), str(shared_dataset), "--out", str(out)]
    assert main([*command, "--risk", "0.34"]) == 0
    assert "no place score: 2 images do not show a place" in capsys.readouterr().out
    info = load_weights(out)[1]
    assert info.features is not None
    assert main(["evaluate", str(out), str(shared_dataset), "--uncertainty", "features"]) == 0
    text = capsys.readouterr().out
    assert "wrong pixels by feature score" in text
    assert ("risk promised 34 %" in text) == ("features" in info.bounds)


def test_images_without_labels_are_refused(dataset, small_info):
    for path in (dataset / "valannot").iterdir():
        write_png(path, np.full((64, 96), LABELS.ignore_id, np.uint8))
    engine = TorchEngine(small_info.build(), small_info)
    with pytest.raises(DatasetError, match="no pixel of these images is labeled"):
        fit_features(engine, open_split(dataset, "val", LABELS))


def test_one_image_is_enough_for_a_score(dataset, taught):
    folder = open_split(dataset, "val", LABELS)
    one = dataclasses.replace(folder, samples=folder.samples[:1])
    network, info = load_weights(taught)
    assert fit_features(TorchEngine(network, info), one).images == 1
