"""Weights of one label set, measured on the truth of another."""

import json
from dataclasses import replace

import numpy as np
import pytest

from segnet_model.cli import main
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.evaluate import evaluate
from segnet_model.evaluation.mapped import MappedPredictor, mapped_predictor, mapped_truth
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelMap, LabelSet, SegmentationClass
from segnet_model.weights.checkpoint import save_weights

CAMVID, OUTDOOR, COMMA = map(LabelSet.load, ("camvid", "outdoor", "comma10k"))


@pytest.fixture
def outdoor(tmp_path, small_info):
    info = replace(small_info, labels=OUTDOOR)
    save_weights(tmp_path / "outdoor.safetensors", info.build(), info)
    return Predictor.load(tmp_path / "outdoor.safetensors", "cpu")


def test_truth_becomes_finer_and_predictions_coarser(dataset, outdoor):
    camvid = open_split(dataset, "val", CAMVID)
    assert mapped_truth(camvid, OUTDOOR).label_set == OUTDOOR
    assert mapped_predictor(outdoor, mapped_truth(camvid, OUTDOOR)) is outdoor
    comma = open_split(dataset, "val", COMMA)
    assert mapped_truth(comma, OUTDOOR) is comma
    assert mapped_predictor(outdoor, comma).info.labels == COMMA


def test_a_mapped_predictor_says_the_mapped_classes_and_is_as_sure(dataset, outdoor):
    image, _ = open_split(dataset, "val", CAMVID).read(0)
    label_map = LabelMap.load("outdoor", "comma10k")
    mapped = MappedPredictor(outdoor, label_map)
    before, after = outdoor.predict(image), mapped.predict(image)
    names = {a: label_map.classes[b] for a, b in zip(range(14), OUTDOOR.names, strict=True)}
    said = [COMMA.names[i] for i in after.labels.ravel()]
    assert said == [names[i] for i in before.labels.ravel().tolist()]
    np.testing.assert_array_equal(before.uncertainty, after.uncertainty)
    assert mapped.predict(np.stack([image, image])).labels.shape == (2, *image.shape[:2])
    assert outdoor.info.labels == OUTDOOR


def test_predictions_are_measured_in_the_truths_classes(dataset, outdoor):
    folder = open_split(dataset, "val", CAMVID)
    park = LabelSet("park", tuple(SegmentationClass(n, (0, 0, 0)) for n in ("way", "rest")), 11)
    truth = folder.mapped_to(park, dict.fromkeys(CAMVID.names, "rest") | {"Road": "way"})
    ways = {name: "way" if name in ("Road", "Path") else "rest" for name in OUTDOOR.names}
    mapped = MappedPredictor(outdoor, LabelMap(OUTDOOR, park, ways))
    counts = np.zeros((2, 2), int)
    for index in range(len(folder)):
        image, ids = folder.read(index)
        found = outdoor.predict(image).labels
        for true, called in zip(ids.ravel() == 3, np.isin(found, (3, 4)).ravel(), strict=True):
            counts[0 if true else 1, 0 if called else 1] += 1
    np.testing.assert_array_equal(evaluate(mapped, truth).counts, counts)


def test_a_class_that_becomes_nothing_is_wrong(dataset, outdoor):
    folder = open_split(dataset, "val", CAMVID).mapped_to(OUTDOOR)
    every = evaluate(outdoor, folder)
    said = int(every.counts.sum(0).argmax())
    kept = {name: name for name in OUTDOOR.names if name != OUTDOOR.names[said]}
    some = evaluate(MappedPredictor(outdoor, LabelMap(OUTDOOR, OUTDOOR, kept)), folder)
    np.testing.assert_array_equal(some.missed, every.counts[:, said])
    np.testing.assert_array_equal(some.pixels, every.pixels)
    assert not some.counts[:, said].any()


