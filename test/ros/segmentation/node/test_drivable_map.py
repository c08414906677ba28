"""~/drivable_map from images and odometry, over real topics."""

from __future__ import annotations

import math
import time
from contextlib import suppress

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from gray_camera import image, info
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_srvs.srv import Empty

from segnet_ros.ros.message_types import message_class
from segnet_ros.segmentation.drivable_map import UPDATES

pytestmark = pytest.mark.ros

ROAD = 3
LATCHED = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)
SIDE, CELL = 40, 0.5  # cells, meters
UNKNOWN, FREE = -1, 0
LEFT = math.pi / 2


def stamped(message, seconds):
    whole = math.floor(seconds)
    message.header.stamp.sec, message.header.stamp.nanosec = whole, round((seconds - whole) * 1e9)
    return message


def seconds_of(message):
    return message.header.stamp.sec + message.header.stamp.nanosec / 1e9


def odometry(seconds, x, y=0.0, yaw=0.0, frame="odom"):
    message = Odometry(child_frame_id="base_link")
    message.header.frame_id = frame
    message.pose.pose.position.x, message.pose.pose.position.y = x, y
    turn = message.pose.pose.orientation
    turn.z, turn.w = math.sin(yaw / 2), math.cos(yaw / 2)
    return stamped(message, seconds)


def cells_of(message):
    return np.array(message.data, np.int8).reshape(message.info.height, message.info.width)


