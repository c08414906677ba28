"""~/drivable_grid from a camera's images and its calibration, over real topics."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import OccupancyGrid
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from sensor_msgs.msg import CameraInfo, Image

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.labels import LabelSet

pytestmark = pytest.mark.ros

ROAD = 3
WIDTH, HEIGHT, FOCAL = 160, 120, 120.0
K = [FOCAL, 0.0, 79.5, 0.0, FOCAL, 59.5, 0.0, 0.0, 1.0]
SPEC = GridSpec(0.5, 0.0, 10.0, -4.0, 4.0)


def image(seconds):
    message = Image(height=HEIGHT, width=WIDTH, encoding="mono8", step=WIDTH)
    message.data = array("B", bytes(HEIGHT * WIDTH))
    message.header.stamp.sec, message.header.frame_id = seconds, "camera_optical"
    return message


def info():
    return CameraInfo(height=HEIGHT, width=WIDTH, k=K, distortion_model="plumb_bob", d=[0.0] * 5)


@pytest.fixture(scope="module")
def node(start_node, save_constant, tmp_path_factory):
    """One that sees road wherever it looks."""
    node = start_node(
        weights=save_constant(tmp_path_factory.mktemp("road") / "road.safetensors", ROAD),
        camera_height=1.2,
        camera_pitch=0.1,
        camera_forward=0.3,
        base_frame="base_footprint",
        grid_resolution=SPEC.resolution,
        grid_length=SPEC.x_max,
        grid_width=2 * SPEC.y_max,
        diagnostics_period=0.1,
    )
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def health(client, node):
    return client.listen("/diagnostics", DiagnosticArray)


@pytest.fixture(scope="module")
def grids(client, camera, health):
    return client.listen("/segmentation/drivable_grid", OccupancyGrid)


def set_parameter(client, name, value):
    change = Parameter(name=name, value=ParameterValue(type=3, double_value=value))
    request = SetParameters.Request(parameters=[change])
    assert client.call(SetParameters, "/segmentation/set_parameters", request).results[0].successful


def wait_for_problem(client, camera, health, text):
    """Send images until the node says what it lacks."""
    for seconds in range(100):
        camera.publish(image(seconds))
        try:
            return health.next(lambda message: text in message.status[0].message, timeout=0.3)
        except AssertionError:
            continue
    raise AssertionError(f"{text!r} was not said")


def expected(pitch):
    pose = CameraPose.mounted(1.2, pitch=pitch, x=0.3)
    projector = GroundProjector(Lens.from_camera_info(WIDTH, HEIGHT, K), pose, SPEC)
    labels = np.full((HEIGHT, WIDTH), ROAD, np.uint8)
    return projector.grid(labels, np.zeros(labels.shape), LabelSet.load("camvid"), 0.5)


def test_without_a_calibration_there_is_no_grid_and_it_is_said(client, camera, grids, health):
    wait_for_problem(client, camera, health, "no drivable_grid: no camera_info came")
    assert grids.queue.empty()


def test_the_grid_is_the_ground_that_the_camera_sees(client, camera, grids):
    client.publisher("camera_info", CameraInfo).publish(info())
    grid = client.exchange(camera, image(50), grids)
    assert grid.header.frame_id == "base_footprint"
    assert (grid.info.height, grid.info.width) == (16, 20)
    assert grid.info.resolution == pytest.approx(0.5)
    corner = grid.info.origin.position
    assert (corner.x, corner.y, corner.z) == (0.0, -4.0, 0.0)
    assert grid.info.origin.orientation.w == 1.0
    cells = np.array(grid.data, np.int8).reshape(16, 20)
    np.testing.assert_array_equal(cells, expected(pitch=0.1))
    # By hand: the lowest row looks down by 0.1 + atan(59.5 / 120) = 0.56 and meets the ground at
    # 0.3 + 1.2 / tan 0.56 = 2.2 m; straight ahead all is road from there on.
    assert cells[8].tolist() == [-1] * 5 + [0] * 15


def test_a_camera_that_is_mounted_otherwise_sees_other_ground(client, camera, grids):
    set_parameter(client, "camera_pitch", 0.5)
    grid = client.exchange(camera, image(60), grids)
    np.testing.assert_array_equal(np.array(grid.data, np.int8).reshape(16, 20), expected(pitch=0.5))


def test_where_nothing_says_where_the_camera_is_there_is_no_grid(client, camera, grids, health):
    set_parameter(client, "camera_height", 0.0)
    try:
        wait_for_problem(client, camera, health, "camera_height, camera_pitch and so on")
    finally:
        set_parameter(client, "camera_height", 1.2)
