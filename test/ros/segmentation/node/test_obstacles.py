"""~/obstacle_scan, ~/obstacle_points and ~/speed_limit, of ground that is computed by hand."""

from __future__ import annotations

import math
import re
from contextlib import suppress

import numpy as np
import pytest
from gray_camera import FOCAL, image, info
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image, LaserScan, PointCloud2

from segnet_ros.segmentation.messages import SpeedLimit

pytestmark = pytest.mark.ros

ROAD, BUILDING = 3, 1
# The camera is 1.2 m up and 0.3 m forward, and looks down by 0.6, all of it below the horizon. Its
# lowest row looks down by 0.6 + atan(59.5 / 120) = 1.06, and meets the ground at
# 0.3 + 1.2 / tan 1.06 = 0.97 m.
NEAREST = 0.3 + 1.2 / math.tan(0.6 + math.atan(59.5 / FOCAL))


class Place:
    """A node that sees one class wherever it looks, and what comes from it."""

    def __init__(self, start_node, client, name, weights):
        node = start_node(
            "-r", f"__node:={name}", "-r", f"image:=/{name}/image",
            "-r", f"camera_info:=/{name}/camera_info", weights=weights,
            camera_height=1.2, camera_pitch=0.6, camera_forward=0.3, base_frame="base_footprint",
            grid_resolution=0.1, grid_length=4.0, grid_width=6.0, stopping_distance=4.0,
        )  # fmt: skip
        node.wait_for("ready")
        self.node, self.name, self.client = node, name, client
        self.scans = client.listen(f"/{name}/obstacle_scan", LaserScan, qos_profile_sensor_data)
        self.points = client.listen(f"/{name}/obstacle_points", PointCloud2)
        if SpeedLimit is not None:
            self.limits = client.listen(f"/{name}/speed_limit", SpeedLimit)
        self.camera = client.publisher(f"/{name}/image", Image)
        self.calibration = client.publisher(f"/{name}/camera_info", CameraInfo)
        for _ in range(100):
            self.calibration.publish(info())
            self.camera.publish(image(1))
            with suppress(AssertionError):
                self.scans.next(timeout=0.2)
                return
        raise AssertionError("no scan")

    def look(self, seconds):
        """The scan and the points (n, 3) of one image."""
        scan = self.client.exchange(self.camera, image(seconds), self.scans)
        cloud = self.points.next(lambda m: m.header.stamp.sec == seconds)
        assert cloud.header == scan.header
        assert scan.header.frame_id == "base_footprint"
        assert [(f.name, f.offset, f.datatype, f.count) for f in cloud.fields] == [
            ("x", 0, 7, 1), ("y", 4, 7, 1), ("z", 8, 7, 1)
        ]  # fmt: skip
        assert (cloud.height, cloud.point_step, cloud.row_step) == (1, 12, 12 * cloud.width)
        assert cloud.is_dense
        assert not cloud.is_bigendian
        return scan, np.frombuffer(bytes(cloud.data), "<f4").reshape(cloud.width, 3)


@pytest.fixture(scope="module")
def place(start_node, client, save_constant, folder):
    places = {}

    def find(name, answer):
        if name not in places:
            weights = save_constant(folder / f"{name}.safetensors", answer)
            places[name] = Place(start_node, client, name, weights)
        return places[name]

    return find


def bearings(scan):
    return scan.angle_min + scan.angle_increment * np.arange(len(scan.ranges))


def test_a_wall_before_the_camera_is_met_where_the_image_ends(place):
    scan, points = place("walled", BUILDING).look(50)
    ranges, around = np.array(scan.ranges), bearings(scan)
    assert scan.range_max == pytest.approx(3.0)
    assert around[-1] == pytest.approx(scan.angle_max, abs=1e-4)
    ahead = np.abs(around) < 0.4
    # Half a cell to the middle of the beam's way, and up to a cell, as a foot may be too far away.
    np.testing.assert_allclose(ranges[ahead] * np.cos(around[ahead]), NEAREST + 0.05, atol=0.15)
    assert np.isnan(ranges[np.abs(around) > 0.9]).all()
    assert len(points) > 10
    assert (points[:, 2] == 0).all()
    middle = points[np.abs(points[:, 1]) < 0.5]
    np.testing.assert_allclose(middle[:, 0].min(), NEAREST + 0.05, atol=0.15)


