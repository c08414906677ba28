"""The network as it learns, and a copy of it as it is used."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from segnet_model.networks.inputs import network_size
from segnet_model.training import session as session_module
from segnet_model.training.preparation import TrainingData, weigh_classes
from segnet_model.training.processes import join_processes
from segnet_model.training.session import Session
from segnet_model.training.supervision import shrink_labels


@pytest.fixture
def session(shared_dataset, small):
    """Begin a session on the data set."""

    def do(**changes):
        settings = dataclasses.replace(small, **changes)
        data = TrainingData.open(shared_dataset, settings)
        weights = weigh_classes(data, lambda: None)
        with join_processes("cpu", 2) as processes:
            return Session(data, weights, processes)

    return do


def test_statistics_are_of_whole_images_without_a_border(session, monkeypatch):
    """The network sees this camera's images at 48x72, less high for their width than 64x72."""
    shapes = set()

    def seen(network, batches, forward, seed):
        shapes.update(tuple(images.shape[1:3]) for images in batches)
        network.eval()

    monkeypatch.setattr(session_module, "recompute_statistics", seen)
    session(input_size=(64, 72)).final_network()
    assert shapes == {network_size((64, 96), (64, 72))}
    assert shapes != {(64, 72)}


def test_the_loss_counts_inner_stages_by_the_weight(session):
    truth = torch.randint(0, 2, (2, 8, 8)) * 3  # the classes that the data set has
    answers = [torch.randn(2, 11, *size) for size in ((8, 8), (4, 4), (2, 2))]
    losses = [F.cross_entropy(a, shrink_labels(truth, a.shape[-2:])) for a in answers]
    expected = losses[0] + 0.4 * (losses[1] + losses[2]) / 2
    found = session(balance=0.0, supervision=0.4).loss(answers, truth)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(session(balance=0.0).loss(answers[:1], truth), losses[0])


def test_the_result_is_a_copy_without_heads(session):
    supervised = session(supervision=0.4)
    before = {name: value.clone() for name, value in supervised.network.state_dict().items()}
    result = supervised.final_network()
    assert result.state_dict().keys() == before.keys()
    assert not any("head" in name for name in before)
    assert any("head" in name for name in supervised.supervised.state_dict())
    after = supervised.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
