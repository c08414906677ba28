"""Each way to ask, over real topics: the node says what the predictor says."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
import torch
from sensor_msgs.msg import Image

from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.features import FeatureScore
from segnet_model.weights.model_info import ModelInfo

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def bayesian(tmp_path_factory):
    torch.manual_seed(0)
    eye, even = np.eye(8).tolist(), (0.0, 0.2, 0.4, 0.6, 0.8)
    score = FeatureScore(
        tuple(map(tuple, eye)), (0.1,) * 8, even, tuple(99 * x for x in even), even, 40
    )
    info = ModelInfo(
        "bayesian_segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8}, features=score
    )
    path = tmp_path_factory.mktemp("weights") / "bayesian.safetensors"
    save_weights(path, info.build(), info)
    return path


def picture(seed):
    return np.random.default_rng(seed).integers(0, 99, (64, 96, 3), np.uint8)


def message_of(pixels, seconds):
    message = Image(height=64, width=96, step=288, encoding="rgb8")
    message.data = array("B", pixels.tobytes())
    message.header.stamp.sec = seconds
    return message


@pytest.mark.parametrize(
    "how",
    [
        {"uncertainty": "mc", "samples": 4, "seed": 7},
        {"uncertainty": "temporal"},
        {"uncertainty": "mc", "samples": 2, "refine": "crf"},
        {"uncertainty": "features"},
    ],
)
def test_the_node_asks_as_it_is_told(start_node, client, bayesian, how):
    node = start_node(weights=bayesian, precision="float32", reliability="reliable", **how)
    camera = client.publisher("image", Image)
    inbox = client.listen("/segmentation/uncertainty", Image, 10)
    client.exchange(camera, message_of(picture(0), 100), inbox)
    predictor = Predictor.load(bayesian, precision="float32", **how)
    # A jump in time begins anew; then the average goes on over frames a second apart.
    for seconds in (500, 501, 502):
        camera.publish(message_of(picture(seconds), seconds))
        got = inbox.next(lambda message, at=seconds: message.header.stamp.sec == at)
        expected = predictor.predict(picture(seconds), float(seconds))
        found = np.frombuffer(got.data, np.float32).reshape(64, 96)
        np.testing.assert_allclose(found, expected.uncertainty, atol=1e-5)
    client.forget("/segmentation/uncertainty")
    assert node.end() == 0  # the next one publishes on the same topics


def test_a_network_without_dropout_is_refused_with_the_mend(start_node, weights):
    node = start_node(weights=weights, uncertainty="mc")
    node.wait_for("no dropout to sample; choose uncertainty 'none'")
