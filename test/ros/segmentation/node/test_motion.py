"""A wrong height of the camera, over real topics with the default weights and odometry."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import OccupancyGrid, Odometry
from sensor_msgs.msg import CameraInfo, Image

from segnet_model.datasets.drives import DriveSettings
from segnet_model.driving import CameraPose

pytestmark = [pytest.mark.ros, pytest.mark.slow]

RATE, FRAMES, BEGIN = 10, 24, 1000.0


def stamped(message, seconds, frame):
    message.header.stamp.sec, rest = divmod(round(seconds * 1e9), 10**9)
    message.header.stamp.nanosec, message.header.frame_id = rest, frame
    return message


@pytest.fixture(scope="module")
def drive():
    return DriveSettings(world="street").drive(21, float(RATE))


@pytest.fixture
def start(start_node):
    """`start_node`, of a node that ends with its test, since the next has the same topics."""
    nodes = []

    def start(**parameters):
        nodes.append(start_node(**parameters))
        return nodes[-1]

    yield start
    for node in nodes:
        node.end()


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_height_that_the_drive_contradicts_leaves_no_ground(start, client, drive, factor):
    frames = list(drive.frames(FRAMES))
    pose, camera = CameraPose(frames[0].camera_to_world), drive.camera
    node = start(
        reliability="reliable", diagnostics_period=60.0, odometry="odom", device="cpu",
        camera_height=factor * pose.height, camera_pitch=float(np.radians(pose.pitch)),
    )  # fmt: skip
    node.wait_for("ready")
    health = client.listen("/diagnostics", DiagnosticArray)
    grids = client.listen("/segmentation/drivable_grid", OccupancyGrid)
    drivable = client.listen("/segmentation/drivable", Image)
    images = client.publisher("image", Image)
    infos = client.publisher("camera_info", CameraInfo)
    poses = client.publisher("odom", Odometry, 50)

    def send(frame, time, yaw):
        """Whether anything is drivable."""
        place = frame.camera_to_world
        odometry = stamped(Odometry(child_frame_id="base_link"), time, "odom")
        odometry.pose.pose.position.x, odometry.pose.pose.position.y = place[:2, 3]
        odometry.pose.pose.orientation.z = float(np.sin(yaw / 2))
        odometry.pose.pose.orientation.w = float(np.cos(yaw / 2))
        poses.publish(odometry)
        infos.publish(stamped(CameraInfo(
            height=camera.height, width=camera.width, k=camera.matrix.ravel().tolist(),
            distortion_model="plumb_bob", d=[0.0] * 5,
        ), time, "optical"))  # fmt: skip
        image = Image(height=camera.height, width=camera.width, step=3 * camera.width)
        image.encoding, image.data = "rgb8", array("B", frame.image.tobytes())
        return any(client.exchange(images, stamped(image, time, "optical"), drivable).data)

    yaw = float(np.arctan2(*(frames[9].camera_to_world - frames[0].camera_to_world)[1::-1, 3]))
    for number in range(200):  # the tables of the grid take a moment
        send(frames[0], BEGIN - 30 + number / RATE, yaw)
        if not grids.queue.empty():
            break
    shown = [send(each, BEGIN + number / RATE, yaw) for number, each in enumerate(frames)]
    if factor == 1.0:
        assert all(shown)
        return
    assert not shown[-1]
    said = health.next(lambda each: each.status[0].level == DiagnosticStatus.ERROR)
    assert "the ground moves as seen from" in said.status[0].message
    assert shown[0]
    while not grids.queue.empty():
        last = grids.queue.get()
    assert set(last.data) == {-1}
