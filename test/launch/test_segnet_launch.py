"""segnet.launch.py: the node comes up active by itself, and an image comes back as a mask."""

import tempfile
import time
import unittest
from pathlib import Path

import pytest

launch_testing = pytest.importorskip("launch_testing")
pytest.importorskip("segnet_ros.msg")

import rclpy  # noqa: E402
from ament_index_python import get_package_share_directory  # noqa: E402
from launch import LaunchDescription  # noqa: E402
from launch.actions import IncludeLaunchDescription  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
from launch_testing.actions import ReadyToTest  # noqa: E402
from lifecycle_msgs.srv import GetState  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from segnet_model.labels import LabelSet  # noqa: E402
from segnet_model.weights.checkpoint import save_weights  # noqa: E402
from segnet_model.weights.model_info import ModelInfo  # noqa: E402

FILE = Path(get_package_share_directory("segnet_ros"), "launch", "segnet.launch.py")
WAIT = 60.0  # seconds, after which the test has failed; a busy machine loads PyTorch in twenty


@pytest.mark.ros
@pytest.mark.timeout(180)
@pytest.mark.launch_test
def generate_test_description():
    weights = Path(tempfile.mkdtemp()) / "tiny.safetensors"
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    save_weights(weights, info.build(), info)
    arguments = {"image": "/front", "weights": str(weights), "namespace": "robot"}
    segnet = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(FILE)), launch_arguments=arguments.items()
    )
    return LaunchDescription([segnet, ReadyToTest()])


class TestSegnet(unittest.TestCase):
    def setUp(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("client", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)

    def tearDown(self):
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()

    def spin_until(self, condition):
        end = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < end, "nothing happened"
            self.executor.spin_once(timeout_sec=0.05)

    def test_an_image_comes_back_as_a_mask(self):
        masks = []
        self.node.create_subscription(Image, "/robot/segmentation/mask", masks.append, 10)
        camera = self.node.create_publisher(Image, "/front", 10)
        self.spin_until(camera.get_subscription_count)  # the node listens when it is active
        assert self.state() == "active"
        image = Image(height=40, width=60, encoding="rgb8", step=180, data=bytes(40 * 180))
        image.header = Header(frame_id="camera")

        def came_back():
            camera.publish(image)  # again and again: the two may not have met for the first
            return masks

        self.spin_until(came_back)
        mask = masks[0]
        assert (mask.height, mask.width, mask.step) == (40, 60, 60)
        assert (mask.encoding, mask.header.frame_id) == ("mono8", "camera")
        assert max(mask.data) < 11

    def state(self):
        client = self.node.create_client(GetState, "/robot/segmentation/get_state")
        self.spin_until(client.service_is_ready)
        answer = client.call_async(GetState.Request())
        self.spin_until(answer.done)
        return answer.result().current_state.label


@launch_testing.post_shutdown_test()
class TestShutdown(unittest.TestCase):
    def test_the_node_ends_cleanly(self, proc_info):
        assert len(proc_info.processes()) == 1
        launch_testing.asserts.assertExitCodes(proc_info)
