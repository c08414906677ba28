"""Ground that was published is taken back once no answer comes any more, over real topics."""

from __future__ import annotations

import time
from array import array
from contextlib import suppress
from functools import partial

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo, Image

pytestmark = pytest.mark.ros

ROAD = 3
STALE = 1.0
WIDTH, HEIGHT, FOCAL = 80, 60, 60.0
K = [FOCAL, 0.0, 39.5, 0.0, FOCAL, 29.5, 0.0, 0.0, 1.0]


@pytest.fixture(scope="module")
def start(start_node, save_constant, tmp_path_factory):
    """Call it to start a node that sees road wherever it looks, steeply down."""
    weights = save_constant(tmp_path_factory.mktemp("road") / "road.safetensors", ROAD)

    def start(*arguments):
        node = start_node(
            *arguments,
            weights=weights,
            camera_height=1.2,
            camera_pitch=0.8,
            grid_resolution=0.5,
            grid_length=4.0,
            grid_width=4.0,
            diagnostics_period=0.1,
            stale=STALE,
        )
        node.wait_for("ready")
        return node

    return start


class Drive:
    """Sends images and a calibration, and sees what comes."""

    def __init__(self, client, namespace=""):
        self.client = client
        self.camera = client.publisher(f"{namespace}/image", Image)
        self.calibration = client.publisher(f"{namespace}/camera_info", CameraInfo)
        self.grids = client.listen(f"{namespace}/segmentation/drivable_grid", OccupancyGrid)
        self.masks = client.listen(f"{namespace}/segmentation/drivable", Image)
        self.health = client.listen("/diagnostics", DiagnosticArray)
        self.seconds = 0

    def show(self):
        """Send images until there is a grid."""
        for _ in range(100):
            self.seconds += 1
            self.calibration.publish(CameraInfo(height=HEIGHT, width=WIDTH, k=K))
            message = Image(height=HEIGHT, width=WIDTH, encoding="mono8", step=WIDTH)
            message.data = array("B", bytes(HEIGHT * WIDTH))
            message.header.stamp.sec, message.header.frame_id = self.seconds, "optical"
            self.camera.publish(message)
            with suppress(AssertionError):
                grid = self.grids.next(is_known, timeout=0.3)
                assert any(self.masks.next(partial(same_header, message)).data)
                return grid
        raise AssertionError("no grid")

    def says(self, level, text):
        def wanted(message):
            return any(each.level == level and text in each.message for each in message.status)

        return self.health.next(wanted)


def same_header(message, other):
    return message.header == other.header


def is_known(grid):
    return set(grid.data) != {-1}


@pytest.fixture(scope="module")
def drive(client, start):
    start()
    return Drive(client)


def test_a_camera_that_stops_leaves_no_grid_and_is_an_error(drive):
    last = drive.show()
    began = time.monotonic()
    grid = drive.grids.next(lambda grid: not is_known(grid))
    assert STALE * 0.9 < time.monotonic() - began < STALE + 2
    assert (grid.info.width, grid.info.height) == (last.info.width, last.info.height)
    assert grid.info.resolution == last.info.resolution
    assert grid.info.origin == last.info.origin
    assert grid.header.frame_id == last.header.frame_id
    mask = drive.masks.next(lambda mask: not any(mask.data))
    assert (mask.height, mask.width, mask.header.frame_id) == (HEIGHT, WIDTH, "optical")
    drive.says(DiagnosticStatus.ERROR, "longer than stale, 1 s, so nothing is drivable")
    drive.says(DiagnosticStatus.ERROR, "no image on /image")
    with pytest.raises(AssertionError):
        drive.grids.next(timeout=0.5)  # once is enough


def test_the_next_answer_brings_the_grid_back(drive):
    drive.show()
    drive.says(DiagnosticStatus.WARN, "images are stamped")  # of 1970; nothing else is wrong


def test_a_node_that_is_deactivated_takes_its_ground_back(drive, client):
    drive.show()  # from deactivation on, nothing looks whether an answer is stale
    change(client, Transition.TRANSITION_DEACTIVATE)
    drive.grids.next(lambda grid: not is_known(grid))
    drive.masks.next(lambda mask: not any(mask.data))
    change(client, Transition.TRANSITION_ACTIVATE)


def test_a_node_that_ends_takes_its_ground_back(client, start):
    node = start("-r", "__ns:=/ending")
    drive = Drive(client, "/ending")
    drive.show()
    assert node.end() == 0
    drive.grids.next(lambda grid: not is_known(grid))
    drive.masks.next(lambda mask: not any(mask.data))


def change(client, transition):
    request = ChangeState.Request(transition=Transition(id=transition))
    assert client.call(ChangeState, "/segmentation/change_state", request).success
