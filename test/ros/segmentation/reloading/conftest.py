"""The node in this process, with networks that only pretend to be loaded."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
import torch

pytest.importorskip("rclpy")
import rclpy
from rclpy.parameter import Parameter

from segnet_model.base.errors import WeightsError
from segnet_model.labels import LabelSet
from segnet_ros.segmentation import node as segmentation_node
from segnet_ros.segmentation import reloading
from segnet_ros.segmentation.network import Network
from segnet_ros.segmentation.node import SegmentationNode

pytestmark = pytest.mark.ros

WAIT = 10.0  # seconds, after which a test has failed


class FakePredictor:
    """Stands for a predictor."""

    device = torch.device("cpu")
    precision = "none"
    engine = SimpleNamespace(name="none")
    info = SimpleNamespace(
        network="fake",
        license="MIT",
        labels=LabelSet.load("camvid"),
        answers_ids=False,
        place=None,
    )
    promise = None

    def promise_of(self, labels):
        return None


class Loader:
    """Stands for `load_network`: remembers what was asked for and what it made, all but alive."""

    def __init__(self):
        self.asked = []
        self.alive = weakref.WeakSet()
        self.begun, self.may_end = Event(), Event()
        self.may_end.set()

    def __call__(self, settings):
        self.asked.append(settings)
        self.begun.set()
        assert self.may_end.wait(WAIT)
        if "bad" in settings.weights:
            raise WeightsError(f"weights {settings.weights}: there is no such file")
        predictor = FakePredictor()
        self.alive.add(predictor)
        labels = predictor.info.labels
        network = Network(predictor, labels, Path(settings.weights), f"{len(self.asked):064}")
        return network.with_drivable(settings.drivable_classes, settings.class_costs)

    @property
    def weights(self):
        """Of each call, also failed ones."""
        return [settings.weights for settings in self.asked]


@pytest.fixture
def load(monkeypatch):
    loader = Loader()
    monkeypatch.setattr(reloading, "load_network", loader)
    monkeypatch.setattr(segmentation_node, "load_network", loader)
    gc.disable()  # what is dropped has to go by itself
    yield loader
    gc.enable()


@pytest.fixture
def context():
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    rclpy.shutdown(context=context)


@pytest.fixture
def node(context, load):
    node = SegmentationNode(context=context)
    yield node
    load.may_end.set()
    node.destroy_node()


@pytest.fixture
def configured(node):
    assert node.trigger_configure() == segmentation_node.SUCCESS
    return node


@pytest.fixture
def change():
    """Set parameters of a node atomically, in this thread."""

    def change(node, **values):
        return node.set_parameters_atomically([Parameter(n, value=v) for n, v in values.items()])

    return change
