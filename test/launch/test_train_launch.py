"""train.launch.py: a labeled recording in, weights out."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import pytest

launch_testing = pytest.importorskip("launch_testing")
pytest.importorskip("segnet_ros.msg")

from ament_index_python import get_package_share_directory  # noqa: E402
from launch import LaunchDescription  # noqa: E402
from launch.actions import IncludeLaunchDescription  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
from launch_testing.actions import ReadyToTest  # noqa: E402
from launch_testing.util import KeepAliveProc  # noqa: E402

from segnet_model.bags.reader import BagWriter  # noqa: E402
from segnet_model.weights.checkpoint import load_weights  # noqa: E402

FILE = Path(get_package_share_directory("segnet_ros"), "launch", "train.launch.py")


def labeled_drive(path):
    rng = np.random.default_rng(0)
    with BagWriter(path) as bag:
        for index in range(6):
            stamp = 1_700_000_000_000_000_000 + index * 500_000_000
            image = rng.integers(0, 256, (64, 96, 3), np.uint8)
            bag.write_image("/front", stamp, "camera", image)
            bag.write_labels("/truth", stamp, "camera", image[..., 0] % 11)
    return path


@pytest.mark.ros
@pytest.mark.timeout(180)
@pytest.mark.launch_test
def generate_test_description():
    folder = Path(tempfile.mkdtemp())
    arguments = {
        "bag": str(labeled_drive(folder / "drive")),
        "labels_topic": "/truth",
        "out": str(folder / "run"),
        # Texts whose types differ from their parameters', as people write them.
        "every": "0",
        "learning_rate": "1e-3",
        "input_size": "[64, 96]",
        "network_settings": "['features=8']",
        "epochs": "2",
        "batch_size": "2",
    }
    train = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(FILE)), launch_arguments=arguments.items()
    )
    # launch_testing takes it for a failure when nothing runs any more.
    description = LaunchDescription([train, KeepAliveProc(), ReadyToTest()])
    return description, {"out": folder / "run"}


class TestTrain(unittest.TestCase):
    def test_it_ends_by_itself(self, proc_info):
        proc_info.assertWaitForShutdown(process="trainer", timeout=120)


@launch_testing.post_shutdown_test()
class TestWeights(unittest.TestCase):
    def test_a_recording_becomes_weights(self, proc_info, out):
        launch_testing.asserts.assertExitCodes(proc_info, process="trainer")
        _, info = load_weights(out / "weights.safetensors")
        assert (*info.input_size, info.network_settings) == (64, 96, {"features": 8})
        assert (info.training["epochs"], info.training["learning_rate"]) == (2, 0.001)
