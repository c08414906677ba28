"""A prepared network replaces the old one, or is dropped."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from segnet_ros.segmentation import node as segmentation_node
from segnet_ros.segmentation import reloading
from segnet_ros.segmentation.node import SegmentationNode

pytestmark = pytest.mark.ros

WAIT = 10.0  # seconds, after which a test has failed


def request(kind, **values):
    changes = [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]
    return kind.Request(parameters=changes)


def call(node, kind, **values):
    """The answer of the service that sets parameters."""
    (service,) = (s for s in node.services if s.srv_type is kind)
    answer = service.callback(request(kind, **values), kind.Response())
    while True:  # as an executor does
        try:
            answer.send(None)
        except StopIteration as end:
            return end.value
        time.sleep(0.001)


def weights(node):
    return node._observe()[""].facts["weights"]


@pytest.fixture(params=["newest", "Humble"])
def any_rclpy(request, monkeypatch):
    """Also one in which nothing is called after parameters are set."""
    if request.param == "Humble":
        monkeypatch.delattr(Node, "add_post_set_parameters_callback")


@pytest.mark.usefixtures("any_rclpy")
@pytest.mark.parametrize("kind", [SetParameters, SetParametersAtomically])
def test_the_services_replace_the_network_before_they_answer(load, context, kind):
    node = SegmentationNode(context=context)
    assert node.trigger_configure() == segmentation_node.SUCCESS
    response = call(node, kind, weights="new", samples=9)
    results = response.results if kind is SetParameters else [response.result]
    assert all(result.successful for result in results)
    assert (node._pipeline.network.path, node.settings.samples) == (Path("new"), 9)
    # One after another, the second is loaded with what the first one left.
    expected = {SetParameters: [("new", 20), ("new", 9)], SetParametersAtomically: [("new", 9)]}
    assert [(s.weights, s.samples) for s in load.asked[1:]] == expected[kind]
    assert len(load.alive) == 1
    node.destroy_node()


def test_a_network_is_dropped_when_a_later_callback_refuses(configured, load):
    refusal = SetParametersResult(successful=False, reason="not today")
    # rclpy calls the newest callback first, so the node's is added again, after the refusing one.
    configured.remove_on_set_parameters_callback(configured._check_changes)
    configured.add_on_set_parameters_callback(lambda changes: refusal)
    configured.add_on_set_parameters_callback(configured._check_changes)
    before = configured._pipeline.network
    response = call(configured, SetParametersAtomically, weights="new")
    assert response.result.reason == "not today"
    assert load.weights[1:] == ["new"]
    assert configured._pipeline.network is before
    assert len(load.alive) == 1


def reload(node):
    return node._reloader.reload(Trigger.Request(), Trigger.Response())


def test_the_same_file_is_read_again(configured, load, change):
    change(configured, weights="mine")
    old = configured._pipeline.network
    response = reload(configured)
    assert response.success
    assert (
        response.message == f"fake, weights mine, sha256 {configured._pipeline.network.sha256[:12]}"
    )
    assert configured._pipeline.network.sha256 != old.sha256
    assert load.weights[1:] == ["mine", "mine"]


def test_reloading_a_damaged_file_keeps_the_network(configured, load, monkeypatch):
    monkeypatch.setattr(reloading, "load_network", lambda settings: load(fails))
    fails = SimpleNamespace(weights="bad")
    before = configured._pipeline.network
    response = reload(configured)
    assert not response.success
    assert response.message == "weights bad: there is no such file"
    assert configured._pipeline.network is before


def test_an_unconfigured_node_refuses_a_reload(node, load):
    response = reload(node)
    assert not response.success
    assert "configure the node first" in response.message
    assert load.asked == []


def test_an_error_without_text_has_its_type_as_reason(configured, monkeypatch):
    def fail(settings):
        raise MemoryError

    monkeypatch.setattr(reloading, "load_network", fail)
    assert reload(configured).message == "MemoryError"


@pytest.mark.parametrize("end", ["trigger_cleanup", "trigger_shutdown", "destroy_node"])
def test_a_transition_waits_for_a_reload_and_nothing_is_left(configured, load, end, change):
    load.begun.clear()
    load.may_end.clear()
    setting = Thread(target=change, args=(configured,), kwargs={"weights": "new"})
    setting.start()
    assert load.begun.wait(WAIT)
    ending = Thread(target=getattr(configured, end))
    ending.start()
    ending.join(0.2)
    assert ending.is_alive()
    assert configured._pipeline is not None
    load.may_end.set()
    for thread in (ending, setting):
        thread.join(WAIT)
        assert not thread.is_alive()
    assert configured._pipeline is None
    assert len(load.alive) == 0


def test_cleanup_drops_the_prepared_network(configured, load):
    assert configured._reloader.prepare([Parameter("weights", value="new")]) == ""
    assert len(load.alive) == 2
    assert configured.trigger_cleanup() == segmentation_node.SUCCESS
    assert len(load.alive) == 0
    assert configured.trigger_configure() == segmentation_node.SUCCESS
    assert weights(configured) == configured.settings.weights != "new"


def test_a_hung_driver_does_not_block_the_end(configured, load, monkeypatch, change):
    monkeypatch.setattr(reloading, "LOAD_TIMEOUT", 0.05)
    load.begun.clear()
    load.may_end.clear()
    setting = Thread(target=change, args=(configured,), kwargs={"weights": "new"})
    setting.start()
    assert load.begun.wait(WAIT)
    assert configured.trigger_cleanup() == segmentation_node.SUCCESS
    assert configured._pipeline is None
    load.may_end.set()
    setting.join(WAIT)
    assert len(load.alive) == 0  # too late, so it is dropped


def test_other_parameters_do_not_wait_for_a_load(configured, load, change):
    """~/set_enabled is answered by the thread that receives the images."""
    load.begun.clear()
    load.may_end.clear()
    loading = Thread(target=change, args=(configured,), kwargs={"weights": "new"})
    loading.start()
    assert load.begun.wait(WAIT)
    switching = Thread(target=change, args=(configured,), kwargs={"enabled": False})
    switching.start()
    switching.join(WAIT / 2)  # before the load would end by itself
    try:
        assert not switching.is_alive()
        assert configured.settings.enabled is False
    finally:
        load.may_end.set()
        loading.join(WAIT)
    assert weights(configured) == "new"
