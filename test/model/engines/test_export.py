import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.cli import main
from segnet_model.commands.export import calibration_images
from segnet_model.engines import open_engine
from segnet_model.engines.capabilities import warn_once
from segnet_model.engines.export import Export
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights

pytestmark = pytest.mark.xdist_group("exports")  # which are made once a process
SIZE = (45, 64)  # odd, so that the pooling leaves a row out


@pytest.fixture
def image():
    return np.random.default_rng(2).integers(0, 256, (*SIZE, 3), np.uint8)


@pytest.fixture
def weights(exports, tmp_path):
    return Path(shutil.copy(exports / "small.safetensors", tmp_path))


@pytest.fixture
def onnx(exports, tmp_path):
    pytest.importorskip("onnxruntime")
    return Path(shutil.copy(exports / "small.onnx", tmp_path))


@pytest.fixture
def openvino(exports, tmp_path):
    pytest.importorskip("openvino")
    shutil.copy(exports / "small.bin", tmp_path)
    return Path(shutil.copy(exports / "small.xml", tmp_path))


@pytest.fixture(autouse=True)
def no_warnings_yet():
    warn_once.cache_clear()


def logits(weights, image):
    with torch.inference_mode():
        return TorchEngine(*load_weights(weights), "cpu", "float32").logits(
            torch.from_numpy(image)[None]
        )


@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_exports_give_the_logits_of_pytorch(engine, weights, image, request):
    file = request.getfixturevalue(engine)
    opened = open_engine(file, precision="float32")
    assert (opened.name, opened.precision, opened.size) == (engine, "float32", SIZE)
    assert opened.info == load_weights(weights)[1]
    found = opened.logits(torch.from_numpy(np.stack([image, image[::-1]])))
    assert found.dtype == torch.float32
    for answer, asked in zip(found, (image, image[::-1].copy()), strict=True):
        expected = logits(weights, asked)[0]
        close = (answer - expected).abs() < 1e-3 * expected.abs().max()
        assert close.float().mean() > 0.999  # rounding may move the place of a maximum
        assert (answer.argmax(0) == expected.argmax(0)).float().mean() > 0.999


@pytest.mark.parametrize("crossing", [
    "features", pytest.param("positions", marks=pytest.mark.slow),
    pytest.param("both", marks=pytest.mark.slow),
])  # fmt: skip
def test_exports_of_segnet_lite_give_the_logits_of_pytorch(crossing, image, tmp_path):
    for module in ("onnxruntime", "onnxscript", "openvino"):
        pytest.importorskip(module)
    torch.manual_seed(0)
    info = ModelInfo("segnet_lite", LabelSet.load("camvid"), SIZE, {"crossing": crossing})
    save_weights(file := tmp_path / "w.safetensors", info.build(), info)
    Export.of(file).to_openvino(tmp_path / "w.xml")
    Export.of(file).to_onnx(tmp_path / "w.onnx")
    expected = logits(file, image)
    for suffix in (".xml", ".onnx"):
        engine = open_engine(file.with_suffix(suffix), precision="float32")
        found = engine.logits(torch.from_numpy(image)[None])
        close = (found - expected).abs() < 1e-3 * expected.abs().max()
        assert close.float().mean() > 0.999
        assert (found.argmax(1) == expected.argmax(1)).float().mean() > 0.999


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    """An ENet that tells two classes apart by one channel, exported once."""
    pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    camvid = LabelSet.load("camvid")
    labels = LabelSet("two", camvid.classes[:2], camvid.ignore_id)
    info = ModelInfo("enet", labels, SIZE, {}, activation="sigmoid")
    file = tmp_path_factory.mktemp("binary") / "w.safetensors"
    save_weights(file, info.build(), info)
    Export.of(file).to_onnx(file.with_suffix(".onnx"))
    return file


@pytest.mark.parametrize(("network", "labels"), [("segnet_basic", "camvid"), ("enet", "two")])
def test_the_pooling_is_written_with_what_every_runtime_has(network, labels, exports, binary):
    onnx = pytest.importorskip("onnx")
    file = binary.with_suffix(".onnx") if network == "enet" else exports / "small.onnx"
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    operations = {node.op_type for node in model.graph.node}
    assert not operations & {"MaxUnpool", "ScatterElements", "ScatterND"}
    assert {len(n.output) for n in model.graph.node if n.op_type == "MaxPool"} == {1}
    # TensorRT takes bytes, and makes none within a network.
    known = onnx.shape_inference.infer_shapes(model).graph.value_info
    assert onnx.TensorProto.UINT8 not in {each.type.tensor_type.elem_type for each in known}
    (metadata,) = model.metadata_props
    assert json.loads(metadata.value)["info"]["labels"]["name"] == labels
    assert json.loads(metadata.value)["info"]["network"] == network


