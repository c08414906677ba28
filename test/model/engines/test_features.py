"""The feature score: closed forms, and the same from every engine."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from segnet_model.base.errors import SettingsError
from segnet_model.engines.export import Export
from segnet_model.engines.features import FeatureScorer, ScoredNetwork, Tap, scaled
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.networks.encoder_decoder import halves
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.features import FeatureScore
from segnet_model.weights.model_info import ModelInfo

EVEN = (0.0, 0.25, 0.5, 0.75, 1.0)
IMAGE = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8).repeat(8, 0).repeat(8, 1)
NETWORKS = {  # settings, and the channels of the last features
    "segnet_basic": ({"features": 8}, 8),
    "enet": ({}, 16),
    "unet": ({}, 64),
    "segnet_lite": ({}, 24),
}


def score_of(size, **values):
    """A score that whitens nothing."""
    rng = np.random.default_rng(1)
    matrix = tuple(map(tuple, np.eye(size).tolist()))
    numbers = {
        "matrix": matrix, "offset": tuple(rng.normal(size=size).tolist()), "entropy_scale": EVEN,
        "distance_scale": tuple(10.0 * size * x for x in EVEN), "scale": EVEN,
        "images": 9, **values,
    }  # fmt: skip
    return FeatureScore(**numbers)


def weights_of(folder, network):
    settings, size = NETWORKS[network]
    torch.manual_seed(0)
    info = ModelInfo(network, LabelSet.load("camvid"), (64, 96), settings, features=score_of(size))
    path = folder / f"{network}.safetensors"
    save_weights(path, info.build(), info)
    return path


def test_a_scale_is_linear_between_its_numbers():
    values = torch.tensor([-1.0, 0.0, 1.0, 2.0, 3.0, 6.0, 10.0, 18.0, 99.0])
    found = scaled(values, (0.0, 2.0, 4.0, 8.0, 16.0))
    expected = np.interp(values, [0, 2, 4, 8, 16], EVEN)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_distance_is_mahalanobis_of_a_known_covariance():
    rng = np.random.default_rng(0)
    covariance = np.array([[4.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    mean = np.array([1.0, -2.0, 3.0])
    values, vectors = np.linalg.eigh(covariance)
    matrix = (vectors / np.sqrt(values)).T
    score = score_of(3, matrix=tuple(map(tuple, matrix)), offset=tuple(-matrix @ mean))
    x = rng.normal(size=(1, 3, 4, 5))
    found = FeatureScorer(score, 1.0).distance(torch.tensor(x, dtype=torch.float32))
    away = x[0] - mean[:, None, None]
    expected = np.einsum("ihw,ij,jhw->hw", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-4)


def test_the_entropy_is_that_of_the_tempered_classes():
    logits = torch.randn(2, 5, 3, 4)
    p = (logits / 2).softmax(1)
    expected = -(p * p.log()).sum(1, keepdim=True) / np.log(5)
    torch.testing.assert_close(FeatureScorer(score_of(3), 2.0).entropy(logits), expected)


def test_even_maps_stay_as_they_are_and_a_sure_point_gets_the_doubt_of_its_neighbors():
    scorer = FeatureScorer(score_of(1, offset=(0.0,), distance_scale=EVEN), 1.0)
    x, logits = torch.full((1, 1, 16, 16), 0.5**0.5), torch.zeros(1, 4, 16, 16)
    logits[:, 0] = 100.0  # no entropy
    # The distance is 0.5, and counts a third.
    torch.testing.assert_close(scorer(x, logits, 2), torch.full((1, 1, 16, 16), 0.5 / 3))
    x[..., 8, 8] = 0.0
    found = scorer(x, logits, 2)[0, 0]
    assert 0.85 * 0.5 / 3 < found[8, 8] < 0.5 / 3
    assert found[0, 0] == pytest.approx(0.5 / 3)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("size", [(64, 96), (72, 104), (40, 200)])
def test_the_score_has_the_size_and_the_places_of_the_logits(tmp_path, network, size):
    net, info = load_weights(weights_of(tmp_path, network))
    scored = ScoredNetwork(net, info).eval()
    with torch.no_grad():
        x = torch.randn(2, 3, *size)
        raw, score = scored(x)
        first, second = halves(net)
        torch.testing.assert_close(raw, second(first(x)))
    assert score.shape == (2, 1, *raw.shape[-2:])
    assert size[0] / raw.shape[-2] == size[1] / raw.shape[-1] in (1, 2)
    assert 0 <= score.min() < score.max() <= 1


def test_the_score_is_where_the_features_are():
    """A strange patch in the image is strange at the same place of the score."""

    class Same(nn.Module):
        def __init__(self):
            super().__init__()
            self.classifier = nn.Conv2d(3, 4, 1)

        def forward(self, x):
            return self.classifier(x)

    info = ModelInfo("a:b", LabelSet.load("camvid"), (64, 96),
                     features=score_of(3, offset=(0.0,) * 3, distance_scale=EVEN))  # fmt: skip
    x = torch.zeros(1, 3, 64, 96)
    x[..., 40:56, 16:32] = 10.0
    network = Same()
    nn.init.zeros_(network.classifier.weight)
    nn.init.constant_(network.classifier.bias, 0)
    network.classifier.bias.data[0] = 50.0
    with torch.no_grad():
        score = ScoredNetwork(network, info)(x)[1][0, 0]
    assert score[47, 23] == pytest.approx(1 / 3)  # of the distance's share, 1 in the patch
    assert (score[40:56, 16:32] > 0.09).all()  # less at its corners
    outside = score.clone()
    outside[32:64, 8:40] = 0
    assert outside.max() < 1e-6


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_the_predictor_gives_the_score_as_its_uncertainty(tmp_path, small_info, activation):
    classes = LabelSet.load("camvid").classes[:2] if activation == "sigmoid" else None
    labels = dataclasses.replace(small_info.labels, classes=classes) if classes else None
    info = dataclasses.replace(
        small_info, activation=activation, labels=labels or small_info.labels, features=score_of(8)
    )
    path = tmp_path / "w.safetensors"
    save_weights(path, info.build(), info)
    plain = Predictor.load(path, precision="float32").predict(IMAGE)
    found = Predictor.load(path, precision="float32", uncertainty="features").predict(IMAGE)
    np.testing.assert_array_equal(plain.labels, found.labels)
    np.testing.assert_allclose(plain.confidence, found.confidence, atol=1e-5)
    assert np.abs(plain.uncertainty - found.uncertainty).max() > 0.05
    assert 0 <= found.uncertainty.min() <= found.uncertainty.max() <= 1


def test_weights_without_a_score_are_refused_with_the_mend(weights):
    with pytest.raises(SettingsError, match="no feature score; fit one with segnet calibrate"):
        Predictor.load(weights, uncertainty="features")


def test_a_score_of_another_network_is_refused(tmp_path, small_info):
    info = dataclasses.replace(small_info, features=score_of(9))
    save_weights(tmp_path / "w.safetensors", info.build(), info)
    with pytest.raises(SettingsError, match="of 9 features and the network has 8"):
        Predictor.load(tmp_path / "w.safetensors", uncertainty="features")


def test_a_network_without_a_classifier_is_refused():
    with pytest.raises(SettingsError, match="a Sequential has no layer named classifier"):
        Tap.on(nn.Sequential(nn.Conv2d(3, 4, 1)))


@pytest.mark.slow
@pytest.mark.parametrize("network", ["segnet_basic", "enet", "segnet_lite"])
@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_every_engine_gives_the_same_score(tmp_path, network, engine):
    pytest.importorskip({"onnx": "onnxruntime"}.get(engine, engine))
    path = weights_of(tmp_path, network)
    export = Export.of(path, size=(64, 96))
    out = path.with_suffix({"onnx": ".onnx", "openvino": ".xml"}[engine])
    (export.to_onnx if engine == "onnx" else export.to_openvino)(out)
    plain = Predictor.load(path, precision="float32", engine="torch", uncertainty="features")
    other = Predictor.load(out, precision="float32", uncertainty="features")
    expected, found = plain.predict(IMAGE), other.predict(IMAGE)
    np.testing.assert_allclose(found.uncertainty, expected.uncertainty, atol=2e-4)
    np.testing.assert_allclose(found.confidence, expected.confidence, atol=2e-3)
    entropy = Predictor.load(out, precision="float32").predict(IMAGE)
    ours = Predictor.load(path, precision="float32", engine="torch").predict(IMAGE)
    np.testing.assert_allclose(entropy.uncertainty, ours.uncertainty, atol=1e-3)


@pytest.mark.slow
def test_an_export_without_a_score_is_refused(tmp_path, weights):
    pytest.importorskip("onnxruntime")
    out = tmp_path / "plain.onnx"
    Export.of(weights, size=(64, 96)).to_onnx(out)
    with pytest.raises(SettingsError, match="run segnet calibrate and then segnet export"):
        Predictor.load(out, uncertainty="features")
