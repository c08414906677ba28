"""Adopted networks in OpenVINO, in float and in int8, give the same answers."""

import numpy as np
import pytest
from painter import painter, true_probabilities

from segnet_model.base.errors import SettingsError
from segnet_model.cli import main
from segnet_model.engines.adoption import adopt
from segnet_model.engines.export import Export
from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD

pytest.importorskip("openvino")
pytest.importorskip("onnxruntime")
IMAGENET = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}


@pytest.fixture
def adopted(write, labels, scene, tmp_path):
    def make(**form):
        adopt(write(painter(**IMAGENET, **form)), labels, scene.image).save(tmp_path / "own.onnx")
        return tmp_path / "own.onnx"

    return make


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("end", ["logits", "softmax", "argmax"])
def test_openvino_gives_the_answers_of_the_network(end, precision, adopted, scene):
    path = adopted(end=end)
    Export.of(path).to_openvino(path.with_suffix(".xml"))
    predictor = Predictor.load(path.with_suffix(".xml"), precision=precision)
    assert predictor.engine.name == "openvino"
    found = predictor.predict(scene.image)
    assert (found.labels == scene.ids).mean() > (0.999 if precision == "float32" else 0.95)
    if end == "argmax":
        assert np.isnan(found.uncertainty).all()
    else:
        expected = true_probabilities(scene.image).max(-1)
        atol = 1e-3 if precision == "float32" else 0.15
        np.testing.assert_allclose(found.confidence, expected, atol=atol)


def test_int8_is_exported_from_an_adopted_network(adopted, scene, labels, tmp_path, capsys):
    pytest.importorskip("nncf")
    path, data = adopted(), tmp_path / "yard"
    for folder, content in (("train", scene.image), ("trainannot", scene.ids)):
        (data / folder).mkdir(parents=True)
        write_png(data / folder / "a.png", content)
    (data / "labels.yaml").write_text(str(labels.to_dict()))  # JSON's form is YAML's, too
    assert main(["export", str(path), "--engine", "openvino", "--calibrate", str(data)]) == 0
    assert "% of the labels of 1 images are those of float32" in capsys.readouterr().out
    predictor = Predictor.load(path.with_suffix(".xml"))
    assert predictor.precision == "int8"
    assert (predictor.predict(scene.image).labels == scene.ids).mean() > 0.97


def test_what_an_onnx_file_cannot_become_is_refused(adopted):
    path = adopted()
    with pytest.raises(SettingsError, match="is made for 64x96; for another --size, adopt"):
        Export.of(path, (128, 128))
    with pytest.raises(SettingsError, match="an ONNX file already"):
        Export.of(path).to_onnx(path.with_name("again.onnx"))
