"""Files that cannot be adopted are refused with the mend, soon and in little memory."""

import numpy as np
import pytest
from painter import SIZE, painter

from segnet_model.base.errors import SegNetError, SettingsError, WeightsError
from segnet_model.engines.adoption import Wishes, adopt, reading
from segnet_model.labels import LabelSet
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
IMAGENET = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}


@pytest.fixture
def bad(refused, labels, scene):
    def check(path, match, error=SegNetError, labels=labels, **wishes):
        said = refused(
            match, lambda: adopt(path, labels, scene.image, Wishes(**wishes)), error=error,
            megabytes=400,
        )  # fmt: skip
        assert path.name in said

    return check


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 1000, b"\x08" * 10**6, b"<xml/>", b"PK\x03\x04" + b"x" * 100], ids=repr
)
def test_files_that_are_no_onnx(data, bad, tmp_path):
    (tmp_path / "model.onnx").write_bytes(data)
    bad(
        tmp_path / "model.onnx",
        "bytes; expected|not a whole ONNX file|no ONNX network",
        WeightsError,
    )


def test_a_cut_file_and_a_missing_one(bad, write, tmp_path):
    path = write(painter(**IMAGENET))
    path.write_bytes(path.read_bytes()[:-40])
    bad(path, "not a whole ONNX file|not a valid ONNX network", WeightsError)
    bad(tmp_path / "missing.onnx", "no such file", WeightsError)


def test_a_file_beyond_the_limit(bad, write, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE", 100)
    bad(write(painter(**IMAGENET)), "expected 1 to 100", WeightsError)


def test_a_label_set_of_another_length(bad, write):
    for end in ({}, {"channels_last": True}, {"end": "softmax"}):
        bad(write(painter(**IMAGENET, **end)), "5.*'camvid' has 11 classes.*give --labels",
            SettingsError, LabelSet.load("camvid"))  # fmt: skip


def test_several_outputs_without_a_choice(bad, write):
    path = write(painter(**IMAGENET, more=["boundary", "aux"]))
    bad(path, "has 3 outputs; choose one with --output: answer.*boundary.*aux", SettingsError)
    bad(path, "--output boundari: it has answer", SettingsError, output="boundari")


@pytest.mark.parametrize("name", ["weights.bin", "../weights.bin", "/etc/passwd"])
def test_external_data(name, bad, write, scene, labels, tmp_path):
    model = painter(**IMAGENET)
    first = model.graph.initializer[0]
    data = first.raw_data
    first.ClearField("raw_data")
    first.data_location = onnx.TensorProto.EXTERNAL
    first.external_data.add(key="location", value=name)
    first.external_data.add(key="length", value=str(len(data)))
    path = write(model)
    if name == "weights.bin":
        bad(path, "'weights.bin', which is missing; copy that file beside it", WeightsError)
        (tmp_path / name).write_bytes(data[:-4])
        bad(path, "its weights cannot be read|not a valid|cannot be run", WeightsError)
        (tmp_path / name).write_bytes(data)
        adopted = adopt(path, labels, scene.image)
        assert not list(reading.tensors_elsewhere(adopted.model))
        (tmp_path / name).rename(tmp_path / "real.bin")
        (tmp_path / name).symlink_to("/etc/passwd")
        bad(path, "its weights cannot be read", WeightsError)
    else:
        bad(path, "only files beside it are read", WeightsError)


def test_unknown_operators(bad, write):
    for domain in ("", "com.example"):
        model = painter(**IMAGENET)
        model.graph.node[0].op_type = "MagicConv"
        model.graph.node[0].domain = domain
        model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
        bad(write(model), "no runtime has MagicConv.*export it with plain ONNX", WeightsError)


def input_type(model):
    return model.graph.input[0].type.tensor_type


def test_a_dynamic_rank(bad, write):
    model = painter(**IMAGENET)
    input_type(model).ClearField("shape")
    bad(write(model), "rank of 'image' is dynamic; export it with a fixed rank", WeightsError)


@pytest.mark.parametrize(
    ("form", "match"),
    [
        ({"batch": 4}, "takes 4 images at once; export it with a batch of 1"),
        ({"size": (60_000, 60_000)}, "60000x60000; expected at most"),
        ({"size": (10**12, 2)}, "expected at most"),
        ({"size": (-64, 96)}, "expected 1x3xHxW|not a valid"),
    ],
    ids=str,
)
def test_inputs_that_are_no_image(form, match, bad, write):
    bad(write(painter(**IMAGENET, **form)), match, WeightsError)


def test_other_types_ranks_and_channels_of_the_input(bad, write):
    model = painter(**IMAGENET)
    input_type(model).elem_type = onnx.TensorProto.INT32
    bad(write(model), "of int32; expected float32, uint8, float16|not a valid", WeightsError)
    model = painter(**IMAGENET)
    input_type(model).shape.dim[1].dim_value = 1
    bad(write(model), "1x1x64x96; expected 3 channels|not a valid", WeightsError)
    model = painter(**IMAGENET)
    del input_type(model).shape.dim[0]
    bad(write(model), "3x64x96; expected 1x3xHxW|not a valid", WeightsError)
    model = painter(**IMAGENET)
    model.graph.input.add().CopyFrom(model.graph.input[0])
    model.graph.input[1].name = "size"
    bad(write(model), r"has 2 inputs \(image, size\)", WeightsError)


def test_tensors_of_terabytes_inside(bad, write):
    model = painter(**IMAGENET)
    model.graph.node.append(onnx.helper.make_node("ConstantOfShape", ["huge"], ["zeros"]))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([10**6, 10**6]), "huge"))
    model.graph.node.append(onnx.helper.make_node("ReduceMax", ["zeros"], ["most"], keepdims=0))
    answer = model.graph.node[0]
    answer.output[0] = "before"
    model.graph.node.append(onnx.helper.make_node("Add", ["before", "most"], ["answer"]))
    bad(write(model), "has 1000000000000 values", WeightsError)


