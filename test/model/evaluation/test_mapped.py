"""Weights of one label set, measured on the truth of another."""

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
    assert mapped_predictor(outdoor, OUTDOOR) is outdoor
    comma = open_split(dataset, "val", COMMA)
    assert mapped_truth(comma, OUTDOOR) is comma
    assert mapped_predictor(outdoor, COMMA).info.labels == COMMA


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