def test_openvino_sees_an_unpooling_and_no_transposes(openvino):
    """A transpose of a full-size map costs as much as a convolution."""
    runtime = pytest.importorskip("openvino")
    compiled = runtime.Core().compile_model(openvino, "CPU")
    kinds = [
        node.get_rt_info()["layerType"].astype(str)
        for node in compiled.get_runtime_model().get_ops()
    ]
    assert kinds.count("DepthToSpace") == 4
    assert kinds.count("Transpose") <= 2  # of the image and of the logits


def test_binary_networks_keep_both_classes(binary, image):
    pytest.importorskip("onnxruntime")
    found = open_engine(binary.with_suffix(".onnx")).logits(torch.from_numpy(image)[None])
    expected = logits(binary, image)
    assert found.shape == (1, 2, *SIZE)
    assert (found.argmax(1) == expected.argmax(1)).float().mean() > 0.999


def test_int8_is_calibrated_with_a_data_sets_images(weights, dataset, tmp_path, capsys):
    for module in ("openvino", "nncf", "onnxscript"):
        pytest.importorskip(module)
    command = ["export", str(weights), "--engine", "openvino", "--calibrate", str(dataset)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "64x96, int8" in said
    assert "of 6 images are those of float32" in said
    assert open_engine(weights.with_suffix(".xml")).precision == "int8"


@pytest.mark.slow
def test_int8_keeps_the_first_convolutions_of_segnet_lite_in_float(image, tmp_path):
    for module in ("nncf", "onnxscript"):
        pytest.importorskip(module)
    info = ModelInfo("segnet_lite", LabelSet.load("camvid"), SIZE)
    save_weights(tmp_path / "w.safetensors", info.build(), info)
    Export.of(tmp_path / "w.safetensors").to_openvino(tmp_path / "w.xml", [image], quick=True)
    model = pytest.importorskip("openvino").Core().read_model(tmp_path / "w.xml")
    kinds = ("Convolution", "GroupConvolution")
    layers = [each for each in model.get_ordered_ops() if each.get_type_name() in kinds]
    inputs = [each.input_value(0).get_node().get_type_name() for each in layers]
    assert "FakeQuantize" not in inputs[:6]
    assert inputs[6:].count("FakeQuantize") > 50


@pytest.mark.slow
def test_int8_of_shipped_weights_gives_nearly_the_same_labels(tmp_path):
    for module in ("openvino", "nncf", "onnxscript"):
        pytest.importorskip(module)
    shipped = find_weights("segnet_basic_drives")
    seen = [Drive(7).frame(index).image for index in (0, 30, 60, 90)]
    Export.of(shipped).to_openvino(tmp_path / "int8.xml", seen)
    unseen = Drive(8).frame(20).image
    exact = Predictor.load(shipped, "cpu", "float32", "torch").predict(unseen)
    found = Predictor.load(tmp_path / "int8.xml").predict(unseen)
    assert (found.labels == exact.labels).mean() > 0.98


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (["--engine", "onnx", "--calibrate", "."], "train"),
        (["--engine", "openvino", "--calibrate", "."], "train"),
        (["--engine", "onnx", "--out", "network.xml"], r"name it \*.onnx"),
        (["--engine", "onnx", "--size", "8x9000"], "give 32 to"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    weights, arguments, mend, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(weights), *arguments]) == 2
    assert pytest.importorskip("re").search(mend, capsys.readouterr().err)
    assert not list(Path().glob("*.xml"))


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_images_than_one_are_refused(weights, dataset, count, capsys):
    options = ["--engine", "openvino", "--calibrate", str(dataset), f"--images={count}"]
    with pytest.raises(SystemExit) as caught:
        main(["export", str(weights), *options])
    assert caught.value.code == 2
    expected = f"argument --images: {count} is out of range; give at least 1"
    assert expected in capsys.readouterr().err
    assert not list(weights.parent.glob("*.xml"))
    with pytest.raises(SettingsError, match=f"--images {count}: give at least 1"):
        calibration_images(dataset, "train", count)


