"""Networks, engines, refinements and ways to estimate uncertainty that another package adds."""

import numpy as np
import pytest
import torch
from torch import nn

from segnet_model.base.choices import ENGINES, NETWORKS, REFINEMENTS, UNCERTAINTIES
from segnet_model.inference.prediction import Inference, Prediction
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.uncertainty import UncertaintyMethod
from segnet_model.labels import LabelSet
from segnet_model.networks import build_network
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

IMAGE = np.zeros((64, 96, 3), np.uint8)


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    for registry in (ENGINES, NETWORKS, REFINEMENTS, UNCERTAINTIES):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))


def test_a_network(tmp_path):
    NETWORKS.register("pixelwise", lambda num_classes: nn.Conv2d(3, num_classes, 1))
    info = ModelInfo("pixelwise", LabelSet.load("camvid"), (64, 96))
    save_weights(tmp_path / "own.safetensors", build_network("pixelwise", 11), info)
    predictor = Predictor.load(tmp_path / "own.safetensors", "cpu")
    assert predictor.info.network == "pixelwise"
    assert predictor.predict(IMAGE).labels.shape == (64, 96)


class ClassTwo:
    """An engine whose files hold metadata only, and that always answers class 2."""

    name, suffix, precision, size, device = "two", ".two", "int8", None, torch.device("cpu")
    place_scores = None

    def __init__(self, path):
        self.info = ModelInfo.from_json(path.read_text())

    @classmethod
    def open(cls, path, device, precision, trusted):
        return cls(path)

    def logits(self, images):
        return nn.functional.one_hot(torch.full(images.shape[:3], 2), 11).permute(0, 3, 1, 2) * 9.0


def test_an_engine(tmp_path, small_info, weights):
    ENGINES.register("two", ClassTwo)
    (tmp_path / "small.two").write_text(small_info.to_json())
    assert (Predictor.load(tmp_path / "small.two").predict(IMAGE).labels == 2).all()
    beside = Predictor.load(weights, engine="two")  # which lies beside the weights
    assert beside.engine.name == "two"


class Mirrored(Inference):
    """The mean of an image's answer and of its mirror image's."""

    def __init__(self, engine, samples, seed):
        self._engine = engine

    def __call__(self, images, captures=()):
        both = self._engine.logits(images), self._engine.logits(images.flip(2)).flip(3)
        return Prediction(torch.stack(both).softmax(2).mean(0))


def test_a_way_to_estimate_uncertainty(weights):
    UNCERTAINTIES.register("mirrored", UncertaintyMethod(Mirrored))
    image = np.random.default_rng(0).integers(0, 256, IMAGE.shape, np.uint8)
    predictor = Predictor.load(weights, "cpu", "float32", uncertainty="mirrored")
    found, mirrored = (predictor.predict(each).confidence for each in (image, image[:, ::-1]))
    np.testing.assert_allclose(found, mirrored[:, ::-1], atol=1e-5)


def test_a_refinement(weights):
    REFINEMENTS.register("sky", lambda: lambda prediction, images: Prediction(
        prediction.probabilities, refined=torch.eye(11)[0].view(1, 11, 1, 1).expand(1, -1, 64, 96)
    ))  # fmt: skip
    assert (Predictor.load(weights, "cpu", refine="sky").predict(IMAGE).labels == 0).all()


def test_help_lists_what_was_added(capsys):
    from segnet_model.cli import main

    ENGINES.register("two", ClassTwo)
    UNCERTAINTIES.register("mirrored", UncertaintyMethod(Mirrored))
    with pytest.raises(SystemExit, match="0"):
        main(["predict", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "{auto,torch,openvino,onnx,two}" in said
    assert "{none,mc,temporal,features,mirrored}" in said
