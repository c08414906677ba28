"""A weights file becomes a network, or an error that names the mend."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import cv2
import pytest
import torch

pytest.importorskip("rclpy")
from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.threads import use_threads
from segnet_model.weights.checkpoint import read_info, replace_info, save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.place import PlaceScore
from segnet_ros.segmentation.network import Network

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(path, info.build(), info)
    return path


def test_facts(weights):
    network = Network.load(str(weights), device="cpu", precision="float32")
    assert network.facts == {
        "network": "segnet_basic",
        "engine": "torch",
        "device": "cpu",
        "precision": "float32",
        "weights": str(weights),
        "sha256": network.sha256[:12],
    }
    digest = subprocess.check_output(["sha256sum", os.fspath(weights)], text=True).split()[0]
    assert network.sha256 == digest


def test_weights_without_a_place_score_say_so(weights, tmp_path):
    assert "tiny.safetensors has no place score" in Network.load(str(weights)).place_note
    out, info = tmp_path / "placed.safetensors", read_info(weights)
    replace_info(weights, out, replace(info, place=PlaceScore((0.0,) * 16, (1.0,) * 16, 1.0, 50)))
    assert not Network.load(str(out)).place_note


def test_drivable_classes_default_to_those_of_the_weights(weights):
    def drivable(*names):
        labels = Network.load(str(weights), names, device="cpu", precision="float32").labels
        return [c.name for c in labels.classes if c.drivable]

    assert drivable() == ["Road"]
    assert drivable("Pavement", "Road") == ["Road", "Pavement"]
    with pytest.raises(SettingsError, match="Moon"):
        drivable("Moon")


def test_with_drivable_keeps_the_network(weights):
    network = Network.load(str(weights), ("Pavement",), device="cpu", precision="float32")
    other = network.with_drivable(("Sky", "Road"))
    assert [c.name for c in other.labels.classes if c.drivable] == ["Sky", "Road"]
    assert other.predictor is network.predictor
    assert other.with_drivable(()).labels == LabelSet.load("camvid")
    with pytest.raises(SettingsError, match="Moon"):
        other.with_drivable(("Moon",))


def test_costs_are_added_to_the_classes_of_the_weights(weights):
    network = Network.load(str(weights), device="cpu", precision="float32")
    costly = network.with_drivable((), ("Pavement:60", "Road:5"))
    assert costly.labels.costs[3:5].tolist() == [5, 60]
    assert costly.predictor is network.predictor
    assert costly.with_drivable(()).labels == LabelSet.load("camvid")
    with pytest.raises(SettingsError, match="change one of the two"):
        network.with_drivable(("Road",), ("Pavement:60",))


@pytest.mark.parametrize("writing", ["replaced", "written"])
def test_a_file_that_changes_while_it_is_read_is_refused(weights, tmp_path, monkeypatch, writing):
    path = tmp_path / "mine.safetensors"
    shutil.copy(weights, path)
    load = Predictor.load

    def meanwhile(*arguments, **how):
        predictor = load(*arguments, **how)
        other = tmp_path / "other"
        shutil.copy(weights, other)
        if writing == "replaced":
            other.replace(path)
        else:
            path.write_bytes(other.read_bytes() + b"more")
        return predictor

    monkeypatch.setattr(Predictor, "load", meanwhile)
    with pytest.raises(WeightsError, match=f"{path}: the file changed .* load it again"):
        Network.load(str(path))


def test_unusable_weights_and_settings_are_refused(weights):
    with pytest.raises(WeightsError, match="no such file"):
        Network.load("nowhere")
    with pytest.raises(SettingsError, match="toaster"):
        Network.load(str(weights), device="toaster")


def test_loading_runs_the_network_once(weights, monkeypatch):
    seen = []
    forward = torch.nn.Module.__call__
    monkeypatch.setattr(
        torch.nn.Module,
        "__call__",
        lambda self, *arguments: seen.append(self) or forward(self, *arguments),
    )
    Network.load(str(weights), device="cpu", precision="float32")
    assert seen


def test_threads():
    before = torch.get_num_threads()
    try:
        use_threads(1)
        assert torch.get_num_threads() == cv2.getNumThreads() == 1
    finally:
        use_threads(0)
    assert torch.get_num_threads() == before
    assert cv2.getNumThreads() > 1 or os.cpu_count() == 1


def test_the_node_can_be_imported_where_pytorch_is_not_installed():
    code = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None; "
        "import segnet_ros.segmentation.node"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