def at(message, x, y):
    """The cell of a point in meters of the map's frame; None outside of the map."""
    corner = message.info.origin.position
    column, row = (int((a - b) // CELL) for a, b in ((x, corner.x), (y, corner.y)))
    inside = 0 <= column < message.info.width and 0 <= row < message.info.height
    return cells_of(message)[row, column] if inside else None


@pytest.fixture(scope="module")
def node(start_node, save_constant, tmp_path_factory):
    """A node that sees road wherever it looks, which is below the horizon."""
    weights = save_constant(tmp_path_factory.mktemp("road") / "road.safetensors", ROAD)
    node = start_node(
        weights=weights, camera_height=1.2, camera_pitch=0.6, odometry="odom", map_rate=20.0,
        map_memory=600.0, grid_resolution=CELL, grid_length=10.0, grid_width=10.0,
        diagnostics_period=0.1, reliability="reliable",
    )  # fmt: skip
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def robot(node, client):
    return Robot(client)


class Robot:
    """Sends images, and the odometry around them."""

    def __init__(self, client):
        self.maps = client.listen("/segmentation/drivable_map", OccupancyGrid, LATCHED)
        self._client = client
        self._camera = client.publisher("/image", Image, 10)
        self._calibration = client.publisher("/camera_info", CameraInfo)
        self._odometry = client.publisher("/odom", Odometry, 50)
        self.time = 100.0
        self._earlier = set()  # stamps that the maps of earlier looks may have

    def look(self, x, y=0.0, yaw=0.0, **how):
        """An image and, later, the odometry before and after it; its time.

        The two poses are as far to the left and to the right of the one that the image has.
        """
        self.time += 0.1
        self._calibration.publish(info())
        self._odometry.publish(odometry(self.time - 0.02, x, y - 0.05, yaw, **how))
        self._camera.publish(stamped(image(), self.time))
        self._odometry.publish(odometry(self.time + 0.02, x, y + 0.05, yaw, **how))
        return self.time

    def until(self, wanted, *where, **how):
        """Look from a place until a map is as wanted, no matter how earlier ones are."""
        looks = []
        try:
            for _ in range(150):
                looks.append(round(self.look(*where, **how), 3))
                with suppress(AssertionError):
                    return self.maps.next(lambda m: self._is_new(m) and wanted(m), timeout=0.2)
            raise AssertionError("no such map")
        finally:
            self._earlier.update(looks)

    def _is_new(self, message):
        return round(seconds_of(message), 3) not in self._earlier


def has_free(message):
    return (cells_of(message) == FREE).any()


def test_the_map_holds_what_is_seen_in_the_frame_of_odometry(robot):
    # The camera looks along y: it sees 5 m ahead of (3, 2), and nothing behind or beside it.
    found = robot.until(lambda m: at(m, 3.0, 7.0) == FREE, 3.0, 2.0, LEFT)
    assert found.header.frame_id == "odom"
    assert (found.info.width, found.info.height) == (SIDE, SIDE)
    assert found.info.resolution == pytest.approx(CELL)
    corner = found.info.origin.position
    # The window is centered on the robot.
    assert (corner.x, corner.y) == pytest.approx((3.0 - 10.0, 2.0 - 10.0))
    assert at(found, 3.0, 7.0) == FREE
    assert {at(found, *away) for away in ((3.0, -3.0), (-2.0, 2.0), (8.0, 2.0))} == {UNKNOWN}


@pytest.mark.skipif(message_class(UPDATES) is None, reason="map_msgs is not installed")
def test_the_map_and_its_updates_give_the_next_map(robot, client):
    """As RViz and Nav2 follow it: a rectangle at a time, until the window moves."""
    topic = "/segmentation/drivable_map_updates"
    updates = client.listen(topic, message_class(UPDATES), 50)
    robot.until(lambda m: at(m, 5.0, 0.0) == FREE, 0.0, 0.0, 0.0)
    client.call(Empty, "/segmentation/clear_map", Empty.Request())
    before = robot.maps.next(lambda m: not has_free(m))
    update = None
    while update is None:
        robot.look(0.0, 0.0, 0.0)
        with suppress(AssertionError):
            update = updates.next(lambda m: seconds_of(m) > seconds_of(before), timeout=0.2)
    after = robot.maps.next(lambda m: m.header.stamp == update.header.stamp)
    expected = cells_of(before).copy()
    part = np.array(update.data, np.int8).reshape(update.height, update.width)
    expected[update.y : update.y + update.height, update.x : update.x + update.width] = part
    np.testing.assert_array_equal(expected, cells_of(after))
    client.forget(topic)


def test_ground_is_remembered_when_the_robot_turns_away_until_the_map_is_cleared(robot, client):
    robot.until(lambda m: at(m, 5.0, 0.0) == FREE, 0.0, 0.0, 0.0)
    for yaw in (LEFT * share / 10 for share in range(1, 11)):  # more at once would be a jump
        begin = robot.time
        robot.until(lambda m, begin=begin: seconds_of(m) > begin, 0.0, 0.0, yaw)
    found = robot.until(
        lambda m: at(m, 0.0, 5.0) == FREE and at(m, 5.0, 0.0) == FREE, 0.0, 0.0, LEFT
    )
    assert at(found, 0.0, -5.0) == UNKNOWN
    client.call(Empty, "/segmentation/clear_map", Empty.Request())
    robot.maps.next(lambda m: not has_free(m))
    cleared = robot.until(lambda m: at(m, 0.0, 5.0) == FREE, 0.0, 0.0, LEFT)
    assert at(cleared, 5.0, 0.0) == UNKNOWN


def test_a_jump_of_odometry_clears(robot):
    robot.until(lambda m: at(m, 5.0, 0.0) == FREE, 0.0, 0.0, 0.0)
    # Here the robot has its back to what it saw.
    found = robot.until(lambda m: at(m, 13.0, 0.0) == FREE, 8.0, 0.0, 0.0)
    assert at(found, 5.0, 0.0) == UNKNOWN


def test_when_time_falls_back_the_map_begins_again(robot):
    robot.until(lambda m: at(m, 5.0, 0.0) == FREE, 0.0, 0.0, 0.0)
    robot.time -= 60.05  # no stamp comes twice
    found = robot.until(lambda m: at(m, 0.0, 5.0) == FREE, 0.0, 0.0, LEFT)
    assert at(found, 5.0, 0.0) == UNKNOWN


def test_odometry_of_another_frame_is_refused_with_its_name(robot, client):
    health = client.listen("/diagnostics", DiagnosticArray)
    text = "/odom is about the frame 'world', not 'odom'; set map_frame to it"
    for _ in range(100):
        robot.look(0.0, frame="world")
        with suppress(AssertionError):
            health.next(lambda m: any(text in s.message for s in m.status), timeout=0.2)
            break
    else:
        raise AssertionError("nothing was said")
    client.forget("/diagnostics")


def test_an_answer_that_must_not_be_trusted_clears_the_map(robot, client):
    robot.until(lambda m: at(m, 5.0, 0.0) == FREE, 0.0, 0.0, 0.0)
    client.change(camera_pitch=-0.2)  # now the road is in the sky
    try:
        for _ in range(3):
            robot.until(lambda m: (cells_of(m) == UNKNOWN).all(), 0.0, 0.0, 0.0)
    finally:
        client.change(camera_pitch=0.6)
    robot.until(lambda m: at(m, 5.0, 0.0) == FREE, 0.0, 0.0, 0.0)


def test_who_subscribes_late_gets_no_ground_of_long_ago(robot, client):
    robot.until(has_free, 0.0, 0.0, 0.0)
    topic = "/segmentation/drivable_map"
    client.forget(topic)
    # A node that ended may be known for a while, where its farewell was lost.
    offers = client.node.get_publishers_info_by_topic(topic)
    assert {each.qos_profile.durability for each in offers} == {DurabilityPolicy.TRANSIENT_LOCAL}
    time.sleep(1.0)  # 20 periods of the map
    robot.maps = client.listen(topic, OccupancyGrid, LATCHED)
    assert not has_free(robot.maps.next())


def test_the_map_is_unknown_once_the_camera_stops(robot, client):
    robot.until(has_free, 0.0, 0.0, 0.0)
    stopped = time.monotonic()
    while has_free(robot.maps.next()):
        assert time.monotonic() - stopped < 10
    assert time.monotonic() - stopped < 5  # stale is 2 s, and map_memory here 10 minutes
    assert not any(has_free(robot.maps.next()) for _ in range(10))
