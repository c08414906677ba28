"""Which values and files the node takes while it runs, and which change nothing."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import Image

from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_ros.segmentation.messages import ClassMap

pytestmark = pytest.mark.ros

NODE = "/segmentation"


def missing(folder, save_constant):
    return folder / "nowhere.safetensors"


def damaged(folder, save_constant):
    whole = save_constant(folder / "whole.safetensors", 1).read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[:-100])
    return folder / "cut.safetensors"


@pytest.mark.parametrize(
    ("make", "reason"),
    [(missing, "there is no such file"), (damaged, "not a whole safetensors file")],
)
def test_bad_weights_leave_the_old_ones_running(
    client, operator, networks, stream, save_constant, tmp_path, make, reason
):
    path = make(tmp_path, save_constant)
    health = client.listen("/diagnostics", DiagnosticArray)
    with stream() as images:
        result = operator.change(weights=str(path))
        status, values = client.diagnostics(health, lambda status, values: reason in status.message)
        assert images.next_answer() == 0
    assert images.phases == [0]
    assert not result.successful
    assert reason in result.reason
    assert operator.weights == values["weights"] == str(networks[0])
    assert (status.level, values["state"]) == (DiagnosticStatus.WARN, "active")
    assert operator.change(weights=str(networks[5])).successful
    client.diagnostics(health, lambda status, values: reason not in status.message)
    client.forget("/diagnostics")


def test_weights_without_the_drivable_classes_are_refused(operator, networks, stream):
    assert operator.change(drivable_classes=["Pavement"]).successful
    with stream() as images:
        result = operator.change(weights=str(networks[3]))
        assert images.next_answer() == 0
    assert "Pavement" in result.reason
    assert images.phases == [0]
    both = {"weights": str(networks[3]), "drivable_classes": ["Road"]}
    assert operator.change(**both).successful  # FEW has Road


@pytest.mark.skipif(ClassMap is None, reason="segnet_ros.msg is not built")
def test_drivable_classes_are_live(operator, node):
    loads = node.text.count("loading")
    for names in (["Pavement"], ["Sky", "Car"]):
        assert operator.change(drivable_classes=names).successful
        assert {c.name for c in operator.class_map().classes if c.drivable} == {*names}
    assert node.text.count("loading") == loads


def test_a_retrained_file_is_read_again_under_its_name(
    operator, networks, stream, folder, save_constant
):
    mine = folder / "mine.safetensors"
    shutil.copy(networks[0], mine)
    assert operator.change(weights=str(mine)).successful
    with stream() as images:
        for before, answer in ((0, 5), (5, 3)):
            save_constant(mine, answer)
            assert operator.change(weights=str(mine)).successful  # equal, so nothing happens
            assert images.next_answer() == before
            response = operator.reload()
            assert response.success
            digest = hashlib.sha256(mine.read_bytes()).hexdigest()
            assert response.message == f"segnet_basic, weights {mine}, sha256 {digest[:12]}"
            assert images.next_answer() == answer
        mine.write_bytes(b"not weights")
        response = operator.reload()
        assert not response.success
        assert "not a whole safetensors file" in response.message
        assert images.next_answer() == 3
    assert images.phases == [0, 5, 3]


def test_how_uncertainty_is_asked_is_live(client, operator, camera, folder, picture):
    torch.manual_seed(0)
    info = ModelInfo("bayesian_segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    path = folder / "bayesian.safetensors"
    save_weights(path, info.build(), info)
    result = operator.change(uncertainty="mc")
    assert "no dropout" in result.reason
    maps = client.listen(f"{NODE}/uncertainty", Image)
    assert operator.change(weights=str(path), uncertainty="mc", samples=2).successful
    client.exchange(camera, picture(3), maps)
    image = np.zeros((48, 64, 3), np.uint8)
    found = {}
    for stamp, way in enumerate(("mc", "none", "temporal"), 100):
        assert operator.change(uncertainty=way).successful
        camera.publish(picture(stamp))
        message = maps.next(lambda m, stamp=stamp: m.header.stamp.sec == stamp)
        found[way] = np.frombuffer(message.data, np.float32).reshape(48, 64)
        predictor = Predictor.load(path, precision="float32", uncertainty=way, samples=2)
        expected = predictor.predict(image, float(stamp)).uncertainty
        np.testing.assert_allclose(found[way], expected, atol=1e-5)
    assert np.abs(found["mc"] - found["none"]).max() > 1e-3
    client.forget(f"{NODE}/uncertainty")
