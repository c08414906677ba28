"""Adopted networks at the node, over real topics: one with logits, one that answers ids alone."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from painter import COLORS, NAMES, painter
from sensor_msgs.msg import Image

from segnet_model.engines.adoption import adopt
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet, SegmentationClass
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD
from segnet_ros.segmentation.messages import SegmentationStats

pytestmark = pytest.mark.ros
pytest.importorskip("onnxruntime")
classes = zip(NAMES, COLORS, strict=True)
LABELS = LabelSet("yard", tuple(SegmentationClass(n, c, n == "path") for n, c in classes))
IDS = np.array([[0, 3, 2], [4, 1, 1]], np.uint8).repeat(32, 0).repeat(32, 1)
PIXELS = np.array(COLORS, np.uint8)[IDS]


def message_of(seconds):
    message = Image(height=64, width=96, step=288, encoding="rgb8")
    message.data = array("B", PIXELS.tobytes())
    message.header.stamp.sec = seconds
    return message


@pytest.fixture
def adopted(tmp_path):
    def make(end):
        model = painter(end=end, mean=IMAGENET_MEAN, std=IMAGENET_STD)
        (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
        adopt(tmp_path / "model.onnx", LABELS, PIXELS).save(tmp_path / f"{end}.onnx")
        return tmp_path / f"{end}.onnx"

    return make


def values(message, dtype=np.uint8):
    return np.frombuffer(message.data, dtype).reshape(64, 96)


def ask(client, names, camera, seconds):
    inboxes = {name: client.listen(f"/segmentation/{name}", Image, 10) for name in names}
    found = {}
    for name, inbox in inboxes.items():
        found[name] = client.exchange(camera, message_of(seconds), inbox)
        client.forget(f"/segmentation/{name}")
    return found


def test_a_network_with_logits_works_as_any_other(start_node, client, adopted):
    path = adopted("logits")
    node = start_node(weights=path, reliability="reliable")
    camera = client.publisher("image", Image)
    found = ask(client, ["mask", "uncertainty", "confidence", "drivable"], camera, 100)
    expected = Predictor.load(path).predict(PIXELS)
    assert (values(found["mask"]) == IDS).all()
    np.testing.assert_allclose(
        values(found["uncertainty"], np.float32), expected.uncertainty, atol=1e-5
    )
    assert values(found["confidence"]).min() > 100
    assert values(found["drivable"])[-1].tolist() == [0] * 32 + [255] * 64
    assert node.end() == 0


def test_a_network_that_answers_ids_alone_says_so(start_node, client, adopted):
    path = adopted("argmax")
    node = start_node(weights=path, reliability="reliable", diagnostics_period=0.2)
    node.wait_for("answers ids alone and never says how sure it is, so nothing is drivable")
    camera = client.publisher("image", Image)
    found = ask(client, ["mask", "uncertainty", "confidence"], camera, 100)
    assert (values(found["mask"]) == IDS).all()
    assert np.isnan(values(found["uncertainty"], np.float32)).all()
    assert not values(found["confidence"]).any()
    health = client.listen("/diagnostics", DiagnosticArray, 10)
    client.diagnostics(
        health, lambda s, v: s.level == DiagnosticStatus.OK and v["processed"] != "0"
    )

    drivable = client.listen("/segmentation/drivable", Image, 10)
    assert not values(client.exchange(camera, message_of(200), drivable)).any()
    status, _ = client.diagnostics(health, lambda s, _: s.level == DiagnosticStatus.WARN)
    assert "set max_uncertainty to 1 to go by the classes alone" in status.message
    if SegmentationStats is not None:
        stats = client.listen("/segmentation/stats", SegmentationStats, 10)
        said = client.exchange(camera, message_of(300), stats)
        assert np.isnan([said.mean_confidence, said.mean_uncertainty]).all()

    client.change(max_uncertainty=1.0)
    mask = values(client.exchange(camera, message_of(400), drivable))
    assert mask[-1].tolist() == [0] * 32 + [255] * 64
    client.diagnostics(health, lambda s, _: s.level == DiagnosticStatus.OK)
    assert node.end() == 0
