"""replay.launch.py: a recording is played to the node, and its masks are recorded."""

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

from segnet_model.bags.reader import BagWriter  # noqa: E402
from segnet_model.datasets.sources import BagSource  # noqa: E402
from segnet_model.labels import LabelSet  # noqa: E402
from segnet_model.weights.checkpoint import save_weights  # noqa: E402
from segnet_model.weights.model_info import ModelInfo  # noqa: E402

FILE = Path(get_package_share_directory("segnet_ros"), "launch", "replay.launch.py")
MASK, OLD = "/robot/segmentation/mask", 200
STAMPS = [1_700_000_000_000_000_000 + index * 200_000_000 for index in range(8)]


@pytest.mark.ros
@pytest.mark.timeout(240)
@pytest.mark.launch_test
def generate_test_description():
    folder = Path(tempfile.mkdtemp())
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    save_weights(folder / "tiny.safetensors", info.build(), info)
    with BagWriter(folder / "drive") as bag:
        for index, stamp in enumerate(STAMPS):
            bag.write_image("/front", stamp, "camera", np.full((64, 96, 3), index, np.uint8))
            # An old answer, which must not come between.
            bag.write_labels(MASK, stamp, "camera", np.full((64, 96), OLD, np.uint8))
    arguments = {
        "bag": str(folder / "drive"),
        "rate": "2",
        "weights": str(folder / "tiny.safetensors"),
        "lockstep": "true",
        "record": str(folder / "answers"),
        "record_topics": "[/robot/segmentation/mask]",
        "namespace": "robot",
    }
    replay = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(FILE)), launch_arguments=arguments.items()
    )
    return LaunchDescription([replay, ReadyToTest()]), {"answers": folder / "answers"}


class TestReplay(unittest.TestCase):
    def test_the_player_ends_with_the_bag(self, proc_info):
        # Here, and not when all have ended: launch_testing takes that for a failure.
        proc_info.assertWaitForShutdown(process="bag_player", timeout=120)


@launch_testing.post_shutdown_test()
class TestAnswers(unittest.TestCase):
    def test_every_image_has_its_mask(self, proc_info, answers):
        assert len(proc_info.processes()) == 3
        launch_testing.asserts.assertExitCodes(proc_info)
        with BagSource(answers, MASK) as source:
            masks = list(source.labels_of(MASK))
        assert [mask.stamp_ns for mask in masks] == STAMPS
        assert all(mask.ids().shape == (64, 96) and OLD not in mask.ids() for mask in masks)
