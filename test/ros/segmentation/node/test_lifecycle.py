"""The lifecycle from outside: each transition undoes the other, and a failed one leaves nothing."""

from __future__ import annotations

import time
from array import array

import pytest
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from segnet_model.labels import LabelSet
from segnet_model.networks import build_network
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

pytestmark = pytest.mark.ros

NODE = "/segmentation"
CONFIGURE = Transition.TRANSITION_CONFIGURE
ACTIVATE = Transition.TRANSITION_ACTIVATE
DEACTIVATE = Transition.TRANSITION_DEACTIVATE
CLEANUP = Transition.TRANSITION_CLEANUP


class Manager:
    """What Nav2's lifecycle manager does."""

    def __init__(self, client):
        self.client = client

    def change(self, *transitions):
        """Ask for each transition; whether each succeeded."""
        return [
            self.client.call(
                ChangeState,
                f"{NODE}/change_state",
                ChangeState.Request(transition=Transition(id=transition)),
            ).success
            for transition in transitions
        ]

    @property
    def state(self):
        request = GetState.Request()
        return self.client.call(GetState, f"{NODE}/get_state", request).current_state.label

    def set(self, name, value):
        return self.client.set_parameters(NODE, **{name: str(value)})[0]

    def publishers(self):
        """Topics that the node publishes images on."""
        names = self.client.node.get_publisher_names_and_types_by_node("segmentation", "/")
        return {name for name, types in names if "sensor_msgs/msg/Image" in types}

    def subscribed(self):
        return self.client.node.count_subscribers("/image") == 1


@pytest.fixture(scope="module")
def node(start_node, weights):
    return start_node(weights=weights, autostart="false", diagnostics_period=0.1)


@pytest.fixture(scope="module")
def manager(client, node):
    return Manager(client)


@pytest.fixture(autouse=True)
def unconfigured(manager, weights):
    """Leave the node as it was found, for the next test."""
    yield
    for transition in {"active": [DEACTIVATE, CLEANUP], "inactive": [CLEANUP]}.get(
        manager.state, []
    ):
        assert manager.change(transition) == [True]
    assert manager.set("weights", weights).successful


def test_without_autostart_it_waits(manager):
    assert manager.state == "unconfigured"
    assert manager.publishers() == set()


@pytest.mark.parametrize("cycle", [1, 2])
def test_each_transition_undoes_the_other(manager, wait, cycle):
    assert manager.change(CONFIGURE) == [True]
    assert manager.state == "inactive"
    wait(lambda: f"{NODE}/mask" in manager.publishers(), "the outputs")
    assert not manager.subscribed()
    assert manager.change(ACTIVATE) == [True]
    wait(manager.subscribed, "the subscription")
    assert manager.change(DEACTIVATE) == [True]
    wait(lambda: not manager.subscribed(), "the end of the subscription")
    assert manager.change(CLEANUP) == [True]
    wait(lambda: manager.publishers() == set(), "the end of the outputs")
    assert manager.state == "unconfigured"


def image(seconds):
    message = Image(height=8, width=8, encoding="mono8", step=8, data=array("B", bytes(64)))
    message.header.stamp.sec = seconds
    return message


@pytest.mark.parametrize("cycle", [1, 2])
def test_masks_come_only_while_active(manager, client, cycle):
    masks, every = (client.listen(f"{NODE}/mask", Image) for _ in range(2))
    assert manager.change(CONFIGURE, ACTIVATE) == [True, True]
    camera = client.publisher("image", Image)
    client.exchange(camera, image(10 * cycle), masks)
    assert manager.change(DEACTIVATE) == [True]
    camera.publish(image(10 * cycle + 1))
    time.sleep(0.3)  # in which its mask would come
    assert manager.change(ACTIVATE) == [True]
    client.exchange(camera, image(10 * cycle + 2), masks)
    stamps = set()
    every.next(lambda m: stamps.add(m.header.stamp.sec) or m.header.stamp.sec == 10 * cycle + 2)
    assert stamps == {10 * cycle, 10 * cycle + 2}
    client.forget(f"{NODE}/mask")
    client.node.destroy_publisher(camera)


@pytest.mark.parametrize("impossible", [ACTIVATE, DEACTIVATE, CLEANUP, 99])
def test_an_impossible_transition_is_refused_and_the_node_lives(manager, impossible):
    assert manager.change(impossible) == [False]
    assert manager.state == "unconfigured"
    assert manager.change(CONFIGURE, CONFIGURE) == [True, False]
    assert manager.state == "inactive"


def missing(path, weights):
    return path / "nowhere.safetensors"


def truncated(path, weights):
    (path / "cut.safetensors").write_bytes(weights.read_bytes()[:-100])
    return path / "cut.safetensors"


def pickled(path, weights):
    torch.save({"weight": torch.zeros(3)}, path / "old.pth")
    return path / "old.pth"


def foreign(path, weights):
    """The tensors of one network with the metadata of another."""
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 16})
    save_weights(path / "other.safetensors", build_network("segnet_basic", 11, features=8), info)
    return path / "other.safetensors"


def not_finite(path, weights):
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    network = info.build()
    with torch.no_grad():
        network.classifier.weight.fill_(3e38)  # finite, but no product of it is
    save_weights(path / "huge.safetensors", network, info)
    return path / "huge.safetensors"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (missing, "there is no such file"),
        (truncated, "not a whole safetensors file"),
        (pickled, "looks like a pickle"),
        (foreign, "of shape"),
        (not_finite, "not finite"),
    ],
)
def test_bad_weights_are_refused_with_the_reason(
    manager, client, node, weights, tmp_path, make, reason
):
    path = make(tmp_path, weights)
    assert manager.set("weights", path).successful
    assert manager.change(CONFIGURE) == [False]
    assert manager.state == "unconfigured"
    assert manager.publishers() == set()
    health = client.listen("/diagnostics", DiagnosticArray)
    status, _ = client.diagnostics(health, lambda status, values: reason in status.message)
    client.forget("/diagnostics")
    assert status.level == DiagnosticStatus.ERROR
    node.wait_for(reason)
    assert manager.set("weights", weights).successful
    assert manager.change(CONFIGURE) == [True]


def test_what_is_read_at_configure_is_refused_until_cleaned_up(manager):
    assert manager.change(CONFIGURE) == [True]
    result = manager.set("transport", "compressed")
    assert not result.successful
    assert "clean it up" in result.reason
    assert manager.change(CLEANUP) == [True]
    for transport in ("compressed", "raw"):
        assert manager.set("transport", transport).successful


def test_there_is_a_network_to_reload_only_while_configured(manager, client):
    def reload():
        return client.call(Trigger, f"{NODE}/reload_weights", Trigger.Request())

    assert not reload().success
    assert "configure the node first" in reload().message
    assert manager.change(CONFIGURE) == [True]
    assert reload().success
    assert manager.change(CLEANUP) == [True]
    assert not reload().success


def test_a_class_that_the_weights_lack_is_refused(manager, client, node):
    for names, success in ((["Moon"], False), ([""], True)):
        client.change(NODE, drivable_classes=names)
        assert manager.change(CONFIGURE) == [success]
    node.wait_for("no class ['Moon']")
