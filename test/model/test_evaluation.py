import json
from dataclasses import replace

import numpy as np
import pytest

from segnet_model.checkpoint import save_weights
from segnet_model.cli import main
from segnet_model.data.camvid import open_split
from segnet_model.data.files import read_image
from segnet_model.errors import SettingsError
from segnet_model.evaluation import assess, evaluate, report
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


@pytest.fixture
def bayesian(tmp_path, small_info):
    info = replace(small_info, network="bayesian_segnet_basic")
    save_weights(tmp_path / "bayesian.safetensors", info.build(), info)
    return tmp_path / "bayesian.safetensors"


def test_assessing_counts_what_evaluating_counts(dataset, bayesian):
    predictor = Predictor.load(bayesian, "cpu", uncertainty="mc", samples=3)
    folder = open_split(dataset, "val", predictor.info.labels)
    assessment = assess(predictor, folder, counts=[1, 3])
    expected = evaluate(predictor, folder)
    np.testing.assert_array_equal(assessment.matrix.counts, expected.counts)
    np.testing.assert_array_equal(assessment.curve[3].counts, expected.counts)
    single = Predictor.load(bayesian, "cpu", uncertainty="mc", samples=1)
    np.testing.assert_array_equal(assessment.curve[1].counts, evaluate(single, folder).counts)
    figures = assessment.figures()
    assert set(figures["auroc"]) == {"entropy", "mutual_information", "variance"}
    assert 0 < figures["ece"] < 1
    assert figures["ms"] > 0


def test_a_curve_needs_samples(dataset, weights):
    predictor = Predictor.load(weights, "cpu")
    folder = open_split(dataset, "val", predictor.info.labels)
    with pytest.raises(SettingsError, match="needs uncertainty 'mc'"):
        assess(predictor, folder, counts=[1])


def test_the_command_draws_and_writes_everything(dataset, bayesian, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    command = ["evaluate", str(bayesian), str(dataset), "--out", str(tmp_path / "out")]
    assert main([*command, "--uncertainty", "mc", "--samples", "2", "--curve"]) == 0
    said = capsys.readouterr().out
    for word in ("ECE", "AUROC", "AUPR", "PAvPU", "boundary F1", "mIoU of 2 samples"):
        assert word in said
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert set(figures["miou_by_samples"]) == {"1", "2"}
    for name in ("evaluation.png", "uncertainty.png"):
        assert read_image(tmp_path / "out" / name).std() > 10


def test_a_data_set_is_no_video(dataset, bayesian, capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", str(bayesian), str(dataset), "--uncertainty", "temporal"])
    assert "choose from" in capsys.readouterr().err
