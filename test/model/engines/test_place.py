"""The place score: a closed form, and the same from every engine and every way to run a network."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from segnet_model.base.errors import SettingsError
from segnet_model.engines.export import Export
from segnet_model.engines.place import PlaceScorer, deepest_layer, pooled
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.networks import build_network
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.place import PlaceScore

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (8, 12, 3), np.uint8).repeat(8, 0).repeat(8, 1)
NETWORKS = {  # settings, and the channels of the deepest features that no dropout precedes
    "segnet_basic": ({"features": 8}, 8),
    "bayesian_segnet_basic": ({"features": 8}, 8),
    "enet": ({}, 128),
    "unet": ({}, 512),
    "segnet_lite": ({}, 320),
    "bayesian_segnet_lite": ({"sampled": 2}, 320),
}


def place_of(channels, **values):
    rng = np.random.default_rng(1)
    numbers = {
        "mean": tuple(rng.normal(size=2 * channels).tolist()),
        "deviation": tuple(rng.uniform(0.5, 2, 2 * channels).tolist()), "bound": 2.5, "images": 50,
        **values,
    }  # fmt: skip
    return PlaceScore(**numbers)


def weights_of(folder, network):
    settings, channels = NETWORKS[network]
    torch.manual_seed(0)
    labels = LabelSet.load("camvid")
    info = ModelInfo(network, labels, (64, 96), settings, place=place_of(channels))
    path = folder / f"{network}.safetensors"
    save_weights(path, info.build(), info)
    return path


def test_the_score_is_the_distance_in_standard_deviations():
    place = place_of(3)
    x = np.random.default_rng(2).normal(size=(2, 3, 5, 7))
    vectors = np.concatenate([x.mean((2, 3)), x.std((2, 3))], 1)
    z = (vectors - np.array(place.mean)) / np.array(place.deviation)
    expected = np.sqrt((z**2).mean(1)) / place.bound
    found = PlaceScorer(place)(pooled(torch.tensor(x, dtype=torch.float32)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_deepest_of_several_features_counts():
    deep = torch.randn(1, 4, 2, 3)
    torch.testing.assert_close(pooled([torch.zeros(1, 9, 4, 6), deep]), pooled(deep))


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_names_its_deepest_features(network):
    settings, channels = NETWORKS[network]
    found = []
    net = build_network(network, 11, **settings).eval()
    deepest_layer(net).register_forward_hook(lambda m, i, out: found.append(pooled(out)))
    with torch.no_grad():
        net(torch.randn(1, 3, 64, 96))
    assert [each.shape for each in found] == [(1, 2 * channels)]


@pytest.mark.parametrize("network", NETWORKS)
def test_each_image_of_a_batch_has_the_score_that_it_has_alone(tmp_path, network):
    predictor = Predictor.load(weights_of(tmp_path, network), precision="float32", engine="torch")
    other = 255 - IMAGE
    both = predictor.predict(np.stack([IMAGE, other]))
    alone = [float(predictor.predict(each).place_score) for each in (IMAGE, other)]
    np.testing.assert_allclose(both.place_score, alone, rtol=1e-4)
    assert alone[0] != pytest.approx(alone[1], rel=1e-4)
    assert both[1].resized((10, 20)).place_score == both.place_score[1]


@pytest.mark.parametrize("network", ["bayesian_segnet_basic", "bayesian_segnet_lite"])
@pytest.mark.parametrize("way", ["mc", "temporal"])
def test_dropout_does_not_change_the_score(tmp_path, network, way):
    path = weights_of(tmp_path, network)
    plain, sampled = (
        Predictor.load(path, precision="float32", uncertainty=each, samples=3).predict(IMAGE)
        for each in ("none", way)
    )
    assert float(sampled.place_score) == pytest.approx(float(plain.place_score), rel=1e-5)


@pytest.mark.parametrize("way", ["mc", "temporal"])
def test_a_network_with_dropout_before_its_deepest_features_has_no_score_then(tmp_path, way):
    predictor = Predictor.load(weights_of(tmp_path, "enet"), uncertainty=way, samples=2)
    assert predictor.predict(IMAGE).place_score is None


def test_weights_without_a_score_have_none(weights):
    assert Predictor.load(weights).predict(IMAGE).place_score is None


def test_a_score_of_another_network_is_refused(tmp_path, small_info):
    info = dataclasses.replace(small_info, place=place_of(9))
    save_weights(tmp_path / "w.safetensors", info.build(), info)
    with pytest.raises(SettingsError, match="of 18 features and the network has 16"):
        Predictor.load(tmp_path / "w.safetensors")


def test_a_network_that_does_not_name_its_deepest_layer_is_refused():
    with pytest.raises(SettingsError, match="a Sequential does not say which layer"):
        deepest_layer(nn.Sequential(nn.Conv2d(3, 4, 1)))


@pytest.mark.slow
@pytest.mark.parametrize("network", ["segnet_basic", "segnet_lite"])
@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_every_engine_gives_the_same_score(tmp_path, network, engine):
    pytest.importorskip({"onnx": "onnxruntime"}.get(engine, engine))
    path = weights_of(tmp_path, network)
    export = Export.of(path, size=(64, 96))
    out = path.with_suffix({"onnx": ".onnx", "openvino": ".xml"}[engine])
    (export.to_onnx if engine == "onnx" else export.to_openvino)(out)
    plain = Predictor.load(path, precision="float32", engine="torch")
    other = Predictor.load(out, precision="float32")
    for image in (IMAGE, 255 - IMAGE):
        expected, found = plain.predict(image), other.predict(image)
        assert float(found.place_score) == pytest.approx(float(expected.place_score), rel=1e-3)
        np.testing.assert_allclose(found.confidence, expected.confidence, atol=2e-3)


@pytest.mark.slow
def test_an_int8_export_gives_nearly_the_same_score(tmp_path):
    for name in ("openvino", "nncf"):
        pytest.importorskip(name)
    path = weights_of(tmp_path, "segnet_lite")
    rng = np.random.default_rng(3)
    images = [
        rng.integers(0, 256, (8, 12, 3), np.uint8).repeat(8, 0).repeat(8, 1) for _ in range(8)
    ]
    out = path.with_suffix(".xml")
    Export.of(path, size=(64, 96)).to_openvino(out, images, quick=True)
    plain = Predictor.load(path, precision="float32", engine="torch").predict(IMAGE)
    found = Predictor.load(out).predict(IMAGE)
    assert float(found.place_score) == pytest.approx(float(plain.place_score), rel=0.03)
