import io
import json
import pickle
import zipfile

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from segnet_model.bags.copy import announce_topics
from segnet_model.bags.messages import IMAGE
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import WeightsError
from segnet_model.networks import build_network
from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import STATE_FILE, train
from segnet_model.weights.vgg import load_vgg16

# torchvision's encoder.


@pytest.fixture(scope="module")
def segnet():
    return build_network("segnet", 5)


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (self.path.touch, ())


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_runs_nothing(tmp_path, segnet, refused, protocol):
    path = tmp_path / "vgg.pth"
    bomb = {"features.0.weight": Touch(tmp_path / "ran")}
    torch.save(bomb, path, pickle_protocol=protocol)
    old = tmp_path / "old.pth"
    torch.save(bomb, old, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(bomb, protocol))
    for each in (path, old, plain):
        refused("cannot be read", lambda each=each: load_vgg16(segnet, each), error=WeightsError)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "tensors",
    [
        {5: torch.zeros(1)},
        {"features.0.weight": "text"},
        {"features.x.weight": torch.zeros(1, 1, 1, 1)},
        {"features.weight": torch.zeros(1, 1, 1, 1)},
        {f"features.{i}.weight": torch.zeros(1, 1, 1, 1) for i in range(13)},
        {"features." + "9" * 9999 + ".weight": torch.zeros(1, 1, 1, 1)},
    ],
    ids=range(6),
)  # fmt: skip
def test_a_state_dict_of_the_wrong_form(tmp_path, segnet, refused, tensors):
    path = tmp_path / "vgg.pth"
    torch.save(tensors, path)
    refused(r"vgg\.pth", lambda: load_vgg16(segnet, path), error=WeightsError)


def test_a_zip_that_grows(tmp_path, segnet, refused):
    whole = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(75, 1000, 1000)}, whole)
    path = tmp_path / "vgg.pth"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    del whole
    assert path.stat().st_size < 1 << 21
    refused(r"vgg\.pth", lambda: load_vgg16(segnet, path), error=WeightsError)


def test_bytes_of_all_kinds(tmp_path, segnet, refused):
    whole = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(1)}, whole)
    path = tmp_path / "vgg.pth"
    for data in (
        b"",
        b"\x80\x02",
        b"\x80\x02.",
        b"(lp0\n.",
        whole.getvalue()[:200],
        b"PK\5\6" + bytes(18),
    ):
        path.write_bytes(data)
        refused(r"vgg\.pth", lambda: load_vgg16(segnet, path), error=WeightsError)


# The state of a training that somebody else has begun.


@pytest.fixture
def run(dataset, tmp_path):
    """How to go on with a training that was stopped, and its state."""
    settings = TrainSettings(
        network="segnet_basic", network_settings={"features": 8}, input_size=(64, 96), epochs=1,
        batch_size=2, average=0.0,
    )  # fmt: skip
    train(dataset, tmp_path / "run", settings)
    return lambda: train(dataset, tmp_path / "run", settings), tmp_path / "run" / STATE_FILE


def facts_of(path):
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["segnet_training"])


def test_facts_of_the_wrong_form(run, refused):
    again, path = run
    tensors, good = load_file(path), facts_of(path)
    texts = ["[" * 100_000, "[]", "null", "{}", json.dumps({**good, "data": 5})]
    changes = (
        {"step": "1"}, {"step": 1e400}, {"step": -5}, {"step": [1]}, {"settings": 5}, {"best": "x"},
        {"measured_at": None}, {"miou": {}}, {"best_at": True},
    )  # fmt: skip
    for text in (*texts, *(json.dumps({**good, **change}) for change in changes)):
        save_file(tensors, path, {"segnet_training": text})
        refused("state .*delete it to start afresh|has other images", again)


def test_tensors_of_the_wrong_form(run, refused):
    again, path = run
    tensors, good = load_file(path), facts_of(path)
    first = next(name for name in tensors if name.endswith("classifier.bias"))
    for changed in (
        {}, {k: v for k, v in tensors.items() if k != first},
        {**tensors, first: torch.zeros(3)}, {**tensors, "optimizer.x.y": torch.zeros(1)},
        {**tensors, "optimizer.999.exp_avg": torch.zeros(1)},
        {**tensors, "optimizer.0.exp_avg": torch.zeros(1)},
        {**tensors, "network.more": torch.zeros(1)},
        {**tensors, first: torch.full_like(tensors[first], float("nan"))},
    ):  # fmt: skip
        save_file(changed, path, {"segnet_training": json.dumps(good)})
        refused("state .*delete it to start afresh", again)


# Definitions of message types that come with a recording.


@pytest.mark.parametrize(
    "text",
    [
        "module a { module msg { const long X = " + "(" * 20_000 + "1; }; };",
        "module a { module msg { const long X = 1 << 99999999999; }; };",
        "module a { module msg { const long X = " + "9" * 9999 + "; }; };",
        "module " * 100_000,
        "uint8 x\n" * 100_000,
        "a/msg/B b\n",
        "string X='+open('ran','w')+'\nuint8 x",
        "uint8[999999999999] x\n",
        "@" * 1000,
    ],
    ids=range(9),
)
def test_definitions_run_nothing_and_are_copied(tmp_path, text, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "bag"
    with BagWriter(source) as bag:
        start = "=" * 80 + "\nIDL: a/msg/B\n" if "module" in text else ""
        bag.add_copied("/strange", "a/msg/B", start + text, "unknown", ())
        bag.write_raw("/image", IMAGE, b"", 1)
    file = next(source.glob("*.mcap"))

    def work():
        with BagReader(file) as bag, BagWriter(tmp_path / "copy") as writer:
            announce_topics(bag, writer)
        raise WeightsError("copied")

    refused("copied", work)
    assert not (tmp_path / "ran").exists()
