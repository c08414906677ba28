import errno
import json
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from segnet_model.base.atomic import whole_file
from segnet_model.base.errors import WeightsError
from segnet_model.weights.bounds import Bound
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.model_info import ModelInfo


def test_loads_what_was_saved(weights, small_info):
    network, info = load_weights(weights)
    assert info == small_info
    assert not network.training
    tensors = load_file(weights)
    assert tensors.keys() == network.state_dict().keys()
    assert all(torch.equal(tensors[k], v) for k, v in network.state_dict().items())


def test_values_too_large_for_float16_are_stored_as_float32(tmp_path, small_info):
    network, path = small_info.build(), tmp_path / "x.safetensors"
    statistics = network.state_dict()["encoders.0.1.running_var"]
    statistics.fill_(70_000.0)
    save_weights(path, network, small_info, torch.float16)
    statistics.fill_(float("nan"))
    with pytest.raises(WeightsError, match="encoders.0.1.running_var is not finite"):
        save_weights(path, network, small_info, torch.float16)
    read = load_weights(path)[0].state_dict()["encoders.0.1.running_var"]
    assert read[0] == 70_000.0


def test_others_may_read_what_the_umask_lets_them(weights):
    weights.with_name("plain").touch()
    assert weights.stat().st_mode == weights.with_name("plain").stat().st_mode


