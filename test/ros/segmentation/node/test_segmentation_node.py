"""Images in, masks out, over real topics and between two processes."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from ros_client import WAIT
from sensor_msgs.msg import Image

from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_ros.segmentation.messages import ClassMap, SegmentationStats

pytestmark = pytest.mark.ros

LABELS = LabelSet.load("camvid")
LATCHED = QoSProfile(
    depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE
)
needs_messages = pytest.mark.skipif(SegmentationStats is None, reason="segnet_ros.msg is not built")


@pytest.fixture(scope="module")
def node(start_node, weights):
    # Everything is drivable, so that only the uncertainty decides. Reliable, because this machine
    # loses best-effort messages in a flood, and which these are cannot be known.
    node = start_node(
        weights=weights,
        precision="float32",
        reliability="reliable",
        diagnostics_period=0.1,
        overlay_legend=False,
        drivable_classes=list(LABELS.names),
    )
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def predictor(weights):
    return Predictor.load(weights, precision="float32")


def picture(seed, height=72, width=100):
    """Blobs of color: (H, W, 3) uint8 RGB."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 12 + 1, width // 12 + 1, 3), np.uint8)
    return small.repeat(12, 0).repeat(12, 1)[:height, :width].copy()


IMAGES = ("mask", "confidence", "uncertainty", "drivable", "color", "overlay")


def message_of(pixels, seconds):
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding="rgb8")
    message.step = 3 * message.width
    message.data = array("B", pixels.tobytes())
    message.header.frame_id = "front left"
    message.header.stamp.sec, message.header.stamp.nanosec = seconds, 123456789
    return message


def array_of(message):
    dtype, channels = {"mono8": ("u1", ()), "rgb8": ("u1", (3,)), "32FC1": ("f4", ())}[
        message.encoding
    ]
    return np.frombuffer(message.data, dtype).reshape(message.height, message.width, *channels)


def at(seconds):
    return lambda message: message.header.stamp.sec == seconds


def connect(client, camera, *names, kind=Image, qos=10):
    """Listen to outputs, and wait until the node knows of it: only then does it make them."""
    inboxes = [client.listen(f"/segmentation/{name}", kind, qos) for name in names]
    for inbox in inboxes:
        client.exchange(camera, message_of(picture(0), seconds=999), inbox)
    return inboxes


@pytest.fixture
def outputs(client, camera):
    """An inbox for each image output."""
    yield dict(zip(IMAGES, connect(client, camera, *IMAGES), strict=True))
    for name in IMAGES:
        client.forget(f"/segmentation/{name}")


@pytest.mark.parametrize("shape", [(72, 100), (64, 96), (1, 1), (120, 161)])
def test_every_output_of_a_frame(camera, outputs, predictor, shape):
    pixels = picture(5, *shape)
    sent = message_of(pixels, seconds=shape[1])
    camera.publish(sent)
    got = {name: inbox.next(at(shape[1])) for name, inbox in outputs.items()}
    expected = predictor.predict(pixels)
    for name, message in got.items():
        assert message.header == sent.header, name
        assert (message.height, message.width) == shape, name
        assert message.step == len(message.data) // shape[0], name
    np.testing.assert_array_equal(array_of(got["mask"]), expected.labels)
    # Two processes may add up in another order.
    np.testing.assert_allclose(array_of(got["uncertainty"]), expected.uncertainty, atol=1e-5)
    np.testing.assert_allclose(array_of(got["confidence"]), expected.confidence * 255, atol=0.51)
    colors = np.array([c.color for c in LABELS.classes])[expected.labels]
    np.testing.assert_array_equal(array_of(got["color"]), colors)
    np.testing.assert_allclose(array_of(got["overlay"]), (pixels + colors) / 2, atol=0.51)


def test_the_weights_of_these_tests_tell_classes_apart(predictor):
    assert len(np.unique(predictor.predict(picture(5)).labels)) > 1


def test_a_live_parameter_applies_to_the_next_frame(camera, client, outputs):
    for seconds, bound, drivable in ((1, 1.0, 255), (2, 0.0, 0), (3, 0.5, None)):
        client.change(max_uncertainty=bound)
        camera.publish(message_of(picture(5), seconds))
        found = array_of(outputs["drivable"].next(at(seconds)))
        if drivable is not None:
            assert set(found.ravel()) == {drivable}


