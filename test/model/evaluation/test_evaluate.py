import hashlib
import json
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
import torch

from segnet_model.base.errors import SettingsError
from segnet_model.cli import main
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.evaluate import Evaluation, evaluate, evaluate_all
from segnet_model.evaluation.figures import matrix_figures
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.images.files import read_image, write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet, SegmentationClass
from segnet_model.weights.checkpoint import save_weights


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
    figures = matrix_figures(matrix, ("a", "b", "c"))
    assert figures["iou"] == {"a": 0.5, "b": 0.0, "c": None}
    assert figures["accuracy"] == {"a": 0.5, "b": None, "c": None}
    assert figures["precision"] == {"a": 1.0, "b": 0.0, "c": None}
    assert figures["pixels"] == {"a": 2, "b": 0, "c": 0}
    assert figures["miou"] == 0.25
    assert figures["confusion"] == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]


@pytest.fixture
def bayesian(tmp_path, small_info):
    info = replace(small_info, network="bayesian_segnet_basic")
    save_weights(tmp_path / "bayesian.safetensors", info.build(), info)
    return tmp_path / "bayesian.safetensors"


def test_both_evaluations_count_the_same(dataset, bayesian):
    predictor = Predictor.load(bayesian, "cpu", uncertainty="mc", samples=3)
    folder = open_split(dataset, "val", predictor.info.labels)
    evaluation = evaluate_all([predictor], folder, counts=[1, 3])[0]
    expected = evaluate(predictor, folder)
    np.testing.assert_array_equal(evaluation.matrix.counts, expected.counts)
    np.testing.assert_array_equal(evaluation.curve[3].counts, expected.counts)
    single = Predictor.load(bayesian, "cpu", uncertainty="mc", samples=1)
    np.testing.assert_array_equal(evaluation.curve[1].counts, evaluate(single, folder).counts)
    figures = evaluation.figures()
    assert set(figures["auroc"]) == {"entropy", "mutual_information", "variance"}
    assert 0 < figures["ece"] < 1
    assert figures["ms"] > 0


def test_a_curve_needs_samples(dataset, weights):
    predictor = Predictor.load(weights, "cpu")
    folder = open_split(dataset, "val", predictor.info.labels)
    with pytest.raises(SettingsError, match="needs uncertainty 'mc'"):
        evaluate_all([predictor], folder, counts=[1])


def test_the_command_draws_and_writes_everything(dataset, bayesian, tmp_path, capsys):
    command = ["evaluate", str(bayesian), str(dataset), "--out", str(tmp_path / "out")]
    assert main([*command, "--uncertainty", "mc", "--samples", "2", "--curve"]) == 0
    said = capsys.readouterr().out
    for word in ("ECE", "AUROC", "AUPR", "PAvPU", "boundary F1", "mIoU of 2 samples"):
        assert word in said
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert set(figures["miou_by_samples"]) == {"1", "2"}
    assert read_image(tmp_path / "out" / "evaluation.png").std() > 10
    page = (tmp_path / "out" / "report.html").read_text()
    assert "What do more samples bring?" in page
    assert f"{100 * figures['miou']:.1f} %" in page
    assert "Asked 2 times with dropout" in page


