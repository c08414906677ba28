"""What Nav2's semantic segmentation layer takes for granted and never checks.

It subscribes to the mask and the confidence with best effort, pairs them by stamp, reads their
bytes without looking at encoding, size or step, and drops all until a LabelInfo came, which it
takes from a latched, reliable topic.
"""

from __future__ import annotations

from array import array
from contextlib import suppress

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image

from segnet_model.labels import LabelSet
from segnet_ros.segmentation.messages import LabelInfo

pytestmark = pytest.mark.ros

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
WIDTHS = (100, 101, 33)  # a driver may pad rows; the layer reads on without a gap
without_vision_msgs = pytest.mark.skipif(LabelInfo is None, reason="vision_msgs is not installed")


@pytest.fixture(scope="module")
def node(start_node, weights):
    return start_node(weights=weights, output_size=[50, 20])


@pytest.fixture(scope="module")
def inboxes(client, camera):
    """Listening as the layer does; the images that make the node notice it are of second 1."""
    found = {
        name: client.listen(f"/segmentation/{name}", Image, qos_profile_sensor_data)
        for name in ("mask", "confidence")
    }
    for inbox in found.values():
        client.exchange(camera, image(1), inbox)
    return found


@pytest.fixture(scope="module")
def infos(client, camera, inboxes):
    """What comes with a camera_info that the node has heard."""
    found = client.listen("/segmentation/camera_info", CameraInfo)
    publisher = client.publisher("camera_info", CameraInfo)
    k = [80.0, 0.0, 49.5, 0.0, 80.0, 19.5, 0.0, 0.0, 1.0]
    for _ in range(100):
        publisher.publish(CameraInfo(height=40, width=100, k=k))
        camera.publish(image(2))
        with suppress(AssertionError):
            found.next(timeout=0.2)
            return found
    raise AssertionError("no camera_info")


def image(seconds, width=100, padding=7):
    step = 3 * width + padding
    message = Image(height=40, width=width, encoding="bgr8", step=step)
    message.data = array("B", np.random.default_rng(seconds).bytes(40 * step))
    message.header.stamp.sec, message.header.stamp.nanosec = seconds, 987654321
    message.header.frame_id = "front_camera_optical"
    return message


@pytest.mark.parametrize("width", WIDTHS)
def test_mask_and_confidence_are_what_the_layer_reads(camera, inboxes, infos, width):
    sent = image(10 + width, width)
    camera.publish(sent)
    got = {
        name: inbox.next(lambda m: m.header.stamp.sec == sent.header.stamp.sec)
        for name, inbox in {**inboxes, "camera_info": infos}.items()
    }
    assert [m.header for m in got.values()] == [sent.header] * 3
    for name in ("mask", "confidence"):
        message = got[name]
        assert message.encoding == "mono8"
        assert (message.width, message.height, message.step) == (50, 20, 50)
        assert len(message.data) == 50 * 20
    assert max(got["mask"].data) < LabelSet.load("camvid").num_classes
    assert (got["camera_info"].width, got["camera_info"].height) == (50, 20)


@without_vision_msgs
def test_the_labels_are_known_before_the_first_mask(client, start_node, weights):
    masks = client.listen("/second/mask", Image, qos_profile_sensor_data)
    labels = client.listen("/second/label_info", LabelInfo, LATCHED)
    node = start_node("-r", "__node:=second", "-r", "image:=/second/image", weights=weights)
    camera = client.publisher("/second/image", Image)
    first_image = client.node.get_clock().now()
    client.exchange(camera, image(5), masks)
    # By its stamp: on its way, the first mask may overtake it.
    found = labels.next()
    assert Time.from_msg(found.header.stamp) < first_image
    names = {each.class_id: each.class_name for each in found.class_map}
    assert names == dict(enumerate(LabelSet.load("camvid").names))
    assert labels.queue.empty()
    client.forget("/second/label_info")
    assert node.end() == 0


@without_vision_msgs
def test_the_labels_reach_a_layer_that_starts_later(client, camera, inboxes):
    found = client.listen("/segmentation/label_info", LabelInfo, LATCHED).next()
    assert len(found.class_map) == LabelSet.load("camvid").num_classes


@pytest.mark.skipif(LabelInfo is not None, reason="vision_msgs is installed")
def test_where_vision_msgs_is_missing_the_node_says_so_once(client, start_node, weights):
    node = start_node(weights=weights, cameras=["front", "left"])
    node.wait_for("ready")
    assert node.text.count("vision_msgs is not installed: no ~/label_info") == 1
    assert node.end() == 0
