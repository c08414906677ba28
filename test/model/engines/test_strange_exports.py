import json
import re
from contextlib import suppress

import numpy as np
import pytest

from segnet_model.base.errors import WeightsError
from segnet_model.engines.exported import ExportInfo
from segnet_model.inference.predictor import Predictor

pytestmark = pytest.mark.xdist_group("exports")  # which are made once a process


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx")


@pytest.fixture
def folder(exports, tmp_path):
    """Honest exports of small weights, by their suffix."""
    for needed in ("onnxruntime", "openvino"):
        pytest.importorskip(needed)
    for path in exports.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def load(path):
    return Predictor.load(path, precision="float32")


@pytest.fixture
def bad(refused):
    def check(path, match):
        return refused(match, lambda: load(path), error=WeightsError, megabytes=400)

    return check


def changed(folder, change):
    """The metadata of the ONNX export, changed."""
    onnx = pytest.importorskip("onnx")
    path = folder / "small.onnx"
    model = onnx.load(path)
    (entry,) = (each for each in model.metadata_props if each.key == "segnet")
    entry.value = change if isinstance(change, str) else json.dumps(change(json.loads(entry.value)))
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    "values",
    [
        {"size": [60_000, 60_000]},
        {"size": [float("inf"), 64]},
        {"size": [10**30, 1]},
        {"size": [-64, 96]},
        {"size": ["64", 96]},
        {"size": 64},
        {"precision": ["int8"]},
        {"weights_sha256": 5},
        {"info": 5},
        {"extra": 1},
    ],
    ids=str,
)
def test_metadata_of_the_wrong_form(folder, bad, values):
    bad(changed(folder, lambda old: {**old, **values}), "its metadata is not that of")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[]," * 10**6, "", "null", "1"], ids=lambda t: t[:9]
)
def test_metadata_that_is_deep_or_long(folder, bad, text):
    with pytest.raises(WeightsError, match="its metadata is not that of"):
        ExportInfo.from_json(text, folder / "small.onnx")
    if text:
        bad(changed(folder, text), "its metadata is not that of")


def test_other_classes_than_the_network_has(folder, bad):
    def fewer(old):
        old["info"]["labels"]["classes"] = old["info"]["labels"]["classes"][:5]
        old["mark"] = ""  # as one of an older segnet, else the change itself is refused
        return old

    bad(changed(folder, fewer), "11.*channels.* 5")


@pytest.mark.parametrize("place", ["../secret.bin", "/etc/passwd", "link.bin"])
def test_onnx_reads_no_data_from_outside(onnx, folder, bad, place):
    """Bytes of any file could come out as a network's answer."""
    inside = folder / "inside"
    inside.mkdir()
    model = onnx.load(folder / "small.onnx")
    first = next(each for each in model.graph.initializer if each.raw_data)
    (folder / "secret.bin").write_bytes(bytes(len(first.raw_data)))
    (inside / "link.bin").symlink_to(folder / "secret.bin")
    first.ClearField("raw_data")
    first.data_location = onnx.TensorProto.EXTERNAL
    first.external_data.add(key="location", value=place)
    (inside / "small.onnx").write_bytes(model.SerializeToString())
    bad(inside / "small.onnx", "reads other files")


def test_onnx_that_is_cut_or_something_else(folder, bad):
    path = folder / "small.onnx"
    whole = path.read_bytes()
    for data in (b"\0" * 1000, whole[:1000], b"\x08" * 10**6, b"<xml/>"):
        path.write_bytes(data)
        bad(path, "small.onnx: not a whole ONNX model")
    path.write_bytes(b"")
    bad(path, "small.onnx: an empty file; export again")


def entities(levels):
    lines = ['<!ENTITY e0 "ha">']
    lines += [f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, levels)]
    return "<!DOCTYPE net [" + "".join(lines) + "]>"


def test_xml_entities_are_not_expanded(folder, bad, tmp_path):
    path = folder / "small.xml"
    whole = path.read_text()
    start = whole.index("<net")
    bomb = entities(12) + re.sub(r'name="[^"]*"', 'name="&e11;"', whole[start:], count=1)
    secret = tmp_path / "secret"
    secret.write_text("secret words")
    outside = f'<!DOCTYPE net [<!ENTITY x SYSTEM "file://{secret}">]>' + whole[start:].replace(
        'value="{', 'value="&x;{', 1
    )
    for text in (bomb, outside):
        path.write_text(text)
        told = ""
        with suppress(WeightsError):
            told = load(path).info.to_json()
        assert "secret words" not in told
        assert len(told) < 10_000


def test_xml_whose_weights_lie_beyond_the_file(folder, bad):
    path = folder / "small.xml"
    whole = path.read_text()
    for old, new in (
        (r'offset="\d+"', 'offset="99999999999"'),
        (r' size="\d+"', ' size="999999999"'),
    ):
        path.write_text(re.sub(old, new, whole))
        bad(path, "small.xml: not a whole OpenVINO model .Incorrect weights in bin")
    path.write_text(whole)
    path.with_suffix(".bin").unlink()
    bad(path, "small.xml: not a whole OpenVINO model .Empty weights data in bin")


def test_an_honest_export_is_read(folder):
    for suffix in (".onnx", ".xml"):
        found = load(folder / f"small{suffix}").predict(np.zeros((64, 96, 3), np.uint8))
        assert found.labels.shape == (64, 96)


@pytest.mark.parametrize("suffix", [".onnx", ".xml"])
def test_metadata_that_is_no_utf_8(folder, suffix, bad):
    """A flipped byte; the runtimes hand the text to Python, which decodes it."""
    path = folder / f"small{suffix}"
    data = path.read_bytes()
    assert b"Pavement" in data
    path.write_bytes(data.replace(b"Pavement", b"Pavem\xf1nt"))
    bad(path, "small.*: not a whole O.* model .*can't decode")


def test_names_in_a_network_reach_no_terminal(folder, onnx, capfd):
    """ONNX Runtime's own warnings hold them."""
    path = folder / "small.onnx"
    model = onnx.load(path)
    for node in model.graph.node:
        if node.op_type == "MaxPool":
            node.output[0] += "\x1b]52;c;aGk=\a"
    onnx.save(model, path)
    with pytest.raises(WeightsError, match="not a whole ONNX model"):
        load(path)
    said = capfd.readouterr()
    assert "\x1b" not in said.out + said.err
