"""What a network takes over from weights that were trained before."""

import dataclasses
import logging

import pytest
import torch

from segnet_model.base.errors import SettingsError
from segnet_model.datasets.folder import open_split
from segnet_model.labels import LabelSet, SegmentationClass
from segnet_model.training.preparation import initial_network
from segnet_model.training.settings import TrainSettings
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.model_info import ModelInfo

SOURCE = """
from torch import nn

def tiny(num_classes):
    '''Its last layer refines what the one before it says of each class.'''
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, num_classes, 1),
        nn.Conv2d(num_classes, num_classes, 1),
    )

def of_three(num_classes):
    assert num_classes == 3
    return nn.Conv2d(3, 3, 1)
"""
TINY, OF_THREE = "their_tiny_nets:tiny", "their_tiny_nets:of_three"


@pytest.fixture(autouse=True)
def theirs(tmp_path, monkeypatch):
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "their_tiny_nets.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path / "path")


def label_set(*names):
    return LabelSet("some", tuple(SegmentationClass(name, (0, 0, 0)) for name in names))


@pytest.fixture
def begin(tmp_path, dataset):
    """Save random weights, and start from them: both networks, ready to be asked."""

    def do(before, now, given=("segnet_basic", {"features": 8}), **changes):
        torch.manual_seed(0)
        activation = changes.pop("before_activation", "softmax")
        info = ModelInfo(given[0], before, (64, 96), given[1], activation=activation)
        path = tmp_path / "old.safetensors"
        save_weights(path, info.build([given[0]]), info)
        settings = TrainSettings(init=str(path), network=given[0])
        settings = dataclasses.replace(settings, **changes)
        network, _ = initial_network(settings, open_split(dataset, "train", now), "yard")
        return load_weights(path, [given[0]])[0], network.eval()

    return do


@pytest.mark.parametrize("given", [("segnet_basic", {"features": 8}), ("enet", {}), (TINY, {})])
def test_classes_in_another_order_answer_as_before(begin, given):
    names = ("road", "sky", "tree", "car")
    other = ("car", "road", "tree", "sky")
    old, new = begin(label_set(*names), label_set(*other), given)
    image = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        expected = old(image)[:, [names.index(name) for name in other]]
        torch.testing.assert_close(new(image), expected)


def test_names_in_lower_case_are_the_same_classes(begin, caplog):
    with caplog.at_level(logging.INFO):
        source, network = begin(label_set("Road", "Grass", "b"), label_set("grass", "B", "road"))
    assert "3 of 3 classes" in caplog.text
    image = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        before, after = source(image), network(image)
    torch.testing.assert_close(after, before[:, [1, 2, 0]])


def test_new_classes_start_fresh_among_the_known_ones(begin, caplog):
    caplog.set_level(logging.INFO)
    names, other = ("road", "sky", "tree"), ("cow", "tree", "bench", "road")
    old, new = begin(label_set(*names), label_set(*other))
    before, after = old.classifier.weight, new.classifier.weight
    torch.testing.assert_close(after[[3, 1]], before[[0, 2]])
    assert not any(torch.equal(fresh, row) for fresh in after[[0, 2]] for row in before)
    assert "took over 50 of 50 tensors and 2 of 4 classes; cow, bench start fresh" in caplog.text


def test_one_channel_for_two_classes_is_taken_over_where_it_means_the_same(begin):
    lawn = label_set("other", "lawn")
    one = {"before_activation": "sigmoid", "activation": "sigmoid"}
    old, new = begin(lawn, lawn, **one)
    torch.testing.assert_close(new.classifier.weight, old.classifier.weight)
    for now, change in (
        (label_set("lawn", "other"), one), (lawn, {"before_activation": "sigmoid"})
    ):  # fmt: skip
        old, new = begin(lawn, now, **change)
        assert not any(torch.equal(row, old.classifier.weight[0]) for row in new.classifier.weight)
        torch.testing.assert_close(new.encoders[0][0].weight, old.encoders[0][0].weight)


def test_starting_draws_no_other_random_numbers(begin):
    begin(label_set("a", "b"), label_set("a", "b"))
    expected = torch.rand(1)
    begin(label_set("a", "b"), label_set("b", "a"))
    assert torch.equal(torch.rand(1), expected)


def test_a_network_for_so_many_classes_only_keeps_their_order_and_says_so(begin, caplog):
    names, other = label_set("a", "b", "c"), label_set("c", "b", "a")
    old, new = begin(names, names, (OF_THREE, {}))
    torch.testing.assert_close(new.weight, old.weight)
    assert not caplog.text
    old, new = begin(names, other, (OF_THREE, {}))
    torch.testing.assert_close(new.weight, old.weight)
    assert "stay in their order" in caplog.text


def test_a_relative_is_taken_over(begin):
    names = label_set("a", "b")
    old, new = begin(
        names, names, network="bayesian_segnet_basic", network_settings={"features": 8}
    )
    torch.testing.assert_close(new.decoders[3][0].weight, old.decoders[3][0].weight)


def test_weights_of_another_network_are_refused(begin):
    names = label_set("a", "b")
    with pytest.raises(SettingsError, match=r"only 1 of the 578 tensors of enet fit init, which is "
                       "of segnet_basic; name weights of enet, or leave init away"):  # fmt: skip
        begin(names, names, network="enet", network_settings={})


def test_other_settings_of_the_same_network_start_fresh_with_a_warning(begin, caplog):
    caplog.set_level(logging.INFO)
    names = label_set("a", "b")
    _, new = begin(names, names, network_settings={"features": 4})
    assert new.classifier.in_channels == 4
    assert "{'features': 8} and not {'features': 4}; the rest starts fresh" in caplog.text
    assert "0 of 2 classes" in caplog.text
