"""~/drivable_grid from a camera's images and its calibration, over real topics."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from gray_camera import HEIGHT, WIDTH, K, image, info
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo, Image

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.labels import LabelSet

pytestmark = pytest.mark.ros

ROAD = 3
PITCH = 0.6  # no horizon in view, as all of the image is road
SPEC = GridSpec(0.5, 0.0, 10.0, -4.0, 4.0)


@pytest.fixture(scope="module")
def start_on_road(start_node, save_constant, tmp_path_factory):
    """Call it to start a node that sees road wherever it looks."""
    weights = save_constant(tmp_path_factory.mktemp("road") / "road.safetensors", ROAD)

    def start(*arguments):
        node = start_node(
            *arguments,
            weights=weights,
            camera_height=1.2,
            camera_pitch=PITCH,
            camera_forward=0.3,
            base_frame="base_footprint",
            grid_resolution=SPEC.resolution,
            grid_length=SPEC.x_max,
            grid_width=2 * SPEC.y_max,
            diagnostics_period=0.1,
        )
        node.wait_for("ready")

    return start


@pytest.fixture(scope="module")
def node(start_on_road):
    return start_on_road()


@pytest.fixture
def health(client):
    yield client.listen("/diagnostics", DiagnosticArray)
    client.forget("/diagnostics")


@pytest.fixture(scope="module")
def grids(client, camera):
    """What comes once the node knows the camera's calibration."""
    grids = client.listen("/segmentation/drivable_grid", OccupancyGrid)
    calibrate(client.publisher("camera_info", CameraInfo), camera, grids)
    return grids


def calibrate(calibration, camera, grids):
    """Send the camera's calibration and images until a new grid comes."""
    while not grids.queue.empty():
        grids.queue.get()
    for _ in range(100):
        calibration.publish(info())
        camera.publish(image(1))
        with suppress(AssertionError):
            grids.next(is_known, timeout=0.2)
            return
    raise AssertionError("no grid")


def show(client, camera, seconds, grids):
    """The grids of an image, up to a known one; one that is taken back may come before it."""
    found = [client.exchange(camera, image(seconds), grids)]
    while not is_known(found[-1]):
        found.append(client.exchange(camera, image(seconds), grids))
    return found


def wait_for_problem(camera, health, text, name="segmentation", prepare=lambda: None):
    """Send images until a node says what it lacks; `prepare` is called before each."""

    def said(message):
        return any(s.name.startswith(f"{name}:") and text in s.message for s in message.status)

    for seconds in range(100):
        prepare()
        camera.publish(image(seconds))
        try:
            return health.next(said, timeout=0.3)
        except AssertionError:
            continue
    raise AssertionError(f"{text!r} was not said")


def is_known(grid):
    return set(grid.data) != {-1}


def expected(pitch):
    pose = CameraPose.mounted(1.2, pitch=pitch, x=0.3)
    projector = GroundProjector(Lens.from_camera_info(WIDTH, HEIGHT, K), pose, SPEC)
    labels = np.full((HEIGHT, WIDTH), ROAD, np.uint8)
    return projector.grid(labels, np.zeros(labels.shape), LabelSet.load("camvid"), 0.5)


def test_without_a_calibration_there_is_no_grid_and_it_is_said(client, start_on_road, health):
    start_on_road("-r", "__ns:=/blind")
    grids = client.listen("/blind/segmentation/drivable_grid", OccupancyGrid)
    camera = client.publisher("/blind/image", Image)
    text = "no drivable_grid: no camera_info came"
    wait_for_problem(camera, health, text, "blind/segmentation")
    assert grids.queue.empty()


def test_the_grid_is_the_ground_that_the_camera_sees(client, camera, grids):
    grid = show(client, camera, 50, grids)[-1]
    assert grid.header.frame_id == "base_footprint"
    assert (grid.info.height, grid.info.width) == (16, 20)
    assert grid.info.resolution == pytest.approx(0.5)
    corner = grid.info.origin.position
    assert (corner.x, corner.y, corner.z) == (0.0, -4.0, 0.0)
    assert grid.info.origin.orientation.w == 1.0
    cells = np.array(grid.data, np.int8).reshape(16, 20)
    np.testing.assert_array_equal(cells, expected(PITCH))
    # By hand: the lowest row looks down by 0.6 + atan(59.5 / 120) = 1.06 and meets the ground at
    # 0.3 + 1.2 / tan 1.06 = 0.97 m, the highest by 0.14 and at 8.8 m; between them all is road.
    assert cells[8].tolist() == [-1] * 2 + [0] * 15 + [-1] * 3


def test_a_camera_that_is_mounted_otherwise_sees_other_ground(client, camera, grids):
    show(client, camera, 59, grids)
    client.change(camera_pitch=0.5)
    try:
        found = show(client, camera, 60, grids)
    finally:
        client.change(camera_pitch=PITCH)
    grid = np.array(found[-1].data, np.int8).reshape(16, 20)
    np.testing.assert_array_equal(grid, expected(0.5))
    assert len(found) == 2  # the grid of the old pose was taken back


def test_where_nothing_says_where_the_camera_is_there_is_no_grid(client, camera, grids, health):
    client.change(camera_height=0.0)
    try:
        wait_for_problem(camera, health, "camera_height, camera_pitch and so on")
    finally:
        client.change(camera_height=1.2)


def test_a_camera_that_sees_no_ground_is_warned_of(client, camera, grids, health):
    client.change(camera_pitch=-1.5)
    try:
        wait_for_problem(camera, health, "86 degrees up and sees no ground of the grid")
    finally:
        client.change(camera_pitch=PITCH)


def test_a_pitch_of_the_wrong_sign_leaves_nothing_drivable(client, camera, grids, health):
    masks = client.listen("/segmentation/drivable", Image)
    client.change(camera_pitch=-0.1)
    try:
        said = wait_for_problem(camera, health, "of the ground is above the horizon")
        assert said.status[0].level == DiagnosticStatus.ERROR
        grid, mask = (client.exchange(camera, image(80), each) for each in (grids, masks))
    finally:
        client.change(camera_pitch=PITCH)
        client.forget("/segmentation/drivable")
    assert set(grid.data) == {-1}
    assert (grid.info.height, grid.info.width) == (16, 20)
    assert not any(mask.data)


def test_a_calibration_of_another_frame_takes_the_grid_back(client, camera, grids, health):
    calibration = client.publisher("camera_info", CameraInfo)
    other = info()
    other.header.frame_id = "left_optical"
    show(client, camera, 85, grids)
    try:
        wait_for_problem(
            camera, health, "frame_id 'left_optical', the images are of 'camera_optical'",
            prepare=lambda: calibration.publish(other),
        )  # fmt: skip
        assert not is_known(grids.next(lambda grid: not is_known(grid)))
    finally:
        calibrate(calibration, camera, grids)


def test_a_calibration_of_ones_is_warned_of(client, camera, grids, health):
    calibration = client.publisher("camera_info", CameraInfo)
    ones = CameraInfo(height=HEIGHT, width=WIDTH, k=np.eye(3).ravel().tolist())
    # Again before each image: a node that is busy may not know the new publisher yet.
    try:
        wait_for_problem(
            camera, health, "is not 20 to 175: the camera is uncalibrated",
            prepare=lambda: calibration.publish(ones),
        )  # fmt: skip
        client.exchange(camera, image(70), client.listen("/segmentation/mask", Image))
    finally:
        calibrate(calibration, camera, grids)  # for the tests after it, in any order