def test_a_parameter_out_of_range_is_refused_and_the_old_one_stays(camera, client, outputs):
    camera.publish(message_of(picture(6), 1))
    before = array_of(outputs["overlay"].next(at(1)))
    (result,) = client.set_parameters(overlay_alpha=1.5)
    assert not result.successful
    assert "overlay_alpha" in result.reason
    camera.publish(message_of(picture(6), 2))
    np.testing.assert_array_equal(array_of(outputs["overlay"].next(at(2))), before)


def test_a_grid_of_too_many_cells_is_refused_while_the_node_runs(client, node):
    (result,) = client.set_parameters(grid_resolution=0.01)
    assert not result.successful
    assert "1500 x 1500 cells" in result.reason


@needs_messages
def test_stats(camera, client, predictor, node):
    (inbox,) = connect(client, camera, "stats", kind=SegmentationStats)
    pixels = picture(8)
    sent = message_of(pixels, 50)
    now = client.node.get_clock().now()
    sent.header.stamp = now.to_msg()
    camera.publish(sent)
    stats = inbox.next(lambda message: message.header == sent.header)
    waited_ms = (client.node.get_clock().now() - now).nanoseconds / 1e6
    client.forget("/segmentation/stats")
    expected = predictor.predict(pixels)
    counts = [np.count_nonzero(expected.labels == i) for i in range(LABELS.num_classes)]
    np.testing.assert_allclose(stats.class_fractions, np.array(counts) / expected.labels.size)
    assert stats.mean_confidence == pytest.approx(expected.confidence.mean(), rel=1e-5)
    assert stats.mean_uncertainty == pytest.approx(expected.uncertainty.mean(), rel=1e-5)
    assert 0 < stats.inference_ms <= stats.total_ms <= stats.latency_ms <= waited_ms
    assert stats.frames_received == stats.frames_processed + stats.frames_dropped
    assert stats.frames_processed >= 1


@needs_messages
def test_the_class_map_reaches_those_who_come_late(client, node, weights):
    message = client.listen("/segmentation/class_map", ClassMap, LATCHED).next()
    assert [c.name for c in message.classes] == list(LABELS.names)
    assert [(c.r, c.g, c.b) for c in message.classes] == [c.color for c in LABELS.classes]
    assert all(c.drivable for c in message.classes)  # as the parameter says
    assert message.weights == str(weights)


def test_best_effort_and_reliable_listeners_are_both_served(camera, client, node):
    reliable = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
    (first,) = connect(client, camera, "mask", qos=reliable)
    (second,) = connect(client, camera, "mask", qos=qos_profile_sensor_data)
    camera.publish(message_of(picture(1), 77))
    assert first.next(at(77)) == second.next(at(77))
    client.forget("/segmentation/mask")


def settled(values):
    """Whether no frame is on its way through the node."""
    return int(values["received"]) == int(values["processed"]) + int(values["dropped"])


def counts_of(client, health, wanted, timeout=WAIT):
    _, values = client.diagnostics(health, lambda status, values: wanted(values), timeout)
    return {name: int(values[name]) for name in ("received", "processed", "dropped", "idle")}


@pytest.fixture
def health(client, node):
    yield client.listen("/diagnostics", DiagnosticArray)
    client.forget("/diagnostics")


def test_nothing_is_computed_while_nobody_listens(camera, client, health):
    def idle(more):
        return counts_of(client, health, lambda values: int(values["idle"]) >= more)

    def one_more(before, seconds):
        """The counts once an image was answered, or was idle."""
        came = before["received"] + before["idle"] + 1
        camera.publish(message_of(picture(1), seconds))
        return counts_of(
            client, health, lambda v: settled(v) and int(v["received"]) + int(v["idle"]) >= came
        )

    before = after = counts_of(client, health, settled)
    # Until the node knows that the listeners of other tests have left.
    while after["idle"] == before["idle"]:
        before, after = after, one_more(after, 1)
    before = after
    for seconds in range(100, 105):  # one after the other, so that none replaces another
        camera.publish(message_of(picture(1), seconds))
        after = idle(before["idle"] + seconds - 99)
    assert after == {**before, "idle": before["idle"] + 5}


def test_in_a_flood_the_newest_frame_comes_out_and_the_rest_is_counted(
    camera, client, outputs, health
):
    before = counts_of(client, health, lambda values: True)
    message = message_of(picture(1, 240, 320), 0)
    for seconds in range(1000, 1100):
        message.header.stamp.sec = seconds
        camera.publish(message)
    outputs["mask"].next(at(1099))
    while not health.queue.empty():  # what was said before
        health.queue.get()
    after = counts_of(client, health, settled)
    assert before["processed"] < after["processed"] < before["processed"] + 100
