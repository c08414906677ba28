"""Two cameras at one node, the switch, and publishers with another QoS."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.srv import GetParameters
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool

from segnet_model.inference.predictor import Predictor
from segnet_ros.ros.qos import profile

pytestmark = pytest.mark.ros

NAMES = ("front", "left")


def picture(seed, height=72, width=100):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def message_of(pixels, seconds):
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding="rgb8")
    message.step = 3 * message.width
    message.data = array("B", pixels.tobytes())
    message.header.stamp.sec = seconds
    return message


@pytest.fixture(scope="module")
def node(start_node, weights):
    node = start_node(
        weights=weights, cameras=list(NAMES), precision="float32", diagnostics_period=0.1,
        reliability="reliable",
    )  # fmt: skip
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def cameras(node, client):
    return {name: client.publisher(f"/{name}/image", Image) for name in NAMES}


@pytest.fixture(scope="module")
def masks(cameras, client):
    inboxes = {name: client.listen(f"/segmentation/{name}/mask", Image) for name in NAMES}
    for name, inbox in inboxes.items():
        client.exchange(cameras[name], message_of(picture(0), 9), inbox)
    return inboxes


@pytest.fixture(scope="module")
def health(client, node):
    return client.listen("/diagnostics", DiagnosticArray)


def state_of(health, name, wanted):
    """The next status of a camera that is wanted: its level, its message and its values."""
    title = f"segmentation: segmentation of {name}"

    def found(message):
        """Those that are wanted, among those of other tests' nodes too."""
        states = [s for s in message.status if s.name == title]
        return [s for s in states if wanted(s, {item.key: item.value for item in s.values})]

    return found(health.next(found))[0]


def test_each_camera_gets_its_own_masks(cameras, masks, weights):
    predictor = Predictor.load(weights, precision="float32")
    shapes = {"front": (72, 100), "left": (64, 96)}
    for seconds in range(1, 6):
        for name in NAMES:
            cameras[name].publish(message_of(picture(seconds, *shapes[name]), seconds))
        for name in NAMES:
            got = masks[name].next(lambda m, seconds=seconds: m.header.stamp.sec == seconds)
            expected = predictor.predict(picture(seconds, *shapes[name])).labels
            assert (got.height, got.width) == shapes[name]
            same = np.frombuffer(got.data, np.uint8).reshape(shapes[name]) == expected
            assert same.mean() > 0.999  # a batch adds up in another order


def test_each_camera_has_a_health_of_its_own(cameras, masks, health):
    bad = message_of(picture(1), 20)
    bad.step -= 1
    cameras["left"].publish(bad)
    left = state_of(health, "left", lambda s, values: "step # is shorter" in s.message)
    assert left.level == DiagnosticStatus.WARN
    state_of(health, "front", lambda s, values: values["rejected"] == "0")


def switch(client, on):
    return client.call(SetBool, "/segmentation/set_enabled", SetBool.Request(data=on))


def test_the_node_can_be_disabled_and_enabled(client, cameras, masks, health):
    response = switch(client, False)
    assert (response.success, response.message) == (True, "disabled")
    request = GetParameters.Request(names=["enabled"])
    values = client.call(GetParameters, "/segmentation/get_parameters", request).values
    assert values[0].bool_value is False
    for name in NAMES:
        cameras[name].publish(message_of(picture(1), 30))
        state = state_of(health, name, lambda s, values: "disabled" in s.message)
        assert state.level == DiagnosticStatus.OK
    assert switch(client, True).success
    for name in NAMES:
        client.exchange(cameras[name], message_of(picture(1), 31), masks[name])
        seen = [m.header.stamp.sec for m in list(masks[name].queue.queue)]
        assert 30 not in seen


def test_a_publisher_with_another_qos_is_named(client, start_node, weights):
    node = start_node(
        "-r", "__node:=picky", weights=weights, reliability="reliable", diagnostics_period=0.1
    )
    node.wait_for("ready")
    health = client.listen("/diagnostics", DiagnosticArray)
    client.node.create_publisher(Image, "image", profile("best_effort", 1))

    def named(message):
        texts = [s.message for s in message.status if s.name.startswith("picky")]
        return any("it is best effort" in text for text in texts)

    health.next(named)
    node.wait_for("it is best effort, and reliable is requested; set reliability to best_effort")
    assert node.end() == 0


def test_the_cameras_have_their_names_before_they_are_configured(client, start_node):
    """So that no status disappears when the node is configured."""
    health = client.listen("/diagnostics", DiagnosticArray)
    node = start_node(
        "-r", "__node:=early", cameras=list(NAMES), autostart=False, diagnostics_period=0.1
    )
    message = health.next(lambda m: m.status[0].name.startswith("early"))
    assert [s.name for s in message.status] == [f"early: segmentation of {n}" for n in NAMES]
    assert {s.message for s in message.status} == {"unconfigured"}
    assert node.end() == 0
