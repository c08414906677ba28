"""An export's graph is one that TensorRT's parser takes: operators, types and constants."""

import numpy as np
import pytest
import torch

from segnet_model.base.choices import NETWORKS
from segnet_model.engines import open_engine
from segnet_model.engines.export import Export
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights

pytestmark = pytest.mark.xdist_group("exports")
SIZE = (45, 64)  # odd, so that the pooling leaves a row out
# Of those that the table in onnx-tensorrt's docs/operators.md (TensorRT 8.4 to 10) calls supported,
# with the types of ours: FP32, for Slice, Where and Equal also INT32 and BOOL.
OPERATORS = {
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "ConvTranspose",
    "Div", "Equal", "Exp", "Gather", "GatherND", "Greater", "Log", "LogSoftmax", "MatMul", "Max",
    "MaxPool", "Mul", "Neg", "Pad", "Pow", "PRelu", "ReduceMax", "ReduceMean", "ReduceSum", "Relu",
    "Reshape", "Resize", "Slice", "Softmax", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze",
    "Where",
}  # fmt: skip
TYPES = {"FLOAT", "INT32", "INT64", "BOOL"}
CONSTANT_INPUTS = {"Conv": 1, "ConvTranspose": 1, "Slice": 3}  # which must be initializers


def graph_of(path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return onnx, onnx.shape_inference.infer_shapes(model, strict_mode=True).graph


def check_graph(path, operators=OPERATORS, types=TYPES):
    """Every node is of a known operator, and every value inside of a known type."""
    onnx, graph = graph_of(path)
    assert {node.op_type for node in graph.node} <= operators
    assert {node.domain for node in graph.node} <= {"", "ai.onnx"}
    inside = {each.name: each.type.tensor_type.elem_type for each in graph.value_info}
    inside |= {each.name: each.data_type for each in graph.initializer}
    answers = {each.name: each.type.tensor_type.elem_type for each in graph.output}
    made = {name for node in graph.node for name in node.output}
    assert made <= inside.keys() | answers.keys()  # none is left out
    names = onnx.TensorProto.DataType.Name
    assert {names(kind) for kind in inside.values()} <= types
    assert {names(kind) for kind in answers.values()} == {"FLOAT"}
    # Bytes come in, and the first operation makes numbers of them.
    (image,) = (each.name for each in graph.input)
    assert [node.op_type for node in graph.node if image in node.input] == ["Cast"]
    constants = constant_values(graph)
    for node in graph.node:
        place = CONSTANT_INPUTS.get(node.op_type)
        assert place is None or node.input[place] in constants
        assert node.op_type != "MaxPool" or len(node.output) == 1
    return graph


def constant_values(graph):
    """Names of initializers, and of what nodes make of them alone, as Q/DQ pairs of weights."""
    found = {each.name for each in graph.initializer}
    for node in graph.node:
        if all(name in found for name in node.input):
            found.update(node.output)
    return found


def save(path, name, settings):
    info = ModelInfo(name, LabelSet.load("camvid"), SIZE, settings)
    save_weights(path, info.build(), info)
    return path


slow = pytest.mark.slow  # twenty times the weights, or another variant of one above
CASES = [
    pytest.param("bayesian_segnet", {}, marks=slow),
    ("bayesian_segnet_basic", {"features": 8}),
    pytest.param("bayesian_segnet_lite", {}, marks=slow),
    ("enet", {}),
    pytest.param("segnet", {}, marks=slow),
    ("segnet_basic", {"features": 8}),
    ("segnet_lite", {"crossing": "both"}),
    pytest.param("segnet_lite", {"crossing": "positions"}, marks=slow),
    pytest.param("segnet_lite", {"crossing": "features", "encoder": "lite2"}, marks=slow),
    pytest.param("unet", {}, marks=slow),
]


def test_all_networks_are_here():
    cases = [getattr(case, "values", case) for case in CASES]
    assert {name for name, _ in cases} == set(NETWORKS)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_tensorrt_takes_the_graph(name, settings, tmp_path):
    pytest.importorskip("onnxscript")
    file = save(tmp_path / "w.safetensors", name, settings)
    Export.of(file).to_onnx(tmp_path / "w.onnx")
    check_graph(tmp_path / "w.onnx")


@pytest.mark.slow
def test_tensorrt_takes_the_graph_with_feature_and_place_score(tmp_path):
    pytest.importorskip("onnxscript")
    export = Export.of(find_weights("segnet_lite_outdoor"), (64, 96))
    assert export.info.info.features is not None
    assert export.info.info.place is not None
    export.to_onnx(tmp_path / "w.onnx")
    graph = check_graph(tmp_path / "w.onnx")
    assert [each.name for each in graph.output] == ["logits", "place"]


def test_int8_has_signed_pairs_around_convolutions(exports, tmp_path):
    pytest.importorskip("onnxruntime")
    images = [np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), np.uint8) for seed in (0, 1)]
    shares = []
    export = Export.of(exports / "small.safetensors", SIZE)
    export.to_onnx(path := tmp_path / "int8.onnx", images, shares.append)
    assert shares[-1] == 1
    pairs = {"QuantizeLinear", "DequantizeLinear"}
    graph = check_graph(path, OPERATORS | pairs, TYPES | {"INT8"})
    onnx = pytest.importorskip("onnx")
    values = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    makers = {name: node.op_type for node in graph.node for name in node.output}
    for node in graph.node:
        if node.op_type in pairs:
            zero = values[node.input[2]]
            assert zero.dtype == np.int8
            assert not zero.any()
        if node.op_type == "Conv":
            assert [makers[name] for name in node.input[:2]] == ["DequantizeLinear"] * 2
            assert set(node.input[2:]) <= values.keys()  # the bias, in float
    opened = open_engine(path)
    assert (opened.name, opened.precision) == ("onnx", "int8")
    found = opened.logits(torch.from_numpy(images[0])[None])
    expected = open_engine(exports / "small.onnx").logits(torch.from_numpy(images[0])[None])
    both = torch.stack([found.flatten(), expected.flatten()])
    assert both.corrcoef()[0, 1] > 0.8  # of an untrained network, whose classes lie close


@pytest.mark.slow
def test_int8_of_shipped_weights_gives_nearly_the_same_labels(tmp_path):
    """Its first convolutions stay in float, as those of the int8 form for OpenVINO."""
    for module in ("onnxruntime", "onnxscript"):
        pytest.importorskip(module)
    shipped = find_weights("segnet_lite_outdoor")
    seen = [Drive(7).frame(index).image for index in (0, 30, 60)]
    Export.of(shipped).to_onnx(path := tmp_path / "int8.onnx", seen)
    unseen = Drive(8).frame(20).image
    exact = Predictor.load(shipped, "cpu", "float32", "torch").predict(unseen)
    found = Predictor.load(path).predict(unseen)
    assert (found.labels == exact.labels).mean() > 0.98
    _, graph = graph_of(path)
    makers = {name: node.op_type for node in graph.node for name in node.output}
    quantized = [node.input[1] in makers for node in graph.node if node.op_type == "Conv"]
    assert quantized.count(False) == 6