def test_half_precision_halves_the_file(tmp_path, small_info):
    network = small_info.build()
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save_weights(full, network, small_info)
    save_weights(half, network, small_info, torch.float16)
    tensors = sum(p.numel() for p in network.parameters())
    assert full.stat().st_size - half.stat().st_size == pytest.approx(2 * tensors, rel=0.05)
    weight = load_weights(half)[0].classifier.weight
    torch.testing.assert_close(weight, network.classifier.weight, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_truncated_file_is_refused(weights, keep):
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(WeightsError, match=r"small\.safetensors.*not a whole safetensors"):
        load_weights(weights)


def test_any_flipped_byte_is_noticed(weights):
    """Of the tensors, and of the metadata, where it still is JSON."""
    whole = bytearray(weights.read_bytes())
    begin = 8 + int.from_bytes(whole[:8], "little")
    risk = whole.index(b"input_size")
    places = [*range(begin, len(whole), len(whole) // 7), len(whole) - 1]
    flips = [(place, 1 << 4 if place % 2 else 1) for place in places]
    flips += [(risk + whole[risk:].index(b"96"), 1)]  # 86
    for place, bits in flips:
        damaged = bytearray(whole)
        damaged[place] ^= bits
        weights.write_bytes(damaged)
        with pytest.raises(WeightsError, match="not what segnet wrote: .*; copy it again"):
            load_weights(weights)
    weights.write_bytes(whole)
    load_weights(weights)


def test_equal_weights_are_equal_files(tmp_path, small_info):
    """The order of the metadata is not left to chance."""
    network, found = small_info.build(), set()
    for number in range(12):
        save_weights(tmp_path / f"{number}.safetensors", network, small_info)
        found.add((tmp_path / f"{number}.safetensors").read_bytes())
    assert len(found) == 1
    load_weights(tmp_path / "0.safetensors")


def test_other_programs_may_change_a_file_if_they_leave_the_digest_out(weights):
    with safe_open(weights, "pt") as file:
        metadata = file.metadata()
    assert metadata.pop("segnet_sha256")
    save_file(load_file(weights), weights, metadata)
    load_weights(weights)


def test_a_pickle_is_recognized_and_never_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    for name, data in (("old.pth", pickle.dumps(Bomb())), ("new.pth", b"PK\x03\x04 a zip")):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(WeightsError, match="pickle"):
            load_weights(path)
    assert not (tmp_path / "ran").exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"none\.safetensors: there is no such file"):
        load_weights(tmp_path / "none.safetensors")


def test_tensors_of_another_network_are_refused(tmp_path, weights, small_info):
    metadata = {"segnet": small_info.to_json()}
    tensors = load_file(weights)
    cases = {
        "needs tensor 'classifier.bias'": {
            k: v for k, v in tensors.items() if k != "classifier.bias"
        },
        "of shape": {**tensors, "classifier.bias": torch.zeros(12)},
        "has not: .'extra'": {**tensors, "extra": torch.zeros(1)},
    }
    for message, changed in cases.items():
        save_file(changed, tmp_path / "other.safetensors", metadata)
        with pytest.raises(WeightsError, match=message):
            load_weights(tmp_path / "other.safetensors")


def test_metadata_that_is_not_ours_is_refused(tmp_path, weights, small_info):
    tensors = load_file(weights)
    good = json.loads(small_info.to_json())
    for message, metadata in {
        "no segnet metadata": None,
        "damaged": {"segnet": "{"},
        "newer segnet": {"segnet": json.dumps({**good, "format": 99})},
        "resnet": {"segnet": json.dumps({**good, "network": "resnet"})},
        "cannot be": {"segnet": json.dumps({**good, "input_size": [1 << 30, 1]})},
        "three numbers each": {"segnet": json.dumps({**good, "std": [1, 0, 1]})},
        "cannot be built": {"segnet": json.dumps({**good, "network_settings": {"features": "x"}})},
        "not a label set": {"segnet": json.dumps({**good, "labels": {}})},
        "unexpected": {"segnet": json.dumps({**good, "surprise": 1})},
    }.items():
        save_file(tensors, tmp_path / "other.safetensors", metadata)
        with pytest.raises(WeightsError, match=message):
            load_weights(tmp_path / "other.safetensors")


def test_a_full_disk_leaves_the_old_weights(weights, small_info, monkeypatch):
    before = weights.read_bytes()

    def full(tensors, path, metadata):
        path.write_bytes(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(WeightsError, match="No space left on device.*free some space"):
        save_weights(weights, small_info.build(), small_info)
    assert weights.read_bytes() == before
    assert [p.name for p in weights.parent.iterdir()] == [weights.name]


def test_a_really_full_disk(small_info, tmp_path):
    """/dev/full stands for the disk: every write to it fails as on a full one."""

    def write():
        with whole_file(tmp_path / "x") as temporary:
            temporary.symlink_to("/dev/full")
            temporary.write_bytes(b"x" * 100_000)

    with pytest.raises(OSError, match="No space left"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_json_and_back(small_info):
    assert ModelInfo.from_json(small_info.to_json()) == small_info


def test_loading_imports_no_compiler(tmp_path):
    """PyTorch's compiler, and sympy with it, take as long to import as half of PyTorch."""
    program = f"""
import sys
from dataclasses import replace
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.networks import NETWORKS
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo
for name in NETWORKS:
    info = ModelInfo(name, LabelSet.load("camvid"), (64, 96))
    save_weights({str(tmp_path)!r} + "/w.safetensors", info.build(), info)
    Predictor.load({str(tmp_path)!r} + "/w.safetensors", "cpu", engine="torch")
print("imported", *(sys.modules.keys() & {{"torch._dynamo", "sympy", "torch.onnx"}}))
"""
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.stdout == "imported\n", result.stdout + result.stderr


def test_weights_outlive_their_file(weights):
    network, _ = load_weights(weights)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    weights.write_bytes(bytes(weights.stat().st_size))  # in place, where memory may be mapped
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_bounds_are_kept_and_older_files_have_none(small_info):
    bounds = {"none": Bound(0.2, 0.01, 0.9, 120), "mc": Bound(1.0, 0.5, 0.1, 1)}
    info = replace(small_info, bounds=bounds)
    assert ModelInfo.from_json(info.to_json()) == info
    assert "bounds" not in json.loads(small_info.to_json())
    assert ModelInfo.from_json(small_info.to_json()).bounds == {}
