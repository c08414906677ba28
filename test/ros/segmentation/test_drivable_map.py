"""The map of one camera, stepped by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time as Stamp
from std_msgs.msg import Header

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_ros.segmentation import drivable_map as module
from segnet_ros.segmentation.drivable_map import DrivableMap
from segnet_ros.segmentation.settings import NodeSettings

pytestmark = pytest.mark.ros

LENS, SPEC = Lens(64, 48, (60, 60), (31.5, 23.5)), GridSpec(1.0, 0.0, 8.0, -2.0, 2.0)
GROUND = GroundProjector(LENS, CameraPose.mounted(1.2, pitch=0.6), SPEC)
SETTINGS = NodeSettings(grid_resolution=1.0)
MOUNTING = GroundSettings(camera_height=1.2, grid_resolution=1.0)
ROAD, FREE = 3, 0


class Topic:
    """Counts as many subscribers as a test wants, and keeps what is published."""

    def __init__(self, kind):
        self.msg_type, self.subscribers, self.published = kind, 1, []

    def get_subscription_count(self):
        return self.subscribers

    def publish(self, message):
        self.published.append(message)


class Node:
    """Creates topics, and hands the timer's function to a test."""

    _parameter_overrides = ()
    context = SimpleNamespace(ok=lambda: True)

    def __init__(self):
        self.topics = []

    def has_parameter(self, name):
        return False

    def resolve_topic_name(self, topic):
        return topic

    def create_lifecycle_publisher(self, kind, topic, qos, qos_overriding_options):
        self.topics.append(Topic(kind))
        return self.topics[-1]

    def destroy_lifecycle_publisher(self, topic):
        self.topics.remove(topic)

    def create_service(self, kind, name, call):
        return name

    def destroy_service(self, service):
        pass

    def create_timer(self, period, call, clock):
        self.step = call

    def destroy_timer(self, timer):
        self.step = None

    def get_clock(self):
        now = SimpleNamespace(to_msg=lambda: Stamp(sec=77))
        return SimpleNamespace(now=lambda: now)


class Standing:
    """A robot that never moves."""

    def robot(self, frame, base, stamp):
        return RobotPose(0.0, 0.0, 0.0)


def road(label_set=None, ground=GROUND):
    labels = np.full((48, 64), ROAD, np.uint8)
    found = Segmentation(labels, *np.zeros((2, 48, 64), np.float32))
    image = np.zeros((48, 64, 3), np.uint8)
    return Answer(image, found, label_set or LabelSet.load("camvid"), ground=ground)


def header(seconds):
    return Header(stamp=Stamp(sec=seconds), frame_id="optical")


@pytest.fixture
def node():
    return Node()


@pytest.fixture
def found(node, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAIT", 0.0)
    found = DrivableMap(node, Standing(), lambda: SETTINGS)
    found.start()
    yield found
    found.destroy()


def look(found, node, *seconds, answer=None, mounting=MOUNTING):
    """Step after images of these stamps; whether any of the map is free then."""
    for each in seconds:
        found.add(answer or road(), header(each), mounting)
    node.step()
    return (np.array(node.topics[0].published[-1].data) == FREE).any()


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (0, "no drivable_map: the images have no stamp; set it in the driver"),
        (-5, "no drivable_map: the images have a negative stamp; set it in the driver"),
    ],
)
def test_an_image_without_a_time_is_said_and_ends_nothing(found, node, seconds, reason):
    assert not look(found, node, seconds, seconds, seconds, seconds)
    assert found.reason == reason
    assert look(found, node, 5, 6, 7, 8)
    assert found.reason == ""


def test_the_reason_goes_with_the_last_subscriber(found, node):
    look(found, node, 0)
    assert found.reason
    for topic in node.topics:
        topic.subscribers = 0
    node.step()
    assert found.reason == ""


@pytest.mark.parametrize("change", ["pose", "costs", "bound"])
def test_a_change_of_pose_costs_or_bound_begins_the_map_again(found, node, change):
    """Ground that old values called free is nothing that the new ones vouch for."""
    assert look(found, node, 5, 6, 7, 8)
    answer, mounting = road(), MOUNTING
    if change == "pose":
        mounting = replace(mounting, camera_pitch=0.1)
    elif change == "costs":
        answer = road(answer.labels.with_costs({"Road": 60}))
    else:
        answer = replace(answer, bound=0.1)
    # The first answer after it has no projector yet, which takes a while.
    assert not look(found, node, 9, answer=replace(answer, ground=None), mounting=mounting)
    found.add(road(), header(9), MOUNTING)  # that one waited for its pose
    assert not look(found, node, 10, answer=answer, mounting=mounting)
    look(found, node, 11, 12, 13, 14, answer=answer, mounting=mounting)
    cells = set(node.topics[0].published[-1].data)
    assert cells == {-1, 60 if change == "costs" else FREE}


def test_a_grid_of_another_resolution_is_never_fused(node, monkeypatch):
    """It waits for its pose while the parameter changes; its things may fall between two points."""
    monkeypatch.setattr(module, "MAX_WAIT", 0.0)
    settings = SETTINGS
    found = DrivableMap(node, Standing(), lambda: settings)
    found.start()
    assert look(found, node, 5, 6, 7, 8)
    settings = replace(SETTINGS, grid_resolution=0.5)
    assert not look(found, node, 9, 10, 11, 12)
    found.destroy()