def test_road_is_free_up_to_the_scan_s_range_and_has_no_points(place):
    scan, points = place("open", ROAD).look(60)
    ranges, around = np.array(scan.ranges), bearings(scan)
    assert np.isposinf(ranges[np.abs(around) < 0.4]).all()
    assert np.isnan(ranges[np.abs(around) > 0.9]).all()
    assert not np.isfinite(ranges).any()
    assert points.shape == (0, 3)


def test_the_log_says_where_the_view_begins(place):
    where = place("open", ROAD)
    where.look(65)
    # 1.5 times the first cell that is all in view, which begins within two cells of `NEAREST`.
    said, *_ = re.findall(r"raytrace_min_range of (\S+)", where.node.text)
    assert 1.5 * NEAREST <= float(said) <= 1.5 * (NEAREST + 0.2)


def test_an_unsure_network_clears_nothing_and_marks_nothing(client, place):
    where = place("open", ROAD)
    client.change("/open", max_uncertainty=0.0)
    try:
        scan, points = where.look(70)
    finally:
        client.change("/open", max_uncertainty=-1.0)
    assert np.isnan(np.array(scan.ranges)).all()
    assert points.shape == (0, 3)


def test_a_pose_that_cannot_be_right_clears_nothing(client, place):
    where = place("open", ROAD)
    client.change("/open", camera_pitch=0.1)  # then a part of the road is in the sky
    try:
        scan, points = where.look(75)
    finally:
        client.change("/open", camera_pitch=0.6)
    assert np.isnan(np.array(scan.ranges)).all()
    assert points.shape == (0, 3)


def test_a_camera_that_stops_clears_nothing_and_slows_the_robot_down(place):
    where = place("open", ROAD)
    scan, _ = where.look(77)
    assert np.isposinf(np.array(scan.ranges)).any()
    where.scans.next(lambda m: m.header.stamp.sec != 77 and np.isnan(np.array(m.ranges)).all())
    cloud = where.points.next(lambda m: m.header.stamp.sec != 77)
    assert (cloud.width, len(cloud.data)) == (0, 0)
    if SpeedLimit is not None:
        where.limits.next(lambda m: m.header.stamp.sec != 77 and m.speed_limit == 10)


@pytest.mark.skipif(SpeedLimit is None, reason="nav2_msgs is not installed")
def test_the_speed_limit_is_that_of_the_ground_ahead(client, place):
    def limit(where, seconds):
        where.look(seconds)
        found = where.limits.next(lambda m: m.header.stamp.sec == seconds)
        assert (found.percentage, found.header.frame_id) == (True, "base_footprint")
        return found.speed_limit

    assert limit(place("open", ROAD), 80) == 100
    # Nothing before the wall is in view, so nothing is known to be free.
    assert limit(place("walled", BUILDING), 80) == 10
    client.change("/open", stopping_distance=16.0)
    try:  # the grid ends at 4 m: half the speed
        assert limit(place("open", ROAD), 81) == pytest.approx(50, abs=0.1)
    finally:
        client.change("/open", stopping_distance=4.0)


@pytest.mark.skipif(SpeedLimit is not None, reason="nav2_msgs is installed")
def test_where_nav2_msgs_is_missing_the_node_says_so_once(start_node, weights):
    node = start_node(weights=weights, cameras=["front", "left"])
    node.wait_for("ready")
    assert node.text.count("nav2_msgs is not installed: no ~/speed_limit") == 1