def test_auto_takes_the_export_of_exactly_these_weights(weights, openvino, small_info, caplog):
    assert open_engine(weights).name == "openvino"
    assert open_engine(weights, needs_dropout=True).name == "torch"
    assert open_engine(weights, "torch").name == "torch"
    assert open_engine(weights, precision="float32").name == "torch"  # which the export is not
    torch.manual_seed(1)  # other values than those of the exports
    save_weights(weights, small_info.build(), small_info)  # trained further
    assert open_engine(weights).name == "torch"
    assert "export again: segnet export" in caplog.text
    caplog.clear()
    assert open_engine(weights).name == "torch"
    assert not caplog.records  # said once


@pytest.mark.parametrize("engine", ["auto", "openvino", "onnx"])
def test_an_export_is_compiled_once(engine, weights, request, monkeypatch):
    """Compilation is the slowest part of a node's start on a small CPU."""
    request.getfixturevalue("onnx" if engine == "onnx" else "openvino")
    compiled = []
    if engine == "onnx":
        import onnxruntime as runtime

        owner, name = runtime, "InferenceSession"
    else:
        import openvino as runtime

        owner, name = runtime.Core, "compile_model"
    compile_model = getattr(owner, name)

    def counted(*arguments, **options):
        compiled.append(arguments)
        return compile_model(*arguments, **options)

    monkeypatch.setattr(owner, name, counted)
    predictor = Predictor.load(weights, engine=engine)
    assert predictor.engine.name == (engine if engine == "onnx" else "openvino")
    assert len(compiled) == 1


def test_without_openvino_auto_falls_back_with_one_warning(weights, caplog, monkeypatch):
    weights.with_suffix(".xml").touch()
    monkeypatch.setattr("segnet_model.engines.engine.is_installed", lambda module: False)
    assert [open_engine(weights).name, open_engine(weights).name] == ["torch", "torch"]
    assert caplog.text.count("pip install 'segnet_ros[openvino]'") == 1


@pytest.mark.parametrize(("suffix", "extra"), [(".xml", "openvino"), (".onnx", "onnx")])
def test_a_missing_library_names_the_extra(weights, suffix, extra, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(SettingsError, match=rf"pip install 'segnet_ros\[{extra}\]'"):
        open_engine(weights.with_suffix(suffix))
    with pytest.raises(SettingsError, match=r"pip install 'segnet_ros\[onnx\]'"):
        Export.of(weights).to_onnx(weights.with_suffix(".onnx"))


def test_engines_and_files_that_do_not_go_together_are_refused(weights):
    with pytest.raises(SettingsError, match=f"segnet export {weights} --engine openvino"):
        open_engine(weights, "openvino")
    with pytest.raises(SettingsError, match="choose 'auto' or 'onnx'"):
        open_engine(weights.with_suffix(".onnx"), "torch")
    with pytest.raises(SettingsError, match="runs on 'cpu'"):
        open_engine(weights.with_suffix(".onnx"), device="cuda")
    with pytest.raises(SettingsError, match="none of auto, torch"):
        open_engine(weights, "tensorrt")


@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_damaged_and_foreign_files_are_refused(engine, weights, request, tmp_path):
    file = request.getfixturevalue(engine)
    with pytest.raises(WeightsError, match="no such file"):
        open_engine(tmp_path / f"missing{file.suffix}")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=f"{file.name}.*not a whole"):
        open_engine(file)
    file.write_bytes(whole.replace(b"weights_sha256", b"weights_sha512"))
    with pytest.raises(WeightsError, match=f"{file.name}.*export again"):
        open_engine(file)


def test_monte_carlo_needs_the_weights(onnx):
    with pytest.raises(SettingsError, match="give the .safetensors file"):
        Predictor.load(onnx, uncertainty="mc")


def test_images_of_other_proportions_cause_a_warning(onnx, caplog):
    predictor = Predictor.load(onnx)
    assert not caplog.records
    for _ in range(2):
        predictor.predict(np.zeros((40, 120, 3), np.uint8))
    assert caplog.text.count("segnet export WEIGHTS --size 32x") == 1
