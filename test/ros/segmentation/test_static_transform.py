"""The camera's pose on /tf_static, with a stand-in for the node and for tf2_msgs."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from rclpy.qos import DurabilityPolicy

from segnet_model.driving import CameraPose
from segnet_ros.segmentation import static_transform
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.static_transform import PATIENCE, StaticTransform

MOUNTED = NodeSettings(
    camera_height=1.2,
    camera_forward=0.3,
    camera_left=-0.1,
    camera_pitch=0.2,
    camera_roll=0.05,
    camera_yaw=-0.4,
    base_frame="base",
)


@dataclass
class Message:
    """tf2_msgs/TFMessage."""

    transforms: list[TransformStamped]


@dataclass
class Node:
    """Keeps what is published and said."""

    sent: list = field(default_factory=list)
    said: list = field(default_factory=list)
    warned: list = field(default_factory=list)
    topics: dict = field(default_factory=dict)
    hear: object = None

    def create_publisher(self, kind, topic, qos):
        assert kind is Message
        self.topics[topic] = qos
        return SimpleNamespace(publish=lambda message: self.sent.extend(message.transforms))

    def create_subscription(self, kind, topic, callback, qos):
        self.hear, self.topics[f"heard {topic}"] = callback, qos
        return callback

    def destroy_subscription(self, subscription):
        self.hear = None

    def destroy_publisher(self, publisher):
        self.topics.clear()

    def get_logger(self):
        return SimpleNamespace(info=self.said.append, warning=self.warned.append)

    def get_clock(self):
        return SimpleNamespace(now=lambda: SimpleNamespace(to_msg=lambda: Time(sec=7)))


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(static_transform, "perf_counter", lambda: clock.seconds)
    monkeypatch.setattr(static_transform, "TFMessage", Message)
    return clock


def waited(clock, transform, settings=MOUNTED, frame="camera"):
    """Two images, before and after the patience."""
    transform.update(frame, settings)
    clock.seconds += PATIENCE + 0.1
    transform.update(frame, settings)


def test_it_is_the_pose_of_the_parameters(clock):
    node = Node()
    waited(clock, StaticTransform(node))
    (sent,) = node.sent
    assert (sent.header.frame_id, sent.child_frame_id) == ("base", "camera")
    t, q = sent.transform.translation, sent.transform.rotation
    found = CameraPose.from_transform((t.x, t.y, t.z), (q.x, q.y, q.z, q.w)).matrix
    expected = CameraPose.mounted(1.2, 0.2, 0.05, -0.4, 0.3, -0.1).matrix
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert {each.durability for each in node.topics.values()} == {DurabilityPolicy.TRANSIENT_LOCAL}
    assert node.topics.keys() == {"/tf_static", "heard /tf_static"}


def test_it_waits_for_others_and_publishes_once_for_each_pose(clock):
    node = Node()
    transform = StaticTransform(node)
    transform.update("camera", MOUNTED)
    assert not node.sent
    waited(clock, transform)
    waited(clock, transform)
    assert len(node.sent) == 1
    node.hear(Message(list(node.sent)))  # its own message comes back
    moved = replace(MOUNTED, camera_pitch=0.3)
    transform.update("camera", moved)
    transform.update("camera", moved)
    assert len(node.sent) == 2
    node.hear(Message([node.sent[0]]))  # late
    transform.update("camera", MOUNTED)
    assert len(node.sent) == 3
    assert len(node.said) == 1


def test_images_of_two_frames_do_not_fill_the_memory(clock):
    node = Node()
    transform = StaticTransform(node)
    waited(clock, transform)
    for number in range(300):
        transform.update(("left", "right")[number % 2], MOUNTED)
        node.hear(Message([node.sent[-1]]))
    assert len(node.sent) == 301
    assert len(transform._own) <= 100
    assert not node.warned


def test_what_another_node_places_is_left_to_it(clock):
    node = Node()
    transform = StaticTransform(node)
    transform.update("camera", MOUNTED)
    node.hear(Message([TransformStamped(child_frame_id="camera")]))
    waited(clock, transform)
    assert not node.sent


def test_it_closes_no_loop(clock):
    node = Node()
    transform = StaticTransform(node)
    waited(clock, transform, frame="base")
    for parent, child in (("camera", "odom"), ("odom", "base"), ("loop", "loop")):
        each = TransformStamped(child_frame_id=child)
        each.header.frame_id = parent
        node.hear(Message([each]))
    waited(clock, transform)
    waited(clock, transform, replace(MOUNTED, base_frame="loop"))
    assert [(each.header.frame_id, each.child_frame_id) for each in node.sent] == [
        ("loop", "camera")
    ]


def test_another_node_that_comes_later_is_named(clock):
    node = Node()
    waited(clock, StaticTransform(node))
    for _ in range(2):
        node.hear(Message([TransformStamped(child_frame_id="camera")]))
    assert node.warned == ["another node places camera in tf, too; set publish_tf to false"]


@pytest.mark.parametrize(
    ("frame", "changes"),
    [
        ("camera", {"publish_tf": False}),
        ("camera", {"camera_height": 0.0}),
        ("camera", {"cameras": ("front", "left")}),
        ("", {}),
    ],
    ids=["parameter", "pose from tf", "several cameras", "no frame"],
)
def test_nothing_is_published(clock, frame, changes):
    node = Node()
    waited(clock, StaticTransform(node), replace(MOUNTED, **changes), frame)
    assert not node.sent
    assert not node.topics


def test_without_tf2_msgs_it_says_so_once(clock, monkeypatch):
    monkeypatch.setattr(static_transform, "TFMessage", None)
    node = Node()
    waited(clock, StaticTransform(node))
    assert node.said == ["tf2_msgs is not installed: camera is not placed in tf"]


def test_close_removes_all(clock):
    node = Node()
    transform = StaticTransform(node)
    waited(clock, transform)
    transform.close()
    assert node.hear is None
    assert not node.topics
