"""A recording with a moving camera is played twice: the grid follows, over real topics.

tf2 is not on PyPI, so the node has a stand-in for it; and tf2 itself where that is installed.
"""

from __future__ import annotations

import time
from array import array
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import tf2_stand_in
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import OccupancyGrid
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image

from segnet_model.driving import CameraPose

pytestmark = pytest.mark.ros

ROAD = 3
SUPPORT = str(Path(tf2_stand_in.__file__).parent)
STAND_IN = (
    f"import sys; sys.path.insert(0, {SUPPORT!r}); import tf2_stand_in; "
    "from segnet_ros.segmentation import transforms; transforms.tf2_ros = tf2_stand_in"
)
WIDTH, HEIGHT, FOCAL = 80, 60, 60.0
K = [FOCAL, 0.0, 39.5, 0.0, FOCAL, 29.5, 0.0, 0.0, 1.0]
DOWN = (-0.6532815, 0.6532815, -0.2705981, 0.2705981)  # an optical frame that looks down by 45 deg


@pytest.fixture(scope="module", params=["stand-in", "tf2"])
def tf(request):
    """Topic, class and maker of the messages that tf2, or its stand-in, listens to."""
    if request.param == "stand-in":
        return tf2_stand_in.TOPIC, TransformStamped, lambda transform: transform
    pytest.importorskip("tf2_ros", reason="tf2_ros is not installed")
    from tf2_msgs.msg import TFMessage

    return "/tf", TFMessage, lambda transform: TFMessage(transforms=[transform])


@pytest.fixture(scope="module")
def node(tf, start_node, save_constant, tmp_path_factory):
    weights = save_constant(tmp_path_factory.mktemp("road") / "road.safetensors", ROAD)
    node = start_node(
        weights=weights, before=STAND_IN if tf[1] is TransformStamped else "",
        grid_resolution=0.5, grid_length=4.0, grid_width=4.0, use_sim_time=True,
    )  # fmt: skip
    node.wait_for("ready")
    yield node
    node.end()


@pytest.fixture(scope="module")
def play(tf, client, camera, wait):
    """Call it to send some seconds of a recording, and their last image until its grid comes."""
    topic, kind, packed = tf
    publisher = client.node.create_publisher(kind, topic, 1000)
    grids = client.listen("/segmentation/drivable_grid", OccupancyGrid)
    calibration = client.publisher("camera_info", CameraInfo)
    clock = client.publisher("/clock", Clock)

    def play(seconds):
        message = Image(height=HEIGHT, width=WIDTH, encoding="mono8", step=WIDTH)
        message.data = array("B", bytes(HEIGHT * WIDTH))
        message.header.stamp.sec, message.header.frame_id = seconds, "camera"

        def send():
            calibration.publish(CameraInfo(height=HEIGHT, width=WIDTH, k=K))
            camera.publish(message)

        def is_listening():  # from the first image on
            send()
            time.sleep(0.1)
            return publisher.get_subscription_count() > 0

        wait(is_listening, "a listener to tf")
        for tenth in range(10 * seconds + 1):
            moved = tf2_stand_in.transform("base_link", "camera", tenth / 10, (0, 0, 1.2), DOWN)
            publisher.publish(packed(moved))
            clock.publish(Clock(clock=moved.header.stamp))
        for _ in range(40):
            send()
            with suppress(AssertionError):
                return grids.next(partial(is_known, seconds), timeout=0.5)
        raise AssertionError(f"no grid of second {seconds}")

    return play


def is_known(seconds, grid):
    """Whether this is a grid of that second; before it, the last one may be taken back."""
    return grid.header.stamp.sec == seconds and set(grid.data) != {-1}


def test_the_stand_in_looks_down_by_45_degrees():
    assert CameraPose.from_transform((0, 0, 1.2), DOWN).pitch == pytest.approx(45)


def test_the_grid_comes_again_when_time_has_fallen_back(play):
    for seconds in (30, 2, 20, 1):
        assert set(play(seconds).data) == {-1, 0}
