import numpy as np
import pytest

from segnet_model.data.camvid import open_split
from segnet_model.errors import SettingsError
from segnet_model.evaluation import evaluate, report
from segnet_model.labels import LabelSet
from segnet_model.metrics import ConfusionMatrix
from segnet_model.predictor import Predictor


def test_counts_every_pixel_of_every_image(dataset, weights):
    predictor = Predictor.load(weights, "cpu")
    folder = open_split(dataset, "val", predictor.info.labels)
    seen = []
    matrix = evaluate(predictor, folder, seen.append)
    truth = np.concatenate([folder.read(i)[1].ravel() for i in range(2)])
    found = np.concatenate([predictor.predict(folder.read(i)[0]).labels.ravel() for i in range(2)])
    assert seen == [0, 1]
    assert matrix.counts.sum() == truth.size
    assert matrix.pixel_accuracy == pytest.approx((truth == found).mean())


def test_other_classes_are_refused(dataset, weights, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("name: x\nclasses: [{name: grass, color: [0, 255, 0]}]")
    folder = open_split(dataset, "val", LabelSet.load(other))
    with pytest.raises(SettingsError, match="grass"):
        evaluate(Predictor.load(weights, "cpu"), folder)


def test_report_says_none_of_a_class_that_never_occurs():
    matrix = ConfusionMatrix(3, 255)
    matrix.update(np.array([0, 1], np.uint8), np.array([0, 0], np.uint8))
    figures = report(matrix, ("a", "b", "c"))
    assert figures["iou"] == {"a": 0.5, "b": 0.0, "c": None}
    assert figures["accuracy"] == {"a": 0.5, "b": None, "c": None}
    assert figures["miou"] == 0.25
    assert figures["confusion"] == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]
