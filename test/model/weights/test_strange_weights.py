import hashlib
import json
import os
import struct
import sys
import tracemalloc

import pytest
import torch
from safetensors.torch import load_file, save_file

from segnet_model.base.errors import SegNetError, WeightsError
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.checkpoint import load_weights, replace_info
from segnet_model.weights.tensors import file_sha256

BOUND = {"max_uncertainty": 0.3, "risk": 0.01, "kept": 0.9, "images": 99}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "strange.safetensors"


@pytest.fixture
def claim(path, weights, small_info):
    """Write good tensors under other metadata."""
    tensors, good = load_file(weights), json.loads(small_info.to_json())

    def write(text=None, changed=None, **values):
        metadata = {"segnet": text or json.dumps({**good, **values})}
        save_file({**tensors, **(changed or {})}, path, metadata)
        return path

    return write


def header(path, text, body=b"", length=None):
    length = len(text) if length is None else length
    path.write_bytes(struct.pack("<Q", length) + text.encode() + body)
    return path


def tensor(shape, offsets, kind="F32"):
    return json.dumps({"x": {"dtype": kind, "shape": shape, "data_offsets": offsets}})


@pytest.mark.parametrize("length", [1 << 24, 1 << 32, 1 << 60, (1 << 64) - 1])
def test_a_header_that_claims_to_be_long_is_not_read(path, refused, length):
    header(path, "{}", length=length)
    refused("header of .* bytes", lambda: load_weights(path))


def test_a_header_that_is_long_is_not_read(path, refused):
    header(path, '{"__metadata__": {"segnet": "' + "[]," * (30 << 20) + '"}}')
    refused("header of 94371872 bytes, .*copy it again", lambda: load_weights(path), seconds=0.5)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (tensor([1 << 40, 1 << 40], [0, 0]), b""),
        (tensor([0, 1 << 63], [0, 0]), b""),
        (tensor([1 << 33], [0, 1 << 35]), b"1234"),
        (tensor([1], [-4, 0]), b"1234"),
        (tensor([1], [4, 0]), b"1234"),
        (tensor([1], [4, 8]), b"12345678"),
        (tensor([1], [0, 4], "PICKLE"), b"1234"),
        (
            '{"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},'
            ' "y": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}',
            b"1234",
        ),
        ("[" * 100_000, b""),
    ],
    ids=lambda value: str(value)[:50],
)
def test_shapes_and_offsets_that_lie(path, refused, text, body):
    header(path, text, body)
    refused("not a whole safetensors file|no segnet metadata", lambda: load_weights(path))


@pytest.mark.parametrize("features", [10**9, 2**63, 10**30, 3000])
def test_a_network_is_compared_with_the_tensors_before_it_is_built(claim, refused, features):
    path = claim(network_settings={"features": features})
    refused("strange.safetensors: segnet_basic (needs|cannot be built)", lambda: load_weights(path))


