import pytest
import torch

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.networks import build_network
from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.model_info import ModelInfo

SOURCE = """
import torch
from torch import nn

def tiny(num_classes, width=4):
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
        nn.Dropout2d(0.2), nn.Conv2d(width, num_classes, 1),
    )

def half(num_classes):
    return nn.Conv2d(3, num_classes, 2, stride=2)

def breaks(num_classes):
    return nn.Conv2d(5, num_classes, 1)

def text(num_classes):
    return "a network"

number = 3
"""
TINY = "their_robot.nets:tiny"


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    folder = tmp_path / "path" / "their_robot"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "nets.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(folder.parent)


def test_trains_saves_loads_and_predicts(tmp_path, dataset):
    settings = TrainSettings(
        network=TINY, network_settings={"width": 6}, input_size=(64, 96), epochs=2, batch_size=2
    )
    path = train(dataset, tmp_path / "run", settings)
    network, info = load_weights(path, trusted=[TINY])
    assert (info.network, network[0].out_channels) == (TINY, 6)
    image = torch.randint(0, 256, (50, 70, 3), dtype=torch.uint8).numpy()
    found = Predictor.load(path, uncertainty="mc", samples=3, trusted=[TINY]).predict(image)
    assert found.labels.shape == (50, 70)
    # Going on and starting from it trust what the settings name.
    again = TrainSettings(
        network=TINY, network_settings={"width": 6}, input_size=(64, 96), epochs=1, init=str(path)
    )
    assert train(dataset, tmp_path / "again", again)


def test_a_file_cannot_make_a_stranger_run_code(tmp_path, monkeypatch):
    info = ModelInfo(TINY, LabelSet.load("camvid"), (64, 96))
    save_weights(tmp_path / "w.safetensors", info.build([TINY]), info)
    imported = []
    monkeypatch.setattr("importlib.import_module", imported.append)
    for trusted in ((), ("their_robot.nets:other", "their_robot.nets")):
        with pytest.raises(WeightsError, match=f"--trust {TINY}.*trusted_networks"):
            load_weights(tmp_path / "w.safetensors", trusted)
    assert not imported


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("their_robot.nets:huge", "cannot be found .*huge"),
        ("nowhere.nets:tiny", "cannot be found .*nowhere"),
        (":tiny", "cannot be found"),
        ("their_robot.nets:number", "is a int, not a function"),
        ("their_robot.nets:text", "made a str, not an nn.Module"),
        ("their_robot.nets:breaks", "fails on an image"),
        ("their_robot.nets:half", r"made \(1, 5, 32, 32\) .*return logits of \(1, 5, 64, 64\)"),
    ],
)
def test_anything_but_a_network_is_refused_with_the_mend(name, reason):
    with pytest.raises(SettingsError, match=reason):
        build_network(name, 5)


def test_wrong_settings_are_refused_with_the_factorys_reason():
    with pytest.raises(SettingsError, match="depth"):
        build_network(TINY, 5, depth=3)