def test_where_no_map_ships_both_become_outdoor(dataset, small_info, tmp_path, capsys):
    info = replace(small_info, labels=LabelSet.load("ade20k"))
    save_weights(tmp_path / "ade.safetensors", info.build(), info)
    command = ["evaluate", str(tmp_path / "ade.safetensors"), str(dataset), "--device", "cpu"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "labels of camvid mapped to outdoor" in said
    assert "mapped from ade20k to outdoor" in said


def test_weights_of_two_label_sets_are_compared_in_one(dataset, outdoor, weights, tmp_path, capsys):
    command = ["evaluate", str(tmp_path / "outdoor.safetensors"), str(dataset), "--device", "cpu"]
    assert main([*command, "--compare", str(weights)]) == 0
    said = capsys.readouterr().out
    assert "labels of camvid mapped to outdoor" in said
    assert f"answers of {weights} mapped from camvid to outdoor" in said
    assert "Vegetation" in said


def _weights_of(names, path, small_info):
    labels = LabelSet(path.stem, tuple(SegmentationClass(n, (9, 9, 9)) for n in names), 255)
    info = replace(small_info, labels=labels)
    save_weights(path, info.build(), info)
    return str(path)


def _yard(dataset, *names):
    """The data set with its labels called otherwise: Sky is the first name, Road the fourth."""
    classes = "".join(f"- {{name: {n}, color: [{i}, 0, 0]}}\n" for i, n in enumerate(names))
    (dataset / "labels.yaml").write_text(f"name: yard\nclasses:\n{classes}")


def test_answers_are_mapped_where_the_map_is_from_the_networks_classes(
    dataset, small_info, tmp_path, capsys
):
    _yard(dataset, "rest", "b", "c", "way")
    fine = _weights_of(("Path", "Street", "Tree", "Cloud"), tmp_path / "fine", small_info)
    command = ["evaluate", fine, str(dataset), "--device", "cpu", "--out", str(tmp_path / "out")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "['rest', 'b', 'c', 'way'] of label set 'yard' are no classes of 'fine'" in said
    assert "map the network's to them instead: --map 'Path=rest'" in said
    pairs = ["--map", "Path=way", "--map", "Street=way", "--map", "Tree=rest"]
    assert main([*command, *pairs]) == 2
    said = capsys.readouterr().err
    assert "['Cloud'] of label set 'fine' are no classes of 'yard'" in said
    assert "--map 'Cloud=CLASS'" in said
    assert main([*command, *pairs, "--map", "Cloud=rest"]) == 0
    assert "mapped from fine to yard" in capsys.readouterr().out

    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    predictor = Predictor.load(fine, "cpu")
    folder = open_split(dataset, "val", LabelSet.load(dataset / "labels.yaml"))
    right = dict.fromkeys(("rest", "way"), 0)
    for index in range(len(folder)):
        image, truth = folder.read(index)
        found = np.isin(predictor.predict(image).labels, (0, 1))
        right["way"] += int((found & (truth == 3)).sum())
        right["rest"] += int((~found & (truth == 0)).sum())
    assert [figures["confusion"][0][0], figures["confusion"][3][3]] == [right["rest"], right["way"]]


def test_a_name_that_no_label_set_has_is_refused(dataset, outdoor, tmp_path, capsys):
    command = ["evaluate", str(tmp_path / "outdoor.safetensors"), str(dataset)]
    assert main([*command, "--map", "Raod=Path"]) == 2
    said = capsys.readouterr().err
    mend = "no class is called Raod (do you mean 'Road'?); camvid has Sky, Building"
    assert f"--map Raod=Path: {mend}" in said
    assert "outdoor has Sky, " in said


def test_weights_of_classes_of_ones_own_are_compared_with_others(
    dataset, small_info, tmp_path, capsys
):
    _yard(dataset, "sky", "b", "c", "way")
    own = _weights_of(("sky", "b", "c", "way"), tmp_path / "own", small_info)
    other = _weights_of(("sky", "Path", "Street"), tmp_path / "other", small_info)
    command = ["evaluate", own, str(dataset), "--compare", other, "--device", "cpu"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert f"{other}: ['Path', 'Street'] of label set 'other' are no classes of 'yard'" in said
    out = tmp_path / "out"
    pairs = ["--map", "Path=way", "--map", "Street=ignore", "--out", str(out)]
    assert main([*command, *pairs]) == 0
    assert "B has no" not in capsys.readouterr().out  # b and c, which the labels never hold
    same = json.loads((out / "evaluation.json").read_text())["compare"]["same_classes"]
    assert same["classes"] == ["sky", "way"]


def test_means_of_a_comparison_are_over_the_same_classes(dataset, tmp_path, small_info, capsys):
    """The first answers a third class by mistake: its own mean has a zero that B's has not."""
    names = ("Sky", "Building", "Pole", "Road")
    _yard(dataset, *names)
    out, every, few = tmp_path / "out", tmp_path / "every", tmp_path / "few"
    _weights_of(names, every, small_info)
    _weights_of(("Sky", "Road"), few, small_info)
    command = ["evaluate", str(every), str(dataset), "--compare", str(few), "--out", str(out)]
    assert main([*command, "--device", "cpu"]) == 0
    figures = json.loads((out / "evaluation.json").read_text())
    ious = [[each["iou"][name] for name in ("Sky", "Road")]
            for each in (figures, figures["compare"])]  # fmt: skip
    assert 0 in figures["iou"].values(), "a class that the labels lack was answered"
    assert figures["miou"] < np.mean(ious[0])
    expected = np.mean(ious[0]) - np.mean(ious[1])
    assert figures["compare"]["difference"]["miou"] == pytest.approx(expected)
    said = capsys.readouterr().out
    shown = f"{100 * np.mean(ious[0]):.1f}%{100 * np.mean(ious[1]):>7.1f}%{100 * expected:>+8.1f}"
    assert f"mIoU{shown:>34}" in said
    assert "means of the 2 classes that the labels have and both can answer: Sky, Road" in said
    page = (out / "report.html").read_text()
    assert f"{100 * np.mean(ious[0]):.1f} %</p>" in page
    assert f"{100 * figures['miou']:.1f} %</p>" not in page


def test_classes_of_the_truth_that_one_cannot_answer_are_named(
    dataset, small_info, tmp_path, capsys
):
    _yard(dataset, "sky", "b", "c", "way")
    own = _weights_of(("sky", "b", "c", "way"), tmp_path / "own", small_info)
    other = _weights_of(("sky", "c"), tmp_path / "other", small_info)
    out = str(tmp_path / "out")
    assert main(["evaluate", str(dataset), own, "--compare", other, "--out", out]) == 0
    assert "B has no way: such pixels are wrong for it" in capsys.readouterr().out
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert figures["compare"]["same_classes"]["classes"] == ["sky"]
    assert figures["compare"]["cannot_answer"] == ["b", "way"]


def test_both_and_the_truth_become_the_classes_of_the_second(
    dataset, outdoor, weights, tmp_path, capsys
):
    """A map from camvid to outdoor ships, and none back."""
    other = str(tmp_path / "outdoor.safetensors")
    assert main(["evaluate", str(dataset), str(weights), "--compare", other]) == 0
    said = capsys.readouterr().out
    assert "labels of camvid mapped to outdoor" in said
    assert f"answers of {weights} mapped from camvid to outdoor" in said
    assert "means of the 2 classes that the labels have and both can answer: Sky, Road" in said


def test_a_map_that_changes_nothing_is_refused(dataset, small_info, tmp_path, capsys):
    _yard(dataset, "Sky", "b", "c", "way")
    own = _weights_of(("Sky", "Road", "Path", "b", "c", "way"), tmp_path / "own", small_info)
    assert main(["evaluate", str(dataset), own, "--map", "Road=Path"]) == 2
    assert "--map Road=Path changes nothing" in capsys.readouterr().err
    assert main(["evaluate", str(dataset), own, "--map", "b=Path"]) == 0