def test_the_json_says_what_was_measured_and_how(dataset, weights, tmp_path):
    out = tmp_path / "out"
    assert main(["evaluate", str(weights), str(dataset), "--out", str(out), "--device", "cpu"]) == 0
    figures = json.loads((out / "evaluation.json").read_text(), parse_constant=pytest.fail)
    confusion = np.array(figures["confusion"])
    assert list(figures["pixels"].values()) == confusion.sum(1).tolist()
    precision = np.diag(confusion) / np.maximum(1, confusion.sum(0))
    expected = [None if not confusion[:, i].sum() else precision[i] for i in range(11)]
    assert list(figures["precision"].values()) == pytest.approx(expected)
    assert figures["images_with"]["Sky"] == figures["images_with"]["Road"] == 2
    assert figures["images_with"]["Tree"] == 0
    assert figures["ms_p90"] >= figures["ms"]
    assert figures["model"]["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert figures["model"]["network"] == "segnet_basic"
    assert (figures["model"]["engine"], figures["model"]["file"]) == ("torch", weights.name)
    measured = figures["measured"]
    assert (measured["split"], measured["images"], measured["uncertainty"]) == ("val", 2, "none")
    assert datetime.fromisoformat(measured["date"]).tzinfo
    assert sum(figures["reliability"]["pixels"]) == confusion.sum()
    assert figures["surest"]["entropy"][-1] == pytest.approx(figures["pixel_accuracy"])
    assert {each["name"] for each in figures["worst_frames"]} == {"0.png", "1.png"}
    shares = [each["pixel_accuracy"] for each in figures["worst_frames"]]
    assert shares == sorted(shares)
    assert np.mean(shares) == pytest.approx(figures["pixel_accuracy"])  # frames of one size


def test_weights_do_not_differ_from_themselves(dataset, weights, tmp_path, capsys):
    command = ["evaluate", str(weights), str(dataset), "--compare", str(weights)]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    gaps = figures["compare"]["difference"]
    assert gaps.pop("ms") is not None
    values = [
        v for each in gaps.values() for v in (each.values() if isinstance(each, dict) else [each])
    ]
    assert {value for value in values if value is not None} == {0}
    assert gaps["iou"]["Sky"] == 0
    assert figures["compare"]["confusion"] == figures["confusion"]
    assert figures["compare"]["model"] == figures["model"]
    assert f"A {weights}" in capsys.readouterr().out


def test_others_are_measured_as_if_alone(dataset, weights, small_info, tmp_path, capsys):
    torch.manual_seed(1)
    other = tmp_path / "other.safetensors"
    save_weights(other, small_info.build(), small_info)
    out = tmp_path / "out"
    assert (
        main(["evaluate", str(weights), str(dataset), "--compare", str(other), "--out", str(out)])
        == 0
    )
    figures = json.loads((out / "evaluation.json").read_text())
    predictor = Predictor.load(other)
    alone = evaluate(predictor, open_split(dataset, "val", predictor.info.labels))
    assert figures["compare"]["confusion"] == alone.counts.tolist()
    gap = figures["compare"]["difference"]["miou"]
    of_labels = [0, 3]  # Sky and Road: what else is answered has no IoU but 0
    own = [list(figures["iou"].values())[i] for i in of_labels]
    assert gap == pytest.approx(np.mean(own) - alone.iou[of_labels].mean())
    assert f"{100 * gap:+.1f}" in capsys.readouterr().out
    for each in figures["worst_frames"]:
        assert set(each["compare"]) == {"pixel_accuracy", "miou"}


def test_others_of_other_classes_are_refused_before_anything_is_measured(
    dataset, weights, small_info, tmp_path, capsys
):
    labels = LabelSet("two", (SegmentationClass("a", (1, 1, 1)), SegmentationClass("b", (2, 2, 2))))
    info = replace(small_info, labels=labels)
    save_weights(tmp_path / "two.safetensors", info.build(), info)
    other = str(tmp_path / "two.safetensors")
    assert main(["evaluate", str(weights), str(dataset), "--compare", other]) == 2
    said = capsys.readouterr().err
    assert f"{other}: ['a', 'b'] of label set 'two' are no classes of 'camvid': Sky, " in said
    assert "--map 'a=CLASS' --map 'b=CLASS'" in said


def test_labels_that_are_all_ignored_measure_nothing(dataset, weights, capsys):
    for path in (dataset / "valannot").iterdir():
        write_png(path, np.full((64, 96), 11, np.uint8))
    assert main(["evaluate", str(weights), str(dataset)]) == 2
    assert "val is labeled; label some first" in capsys.readouterr().err


def test_images_are_scored_one_by_one():
    """Of four pixels one is unknown, and of the other three one is wrong."""
    labels = LabelSet("two", (SegmentationClass("a", (1, 1, 1)), SegmentationClass("b", (2, 2, 2))))
    evaluation = Evaluation(labels)
    truth = np.array([[0, 0], [1, 255]], np.uint8)
    sure = np.ones((2, 2), np.float32)
    found = Segmentation(np.array([[0, 1], [1, 1]], np.uint8), sure, 1 - sure)
    score = evaluation.update(found, truth, 0.1)
    assert (score.pixel_accuracy, score.miou, score.labeled) == (2 / 3, 0.5, 0.75)
    evaluation.update(found, np.full((2, 2), 255, np.uint8), 0.1)
    assert evaluation.seen_in.tolist() == [1, 1]
    assert evaluation.matrix.counts.tolist() == [[1, 1], [0, 1]]


def test_an_out_that_cannot_be_is_refused_at_once(dataset, weights, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["evaluate", str(weights), str(dataset), "--out", str(tmp_path / "file")]) == 2
    assert "give another --out" in capsys.readouterr().err


def test_a_data_set_is_no_video(dataset, bayesian, capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", str(bayesian), str(dataset), "--uncertainty", "temporal"])
    assert "choose from" in capsys.readouterr().err


@pytest.fixture
def outdoor(tmp_path, small_info):
    """Weights of `outdoor`, and of the values that they were made with."""
    info = replace(small_info, labels=LabelSet.load("outdoor"))
    save_weights(tmp_path / "outdoor.safetensors", info.build(), info)
    return tmp_path / "outdoor.safetensors"


def test_labels_of_another_set_count_as_if_they_were_mapped_before(
    dataset, outdoor, tmp_path, capsys
):
    out = tmp_path / "out"
    assert main(["evaluate", str(outdoor), str(dataset), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    missing = ["Path", "Grass", "RoughGround", "Water"]
    assert "labels of camvid mapped to outdoor; not measured, as they have none: " in said
    assert ", ".join(missing) in said
    figures = json.loads((out / "evaluation.json").read_text())
    label_map = figures["measured"]["label_map"]
    assert (label_map["source"], label_map["not_measured"]) == ("camvid", missing)
    assert label_map["classes"]["Tree"] == "Vegetation"
    assert figures["measured"]["label_set"] == "outdoor"
    page = " ".join((out / "report.html").read_text().split())
    assert "mapped to outdoor; they have no Path, Grass, RoughGround, Water." in page

    labels, sky_and_road = LabelSet.load("outdoor"), {0: 0, 3: 3}
    for path in (dataset / "valannot").iterdir():
        ids = read_image(path)[..., 0]
        assert set(np.unique(ids)) == set(sky_and_road)  # which have the same ids in both sets
    predictor = Predictor.load(outdoor, "cpu")
    matrix = evaluate(predictor, open_split(dataset, "val", labels))
    assert figures["confusion"] == matrix.counts.tolist()
    assert matrix.counts[:, 4:8].sum(), "the network says something that CamVid cannot have"
    assert all(figures["iou"][name] is None for name in missing)
    known = matrix.iou[[name not in missing for name in labels.names]]
    assert figures["miou"] == pytest.approx(np.nanmean(known))


def test_classes_that_no_table_maps_are_named_until_they_are_said(dataset, outdoor, capsys):
    (dataset / "labels.yaml").write_text(
        "name: yard\nclasses: [{name: Sky, color: [0, 0, 0]}, {name: b, color: [1, 0, 0]}, "
        "{name: c, color: [2, 0, 0]}, {name: way, color: [3, 0, 0]}]"
    )
    command = ["evaluate", str(outdoor), str(dataset)]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert f"{outdoor}: ['b', 'c', 'way'] of label set 'yard' are no classes of 'outdoor': " in said
    assert "--map 'b=CLASS'" in said
    mended = ["--map", "b=ignore", "--map", "c=ignore", "--map", "way=Path"]
    assert main([*command, *mended]) == 0
    assert "labels of yard mapped to outdoor" in capsys.readouterr().out
