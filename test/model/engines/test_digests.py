"""An export runs only for the weights that it was made of, and only as it was written."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from segnet_model.base.errors import WeightsError
from segnet_model.engines import open_engine
from segnet_model.engines.capabilities import warn_once
from segnet_model.engines.export import Export
from segnet_model.engines.onnx_engine import replace_onnx_info
from segnet_model.weights.checkpoint import load_weights, replace_info, save_weights

pytestmark = pytest.mark.xdist_group("exports")  # which are made once a process
ENGINES = pytest.mark.parametrize(("engine", "suffix"), [("onnx", ".onnx"), ("openvino", ".xml")])


@pytest.fixture
def weights(exports, tmp_path):
    for needed in ("onnxruntime", "openvino"):
        pytest.importorskip(needed)
    warn_once.cache_clear()
    folder = Path(shutil.copytree(exports, tmp_path / "exports"))
    return folder / "small.safetensors"


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("suffix", [".onnx", ".bin"])
def test_a_changed_byte_is_noticed(weights, suffix, place):
    """Most bytes are values of the network: runtimes load any of them."""
    file = weights.with_suffix(suffix)
    data = bytearray(file.read_bytes())
    data[int(place * len(data))] ^= 64
    file.write_bytes(data)
    engine = "onnx" if suffix == ".onnx" else "openvino"
    path = weights.with_suffix(".onnx" if suffix == ".onnx" else ".xml")
    with pytest.raises(WeightsError, match="export again"):
        open_engine(path)
    with pytest.raises(WeightsError, match="export again"):
        open_engine(weights, engine)
    assert open_engine(weights, "torch").name == "torch"


def test_a_swapped_bin_is_noticed(weights, tmp_path, small_info, caplog):
    torch.manual_seed(3)
    other = tmp_path / "other.safetensors"
    save_weights(other, small_info.build(), small_info)
    Export.of(other, (45, 64)).to_openvino(other.with_suffix(".xml"))
    shutil.copy(other.with_suffix(".bin"), weights.with_suffix(".bin"))
    for path, engine in ((weights.with_suffix(".xml"), "auto"), (weights, "openvino")):
        with pytest.raises(
            WeightsError, match=r"small.bin: not the file that belongs to small.xml"
        ):
            open_engine(path, engine)
    assert open_engine(weights).name == "torch"
    assert "small.bin: not the file" in caplog.text


@ENGINES
def test_a_changed_graph_is_noticed(weights, engine, suffix):
    path = weights.with_suffix(suffix)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Road", b"Sky_"))  # a class in the metadata
    with pytest.raises(WeightsError, match=f"small{suffix}: changed since it was written"):
        open_engine(weights, engine)


@ENGINES
def test_an_export_of_other_weights_runs_no_way(weights, engine, suffix, caplog):
    info = load_weights(weights)[1]
    labels = info.labels.with_drivable(("Sky",))
    replace_info(weights, weights, replace(info, labels=labels))
    with pytest.raises(WeightsError, match=f"made of other weights than .*--engine {engine}"):
        open_engine(weights, engine)
    assert open_engine(weights).name == "torch"
    caplog.clear()
    assert open_engine(weights.with_suffix(suffix)).name == engine  # named itself
    assert f"small{suffix} was made of other weights than small.safetensors" in caplog.text


@ENGINES
def test_an_export_may_be_moved_and_renamed_without_its_weights(weights, engine, suffix, caplog):
    for path in list(weights.parent.iterdir()):
        path.rename(path.with_name(f"yard{path.suffix}"))
    path = weights.with_name(f"yard{suffix}")
    assert open_engine(path.with_suffix(".safetensors"), engine).name == engine
    path.with_suffix(".safetensors").unlink()
    assert open_engine(path).name == engine
    assert not caplog.records


def test_a_calibrated_export_has_a_new_digest(weights):
    path = weights.with_suffix(".onnx")
    info = open_engine(path).info
    replace_onnx_info(path, path, replace(info, temperatures={"none": 2.0}))
    assert open_engine(path).info.temperatures == {"none": 2.0}


def test_an_export_of_an_older_segnet_runs_with_a_warning(weights, caplog):
    onnx = pytest.importorskip("onnx")
    path = weights.with_suffix(".onnx")
    model = onnx.load(path)
    (entry,) = (each for each in model.metadata_props if each.key == "segnet")
    values = json.loads(entry.value)
    del values["mark"], values["digests"]
    entry.value = json.dumps(values)
    onnx.save(model, path)
    assert open_engine(path).name == "onnx"
    assert "of an older segnet, without digests" in caplog.text


def test_a_data_set_called_location_needs_no_other_files(tmp_path, small_info):
    pytest.importorskip("onnxruntime")
    info = replace(small_info, training={"dataset": "location_3"})
    weights = tmp_path / "location_3" / "weights.safetensors"
    weights.parent.mkdir()
    save_weights(weights, info.build(), info)
    Export.of(weights).to_onnx(weights.with_suffix(".onnx"))
    assert b"location_3" in weights.with_suffix(".onnx").read_bytes()
    assert open_engine(weights, "onnx").name == "onnx"