@pytest.mark.parametrize(
    "values",
    [
        {"network_settings": [1]},
        {"network_settings": {"num_classes": 3}},
        {"network_settings": {"name": "enet"}},
        {"network_settings": {"features": True}},
        {"network_settings": {"features": [8]}},
        {"network": 5},
        {"network": ["segnet_basic"]},
        {"activation": ["softmax"]},
        {"license": 5},
        {"training": 5},
        {"metrics": [1]},
        {"temperatures": [1]},
        {"temperatures": {"none": 10**400}},
        {"temperatures": {"none": "1"}},
        {"bounds": [1]},
        {"bounds": {"none": 0.3}},
        {"bounds": {"none": {"max_uncertainty": 0.3}}},
        *({"bounds": {"none": {**BOUND, name: value}}} for name, value in (
            ("max_uncertainty", float("nan")), ("max_uncertainty", 1.5), ("max_uncertainty", "0"),
            ("max_uncertainty", 10**400), ("max_uncertainty", True), ("risk", 0), ("risk", 1),
            ("risk", -0.1), ("kept", float("inf")), ("kept", None), ("images", 0),
            ("images", 99.5), ("images", [99]), ("other", 1),
        )),
        {"mean": [10**400, 0, 0]},
        {"mean": ["a", "b", "c"]},
        {"mean": [float("nan")] * 3},
        {"std": [float("inf")] * 3},
        {"std": [1e-300] * 3},
        {"input_size": [64.5, 96.5]},
        {"input_size": [True, 96]},
        {"input_size": [16384, 16384]},
        {"input_size": [float("inf"), 64]},
        {"labels": {"name": "x", "classes": [], "ignore_id": float("inf")}},
        {"labels": {"name": "x", "classes": [{"name": ["a"] * 9, "color": [0, 0, 0]}]}},
        {"labels": {"name": "x", "classes": [{"name": "a" * 9999, "color": [0, 0, 0]}]}},
        {"labels": {"name": "x", "classes": [{"name": "\x1b[2J", "color": [0, 0, 0]}]}},
        {"labels": {"name": "x", "classes": [{"name": "a", "color": [0, 0, 10**400]}]}},
        {"labels": {"name": "x", "classes": [{"name": str(i), "color": [0, 0, 0]}
                                             for i in range(9999)]}},
        {"format": "1"},
    ],
    ids=lambda values: str(values)[:40],
)  # fmt: skip
def test_metadata_of_the_wrong_form(claim, refused, values):
    path = claim(**values)
    refused(
        r"strange\.safetensors: ",
        lambda: Predictor.load(path, precision="float32"),
        error=WeightsError,
    )


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"format": 1, "training": ' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"format": 1, "training": [' + "[]," * (1 << 20) + "0]}",
        '{"format": 1, "network": "' + "a" * (2 << 20) + '"}',
        '{"format": ' + "1" * 9999 + "}",
        "null",
        "[]",
        "1",
    ],
    ids=lambda text: text[:40],
)
def test_metadata_that_is_too_deep_or_too_long(claim, refused, text):
    path = claim(text)
    refused(r"strange\.safetensors: its metadata", lambda: load_weights(path))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_tensors_that_are_no_numbers(claim, weights, refused, value):
    bias = torch.zeros(11)
    bias[3] = value
    path = claim(changed={"classifier.bias": bias})
    refused("classifier.bias.* not finite", lambda: load_weights(path))


def test_tensors_that_are_not_real(claim, refused):
    path = claim(changed={"classifier.bias": torch.zeros(11, dtype=torch.complex64)})
    refused("classifier.bias.*complex64", lambda: load_weights(path))


def test_surplus_tensors_are_not_read(claim, refused):
    path = claim(changed={"extra": torch.zeros(100 << 20)})
    refused("has not: .'extra'", lambda: load_weights(path), seconds=1)


def test_nothing_is_imported_for_a_stranger(claim, tmp_path, monkeypatch, refused):
    (tmp_path / "stranger.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("stranger:factory", "os:system", ":", "stranger:", "..:x"):
        path = claim(network=name)
        refused("if you trust it, say so", lambda path=path: load_weights(path))
    assert "stranger" not in sys.modules


def test_only_plain_files_are_opened(tmp_path, refused):
    (tmp_path / "endless.safetensors").symlink_to("/dev/zero")
    (tmp_path / "folder.safetensors").mkdir()
    for name in ("endless", "folder"):
        path = tmp_path / f"{name}.safetensors"
        refused("there is no such file", lambda path=path: load_weights(path))


def test_metadata_is_not_changed_in_a_damaged_file(path, small_info, refused):
    header(path, "{}", length=1 << 60)
    refused("header of", lambda: replace_info(path, path, small_info), error=SegNetError)


def test_the_digest_of_a_long_file_takes_little_memory(tmp_path):
    """Beside an export, it is taken of any file with the name of its weights."""
    path = tmp_path / "long.safetensors"
    path.write_bytes(b"")
    os.truncate(path, 1 << 26)
    tracemalloc.start()
    try:
        assert file_sha256(path) == hashlib.sha256(bytes(1 << 26)).hexdigest()
        tracemalloc.reset_peak()
        file_sha256(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()
