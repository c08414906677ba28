"""Which changes of parameters load a network, and which are refused."""

from __future__ import annotations

from threading import Event, Thread

import pytest

pytest.importorskip("rclpy")
from rclpy.parameter import Parameter

from segnet_model.labels import LabelSet
from segnet_ros.segmentation import node as segmentation_node
from segnet_ros.segmentation import reloading

pytestmark = pytest.mark.ros


def weights(node):
    return node._observe()[""].facts["weights"]


def test_an_unconfigured_node_loads_nothing(node, load, change):
    assert change(node, weights="bad", samples=7).successful
    assert load.asked == []
    assert change(node, weights="good").successful
    assert node.trigger_configure() == segmentation_node.SUCCESS
    assert [(s.weights, s.samples) for s in load.asked] == [("good", 7)]


def test_a_new_value_replaces_and_releases_the_network(configured, load, change):
    assert change(configured, weights="new").successful
    assert weights(configured) == "new"
    assert configured.settings.weights == "new"
    assert len(load.alive) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device", "cuda:7"),
        ("precision", "float32"),
        ("engine", "onnx"),
        ("uncertainty", "mc"),
        ("samples", 3),
        ("seed", 4),
        ("refine", "crf"),
        ("trusted_networks", ["zoo:net"]),
    ],
)
def test_every_parameter_of_the_network_loads_it(configured, load, name, value, change):
    assert change(configured, **{name: value}).successful
    expected = tuple(value) if isinstance(value, list) else value
    assert [getattr(s, name) for s in load.asked[1:]] == [expected]
    assert len(load.alive) == 1


def test_a_refused_network_changes_nothing(configured, load, change):
    before = configured.settings
    result = change(configured, weights="bad", max_uncertainty=0.1)
    assert not result.successful
    assert result.reason == "weights bad: there is no such file"
    assert configured.settings == before
    assert weights(configured) == before.weights
    assert "bad: there is no such file" in configured._observe()[""].reload_reason
    assert configured._observe()[""].reason == ""
    assert change(configured, weights="new").successful
    assert configured._observe()[""].reload_reason == ""


def test_a_refusal_is_reported_for_a_while(configured, monkeypatch, change):
    change(configured, weights="bad")
    assert configured._observe()[""].reload_reason
    later = reloading.monotonic() + reloading.REFUSAL_PERIOD
    monkeypatch.setattr(reloading, "monotonic", lambda: later)
    assert configured._observe()[""].reload_reason == ""


def test_equal_values_load_nothing(configured, load, change):
    settings = configured.settings
    same = {"weights": settings.weights, "samples": settings.samples, "drivable_classes": [""]}
    assert change(configured, **same).successful
    assert len(load.asked) == 1


def test_parameters_that_are_set_together_load_one_network(configured, load, change):
    assert change(configured, weights="bayesian", uncertainty="mc", samples=5).successful
    assert [(s.weights, s.uncertainty, s.samples) for s in load.asked[1:]] == [
        ("bayesian", "mc", 5)
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"overlay_alpha": 1.5},  # out of range
        {"samples": "many"},  # of another type
        {"engine": "coffee"},  # no choice
        {"transport": "compressed"},  # not while configured
    ],
)
def test_nothing_is_loaded_when_another_parameter_is_refused(configured, load, other, change):
    assert not change(configured, weights="new", **other).successful
    assert len(load.asked) == 1


def test_other_drivable_classes_need_no_loading(configured, load, change):
    assert change(configured, weights="new").successful
    assert change(configured, drivable_classes=["Pavement"]).successful
    network = configured._pipeline.network
    assert [c.name for c in network.labels.classes if c.drivable] == ["Pavement"]
    assert weights(configured) == "new"
    assert load.weights[1:] == ["new"]
    result = change(configured, drivable_classes=["Moon"])
    assert "Moon" in result.reason
    assert configured._pipeline.network is network
    assert change(configured, drivable_classes=[""]).successful
    assert configured._pipeline.network.labels == LabelSet.load("camvid")


def test_other_costs_need_no_loading_and_must_not_contradict(configured, load, change):
    assert change(configured, class_costs=["Pavement:60"]).successful
    network = configured._pipeline.network
    assert network.labels.costs[3:5].tolist() == [0, 60]
    assert len(load.asked) == 1
    result = change(configured, drivable_classes=["Road"])
    assert "the drivable classes ['Road'] leave it out" in result.reason
    assert configured._pipeline.network is network
    assert change(configured, drivable_classes=["Pavement"]).successful
    assert configured._pipeline.network.labels.costs[3:5].tolist() == [100, 60]
    assert len(load.asked) == 1


def test_parameters_that_are_set_together_appear_together(node):
    """By the thread that answers images, while the executor sets them."""
    if not hasattr(node, "add_post_set_parameters_callback"):
        pytest.skip("this rclpy does not tell of a change")
    torn, end = [], Event()

    def look():
        while not end.is_set():
            now = node.settings
            if now.overlay_alpha != now.max_uncertainty:
                torn.append(now)

    def set_both(value):
        names = ("overlay_alpha", "max_uncertainty")
        result = node.set_parameters_atomically([Parameter(name, value=value) for name in names])
        assert result.successful

    set_both(0.5)
    thread = Thread(target=look)
    thread.start()
    for number in range(200):
        set_both((number % 2) / 2 + 0.25)
    end.set()
    thread.join()
    assert torn == []
