"""The mean of several weights of one network."""

from dataclasses import replace

import pytest
import torch

from segnet_model.base.errors import SettingsError
from segnet_model.labels import LabelSet
from segnet_model.training.soup import average_weights
from segnet_model.weights.model_info import ModelInfo

INFO = ModelInfo("segnet_basic", LabelSet.load("camvid"), (32, 48), {"features": 4}, license="MIT")
CLASSIFIER = "classifier.weight"


def source(value, info=INFO):
    network = info.build()
    for tensor in network.state_dict().values():
        tensor.fill_(value)
    return network, replace(info, temperatures={"none": 2.0})


def test_shares_weigh_the_weights():
    network, info = average_weights([source(1.0), source(5.0)], [0.75, 0.25])
    floats = [each for each in network.state_dict().values() if each.is_floating_point()]
    assert all(torch.allclose(each, torch.tensor(2.0)) for each in floats)
    assert info.temperatures == {}  # it was fitted to other weights
    assert info.training["shares"] == [0.75, 0.25]


def test_a_bayesian_network_has_the_tensors_of_the_plain_one():
    bayesian = replace(INFO, network="bayesian_segnet_basic")
    network, info = average_weights([source(1.0, bayesian), source(3.0)], [1, 1], "segnet_basic")
    assert info.network == "segnet_basic"
    assert torch.allclose(network.state_dict()[CLASSIFIER], torch.tensor(2.0))
    assert (
        average_weights([source(1.0, bayesian), source(3.0)], [1, 1])[1].network == bayesian.network
    )
    with pytest.raises(SettingsError, match="no weights are of enet; name one of segnet_basic"):
        average_weights([source(1.0), source(3.0)], [1, 1], "enet")


def test_shares_need_no_sum_of_one():
    network, _ = average_weights([source(1.0), source(4.0), source(7.0)], [2, 2, 2])
    assert torch.allclose(network.state_dict()[CLASSIFIER], torch.tensor(4.0))


@pytest.mark.parametrize("other", ["outdoor", "camvid of another order"])
def test_other_classes_count_in_all_but_the_classifier(other):
    """Also where there are as many of them: a row of one class is none of another."""
    camvid = INFO.labels
    labels = (
        LabelSet.load("outdoor") if other == "outdoor"
        else replace(camvid, classes=tuple(reversed(camvid.classes)))
    )  # fmt: skip
    sources = [source(1.0), source(5.0, replace(INFO, labels=labels)), source(3.0)]
    network, info = average_weights(sources, [1, 1, 1])
    found = network.state_dict()
    assert info.labels == camvid
    assert torch.allclose(found[CLASSIFIER], torch.tensor(2.0))
    inner = [n for n, t in found.items() if "classifier" not in n and t.is_floating_point()]
    assert all(torch.allclose(found[name], torch.tensor(3.0)) for name in inner)


@pytest.mark.parametrize(
    ("sources", "shares", "message"),
    [
        ([source(1.0)], [1.0], "give two weights or more"),
        ([source(1.0), source(1.0)], [1.0], "2 weights and 1 shares"),
        ([source(1.0), source(1.0, replace(INFO, network_settings={"features": 8}))], [1, 1],
         "is not alike in all; name weights of one network"),
        ([source(1.0), source(1.0, replace(INFO, license="CC-BY-NC-4.0"))], [1, 1],
         "the licenses MIT and CC-BY-NC-4.0 differ"),
    ],
    ids=["one", "shares", "network", "license"],
)  # fmt: skip
def test_what_has_no_mean_is_refused(sources, shares, message):
    with pytest.raises(SettingsError, match=message):
        average_weights(sources, shares)
