"""Each form of a network of known answers is adopted, and gives those answers in every engine."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from painter import SIZE, painter, true_logits, true_probabilities

from segnet_model.engines import open_engine
from segnet_model.engines.adoption import Wishes, adopt
from segnet_model.engines.capabilities import warn_once
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
BYTES = {"largest": 255.0, "mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)}
IMAGENET = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
PLAIN = {"mean": (0, 0, 0), "std": (1, 1, 1)}


@pytest.fixture
def adopted(write, labels, scene, tmp_path):
    def make(model, **wishes):
        found = adopt(write(model), labels, scene.image, Wishes(**wishes))
        found.save(tmp_path / "adopted.onnx")
        return found, tmp_path / "adopted.onnx"

    return make


@pytest.mark.parametrize(
    ("form", "wishes"),
    [
        ({**IMAGENET}, {}),
        ({**IMAGENET, "layout": "nhwc"}, {}),
        ({**IMAGENET, "layout": "nhwc", "channels_last": True}, {}),
        ({**IMAGENET, "channels_last": True}, {}),
        ({**IMAGENET, "bgr": True}, {"color": "bgr"}),
        ({**BYTES}, BYTES),
        ({**BYTES}, {"largest": 255.0}),  # ImageNet's, in bytes
        ({**PLAIN}, PLAIN),
        ({"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "bgr": True},
         {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "color": "bgr"}),
        ({"largest": 255.0, "front": [("Div", 255.0)], "std": (255.0,) * 3}, {}),
        ({"front": [("Sub", np.full((1, 3, 1, 1), 0.5)), ("Div", np.full((1, 3, 1, 1), 0.25))],
          "mean": (0.5,) * 3, "std": (0.25,) * 3}, {}),
        ({"largest": 255.0, "dtype": np.uint8}, {}),
        ({**IMAGENET, "opset": 9}, {}),
        ({**IMAGENET, "opset": 11}, {}),
        ({**IMAGENET, "opset": 21}, {}),
        ({**IMAGENET, "size": ("h", "w"), "batch": "n"}, {"size": SIZE}),
        ({**IMAGENET, "more": ["boundary"]}, {"output": "answer"}),
    ],
    ids=lambda each: ",".join(each) or "guessed",
)  # fmt: skip
def test_logits_of_every_form_are_those_of_the_network(form, wishes, adopted, scene):
    found, path = adopted(painter(**form), **wishes)
    engine = open_engine(path)
    assert (engine.name, engine.size) == ("onnx", SIZE)
    logits = engine.logits(torch.from_numpy(scene.image)[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(logits, true_logits(scene.image), rtol=1e-3, atol=2e-3)
    assert found.info.info.activation == "softmax"
    segmentation = Predictor(engine).predict(scene.image)
    assert (segmentation.labels == scene.ids).mean() > 0.999
    confidence = true_probabilities(scene.image).max(-1)
    np.testing.assert_allclose(segmentation.confidence, confidence, atol=1e-3)


@pytest.mark.parametrize("stride", [4, 8, 32])
def test_an_answer_at_a_stride_is_scaled_up(stride, adopted, scene):
    found, path = adopted(painter(**IMAGENET, stride=stride))
    assert ("stride", str(stride), "the graph") in found.findings
    pooled = scene.image.reshape(SIZE[0] // stride, stride, SIZE[1] // stride, stride, 3)
    coarse = torch.from_numpy(true_probabilities(pooled.mean((1, 3)))).permute(2, 0, 1)[None]
    expected = F.interpolate(coarse, SIZE, mode="bilinear")[0]
    segmentation = Predictor.load(path).predict(scene.image)
    np.testing.assert_allclose(segmentation.confidence, expected.amax(0), atol=1e-3)
    assert (segmentation.labels == expected.argmax(0).numpy()).mean() > 0.999


@pytest.mark.parametrize("channels_last", [False, True])
def test_probabilities_stay_what_they_are(channels_last, adopted, scene):
    found, path = adopted(painter(**IMAGENET, end="softmax", channels_last=channels_last))
    assert ("answers", "probabilities", "the graph: Softmax") in found.findings
    expected = true_probabilities(scene.image)
    segmentation = Predictor.load(path).predict(scene.image)
    np.testing.assert_allclose(segmentation.confidence, expected.max(-1), atol=1e-3)
    entropy = -(expected * np.log(expected)).sum(-1) / np.log(5)
    np.testing.assert_allclose(segmentation.uncertainty, entropy, atol=1e-3)


@pytest.mark.parametrize("end", ["binary", "sigmoid"])
def test_one_channel_stands_for_two_classes(end, write, labels, scene, tmp_path):
    two = replace(labels, classes=labels.classes[:2])
    found = adopt(write(painter(**IMAGENET, end=end)), two, scene.image)
    found.save(tmp_path / "adopted.onnx")
    segmentation = Predictor.load(tmp_path / "adopted.onnx").predict(scene.image)
    logits = true_logits(scene.image)
    path = 1 / (1 + np.exp(logits[..., 0] - logits[..., 1]))
    assert (segmentation.labels == (path > 0.5)).mean() > 0.999
    np.testing.assert_allclose(segmentation.confidence, np.maximum(path, 1 - path), atol=1e-3)


@pytest.mark.parametrize(
    "ids", [np.int64, np.int32, np.uint8, np.float32], ids=lambda t: t.__name__
)
@pytest.mark.parametrize("rank", [3, 4])
def test_ids_alone_leave_confidence_and_uncertainty_unknown(ids, rank, adopted, scene):
    found, path = adopted(painter(**IMAGENET, end="argmax", ids=ids, rank=rank))
    assert ("answers", "ids", "the graph: ArgMax; --answers logits skips it") in found.findings
    assert found.info.info.answers_ids
    segmentation = Predictor.load(path).predict(scene.image)
    assert (segmentation.labels == scene.ids).all()
    assert segmentation.labels.dtype == np.uint8
    for unknown in (segmentation.confidence, segmentation.uncertainty):
        assert unknown.shape == scene.ids.shape
        assert np.isnan(unknown).all()


def test_ids_at_a_stride_are_scaled_up_to_the_nearest(adopted, scene):
    _, path = adopted(painter(**IMAGENET, end="argmax", stride=8))
    larger = scene.image.repeat(2, 0).repeat(2, 1)
    assert (
        Predictor.load(path).predict(larger).labels == scene.ids.repeat(2, 0).repeat(2, 1)
    ).all()


def test_scores_are_taken_from_before_an_argmax(adopted, scene):
    found, path = adopted(painter(**IMAGENET, end="argmax", rank=3), kind="logits")
    assert not found.info.info.answers_ids
    segmentation = Predictor.load(path).predict(scene.image)
    assert (segmentation.labels == scene.ids).mean() > 0.999
    expected = true_probabilities(scene.image).max(-1)
    np.testing.assert_allclose(segmentation.confidence, expected, atol=1e-3)


def test_networks_of_ultralytics_take_plain_images(adopted, scene):
    """By their documentation: RGB from 0 to 1, without mean and deviation."""
    model = painter(**PLAIN)
    model.metadata_props.add(key="author", value="Ultralytics")
    found, path = adopted(model)
    assert ("mean", "0 0 0", "guessed: usual of Ultralytics") in found.findings
    assert (Predictor.load(path).predict(scene.image).labels == scene.ids).mean() > 0.999


@pytest.mark.parametrize("end", ["logits", "argmax"])
def test_weights_may_be_listed_as_inputs_as_old_exporters_do(end, adopted, scene):
    model = painter(**IMAGENET, end=end, opset=11)
    for each in model.graph.initializer:
        value = onnx.helper.make_tensor_value_info(each.name, each.data_type, each.dims)
        model.graph.input.append(value)
    model.ir_version = 4
    _, path = adopted(model)
    assert (Predictor.load(path).predict(scene.image).labels == scene.ids).mean() > 0.999


def test_half_precision_is_cast(adopted, scene):
    _, path = adopted(painter(**IMAGENET, dtype=np.float16))
    segmentation = Predictor.load(path).predict(scene.image)
    assert (segmentation.labels == scene.ids).mean() > 0.99
    np.testing.assert_allclose(
        segmentation.confidence, true_probabilities(scene.image).max(-1), atol=0.05
    )


def test_names_may_hold_any_word(adopted, scene):
    """The key of external data is the word "location", which is in "allocation" too."""
    model = painter(**IMAGENET)
    model.graph.node[-1].name = "allocation/location"
    _, path = adopted(model)
    assert b"location" in path.read_bytes()
    assert (Predictor.load(path).predict(scene.image).labels == scene.ids).mean() > 0.999


def test_images_of_other_proportions_cause_a_warning_with_the_mend(adopted, caplog):
    warn_once.cache_clear()
    _, path = adopted(painter(**IMAGENET))
    Predictor.load(path).predict(np.zeros((40, 120, 3), np.uint8))
    assert "squeezed to the export's 64x96" in caplog.text
    assert "segnet adopt MODEL --size 48x136" in caplog.text
