"""An export is read in NumPy alone, with the answers that PyTorch gives."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from segnet_model.base.optional import is_installed
from segnet_model.engines.export import Export
from segnet_model.engines.exported import ExportedEngine, ExportInfo
from segnet_model.inference.exported import ExportReader, probabilities
from segnet_model.inference.prediction import normalized_entropy
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import to_maps
from segnet_model.inference.uncertainty import SinglePass
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

SIZE = (32, 48)
LARGE = (270, 400)
INFO = ModelInfo(
    "segnet_basic", LabelSet.load("camvid"), SIZE, {"features": 8}, temperatures={"none": 0.8}
)


def engine(run, info=INFO):
    return ExportedEngine(ExportInfo(info, "0" * 64, "float32", SIZE), run, "float32")


def smooth_logits(seed=0):
    """What a network of 11 classes may say of one image: (1, h, w, 11)."""
    coarse = torch.randn(1, 11, 4, 6, generator=torch.Generator().manual_seed(seed)) * 6
    large = torch.nn.functional.interpolate(coarse, SIZE, mode="bilinear")
    return large.permute(0, 2, 3, 1).contiguous().numpy()


@pytest.mark.parametrize("temperature", [1, 0.8, 3])
def test_probabilities_and_entropy_are_those_of_pytorch(temperature):
    logits = smooth_logits()
    found, entropy = probabilities(logits[0], temperature)
    expected = (torch.from_numpy(logits).permute(0, 3, 1, 2).double() / temperature).softmax(1)
    np.testing.assert_allclose(found, expected[0], atol=1e-6)
    np.testing.assert_allclose(entropy, normalized_entropy(expected)[0], atol=1e-6)


def test_sure_logits_have_no_entropy_and_one_class_alone_none():
    sure = np.array([[[1000.0, -1000.0, 0.0]]], np.float32)
    assert probabilities(sure, 1)[1] == 0
    assert probabilities(sure[..., :1], 1)[1] == 0


def test_a_logit_of_minus_infinity_is_a_class_that_cannot_be():
    masked = np.array([[[2.0, -np.inf, 0.0]]], np.float32)
    found, entropy = probabilities(masked, 1)
    expected = torch.from_numpy(masked).permute(2, 0, 1)[None].softmax(1)
    np.testing.assert_allclose(found, expected[0], atol=1e-6)
    np.testing.assert_allclose(entropy, normalized_entropy(expected)[0], atol=1e-6)


def test_a_segmentation_is_that_of_pytorch():
    images = np.zeros((2, *SIZE, 3), np.uint8)
    answers = [smooth_logits(0), smooth_logits(1)]
    turns = iter(answers * 2)
    opened = engine(lambda image: [next(turns)])
    found = ExportReader(opened, scored=False)(images, LARGE)
    maps = to_maps(SinglePass(opened)(torch.from_numpy(images)), LARGE)
    labels, confidence, uncertainty = (each.numpy() for each in maps[:3])
    assert (found.labels != labels).mean() < 1e-5  # ties
    np.testing.assert_allclose(found.confidence, confidence, atol=1e-6)
    np.testing.assert_allclose(found.uncertainty, uncertainty, atol=2e-6)
    assert len(np.unique(found.labels)) > 3


def test_logits_that_are_not_numbers_stay_so():
    logits = smooth_logits()
    logits[0, 3, 5] = np.inf
    found = ExportReader(engine(lambda image: [logits]), scored=False)(
        np.zeros((1, *SIZE, 3), np.uint8), SIZE
    )
    assert np.isnan(found.confidence[0, 3, 5])
    assert np.isfinite(found.confidence[0, 0]).all()


def test_what_needs_pytorch_is_left_to_it():
    opened = engine(lambda image: [smooth_logits()])
    assert ExportReader.of(opened, SinglePass(opened), "none") is not None
    assert ExportReader.of(opened, SinglePass(opened), "crf") is None
    assert ExportReader.of(object(), SinglePass(opened), "none") is None


PROGRAM = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoTorch())
import numpy as np
from segnet_model.inference.predictor import Predictor

found = Predictor.load(sys.argv[1]).predict(np.load(sys.argv[2]))
np.savez(sys.argv[3], labels=found.labels, confidence=found.confidence)
"""


@pytest.mark.skipif(
    not (is_installed("onnxruntime") and is_installed("onnxscript")), reason="needs the extra onnx"
)
def test_an_export_runs_where_pytorch_is_not_installed(tmp_path):
    torch.manual_seed(0)
    save_weights(tmp_path / "tiny.safetensors", INFO.build(), INFO)
    file, image, out = (tmp_path / name for name in ("tiny.onnx", "image.npy", "out.npz"))
    Export.of(tmp_path / "tiny.safetensors").to_onnx(file)
    np.save(image, np.random.default_rng(0).integers(0, 256, (*LARGE, 3), np.uint8))
    command = [sys.executable, "-c", PROGRAM, str(file), str(image), str(out)]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = Predictor.load(tmp_path / "tiny.safetensors", "cpu", "float32").predict(
        np.load(image)
    )
    with np.load(out) as found:
        assert (found["labels"] == expected.labels).mean() > 0.999
        np.testing.assert_allclose(found["confidence"], expected.confidence, atol=1e-4)
