"""The bound of the weights decides what is drivable, unless the parameter does."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np
import pytest
import torch
from rcl_interfaces.srv import DescribeParameters
from sensor_msgs.msg import Image

from segnet_model.base.tables import AnswerSettings
from segnet_model.driving.mask import drivable_mask
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.bounds import Bound
from segnet_model.weights.checkpoint import replace_info, save_weights
from segnet_model.weights.model_info import ModelInfo

pytestmark = pytest.mark.ros

LABELS = LabelSet.load("camvid").with_drivable(LabelSet.load("camvid").names)
PIXELS = np.random.default_rng(5).integers(0, 256, (6, 8, 3), np.uint8).repeat(12, 0).repeat(12, 1)


def message_of(seconds):
    message = Image(height=72, width=96, step=288, encoding="rgb8")
    message.data = array("B", PIXELS.tobytes())
    message.header.stamp.sec = seconds
    return message


@pytest.fixture(scope="module")
def promising(tmp_path_factory):
    """Weights whose bound is the median of the uncertainty, and the predictor of them."""
    torch.manual_seed(0)
    info = ModelInfo("segnet_basic", LABELS, (64, 96), {"features": 8})
    path = tmp_path_factory.mktemp("weights") / "promising.safetensors"
    save_weights(path, info.build(), info)
    middle = float(np.median(Predictor.load(path, precision="float32").predict(PIXELS).uncertainty))
    replace_info(path, path, replace(info, bounds={"none": Bound(middle, 0.01, 0.9, 400)}))
    return path, Predictor.load(path, precision="float32")


def expected(predictor, bound):
    found = predictor.predict(PIXELS)
    area = AnswerSettings().drivable_min_area
    return drivable_mask(found.labels, found.uncertainty, LABELS, bound, min_area=area)


def test_the_bound_of_the_weights_is_used_until_a_parameter_is_set(start_node, client, promising):
    path, predictor = promising
    node = start_node(weights=path, precision="float32", reliability="reliable")
    bound = predictor.promise.max_uncertainty
    node.wait_for(f"max_uncertainty {bound:.3g} of the weights: at most 1 % of the drivable area")
    camera = client.publisher("image", Image)
    inbox = client.listen("/segmentation/drivable", Image, 10)
    client.exchange(camera, message_of(100), inbox)

    def drivable_at(seconds):
        camera.publish(message_of(seconds))
        got = inbox.next(lambda message: message.header.stamp.sec == seconds)
        return np.frombuffer(got.data, np.uint8).reshape(72, 96)

    ours, usual = expected(predictor, bound), expected(predictor, 1.0)
    assert 0 < np.count_nonzero(ours) < np.count_nonzero(usual)
    assert np.count_nonzero(drivable_at(101) != ours) < 30  # sums in another order
    for seconds, each, area in ((102, 1.0, usual), (103, -1.0, ours)):
        client.change(max_uncertainty=each)
        assert np.count_nonzero(drivable_at(seconds) != area) < 30
    asked = DescribeParameters.Request(names=["max_uncertainty"])
    (about,) = client.call(
        DescribeParameters, "/segmentation/describe_parameters", asked
    ).descriptors
    assert "-1.0: the bound of the weights from segnet calibrate, or 0.5." in about.description
    client.forget("/segmentation/drivable")
    assert node.end() == 0


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({"max_uncertainty": 0.4}, "max_uncertainty 0.4, as the parameter says"),
        (
            {"drivable_classes": ["Road"]},
            "max_uncertainty 0.5: the bound of the weights is for other drivable classes",
        ),
    ],
)
def test_the_log_says_why_it_is_another(start_node, promising, parameters, line):
    node = start_node(weights=promising[0], precision="float32", **parameters)
    node.wait_for(line)
    assert node.end() == 0


def test_the_log_says_that_weights_have_none(start_node, weights):
    node = start_node(weights=weights, precision="float32")
    node.wait_for("max_uncertainty 0.5: the weights have no bound; segnet calibrate fits one")
    assert node.end() == 0