def test_wishes_that_contradict_the_graph(bad, write):
    path = write(painter(**IMAGENET))
    bad(path, "--size 32x96: the network takes 64x96 alone", SettingsError, size=(32, 96))
    bad(path, "--layout nhwc: the input is 1x3x64x96, which is nchw", SettingsError, layout="nhwc")
    bad(path, "no probabilities; give --answers logits", SettingsError, kind="probabilities")
    raw = write(painter(largest=255.0, dtype=np.uint8))
    bad(raw, "takes bytes as they are", SettingsError, mean=(1.0, 1.0, 1.0))
    wide = write(painter(**IMAGENET, size=("h", "w")))
    bad(wide, "expected at most", WeightsError, size=(9000, 9000))


def test_answers_that_are_not_finite(bad, write):
    model = painter(**IMAGENET)
    bias = onnx.numpy_helper.from_array(np.full(5, np.nan, np.float32), "b")
    model.graph.initializer[1].CopyFrom(bias)
    bad(write(model), "not finite; is the range or the normalization wrong", WeightsError)


def test_an_answer_larger_than_the_image(bad, write):
    model = painter(**IMAGENET)
    model.graph.node[-1].output[0] = "before"
    scales = np.array([1, 1, 2, 2], np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(scales, "scales"))
    model.graph.node.append(onnx.helper.make_node("Resize", ["before", "", "scales"], ["answer"]))
    bad(write(model), "no map of the image's 64x96 pixels", WeightsError)


def test_weights_that_cannot_run_at_a_size(bad, write):
    model = painter(**IMAGENET, size=("h", "w"))
    shape = onnx.numpy_helper.from_array(np.array([1, 3, *SIZE]), "shape")
    model.graph.initializer.append(shape)
    model.graph.node.insert(0, onnx.helper.make_node("Reshape", ["image", "shape"], ["fixed"]))
    model.graph.node[1].input[0] = "fixed"
    bad(write(model), "cannot be run on an image of 128x128 .*try another --size", WeightsError,
        size=(128, 128))  # fmt: skip


@pytest.mark.parametrize("name", [b"\x1b[2J", b"\xff\xfe\xfd\xfc", b"a\nb_"], ids=repr)
def test_names_that_are_no_text(name, bad, write):
    path = write(painter(**IMAGENET))
    path.write_bytes(path.read_bytes().replace(b"Conv", name))
    bad(path, "a name in it is no text", WeightsError)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e-9])
def test_deviations_that_cannot_be(value):
    with pytest.raises(SettingsError, match="--std .*above 0, in the units of --range"):
        Wishes(std=(1.0, value, 1.0))
    if not abs(value) < 2:
        with pytest.raises(SettingsError, match="--mean .*in the units of --range"):
            Wishes(mean=(0.0, 0.0, value))
