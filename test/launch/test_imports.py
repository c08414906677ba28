"""The launch files need ROS and the standard library: `ros2` may be run by a bare Python."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segnet_model.bags.reader import BagWriter

ROOT = Path(__file__).parents[2]
# Runs in a fresh interpreter, where what the requirements bring refuses to be imported.
BLOCK = """
import importlib.util, sys
sys.path.insert(0, {root!r})

class Bare:
    blocked = ("torch", "rosbags", "safetensors", "cv2", "tqdm", "PIL")

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.blocked:
            raise ImportError(f"a launch file imported {{name}}")

sys.meta_path.insert(0, Bare())

def load(path):
    spec = importlib.util.spec_from_file_location("launch_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
"""
LOOK = """
from types import SimpleNamespace
arguments = {{"bag": {bag!r}, "image": "", "rate": "1.0", "loop": "false", "restamp": "false",
    "lockstep": "false", "record_topics": ""}}
found = load({file!r}).read_bag(SimpleNamespace(launch_configurations=arguments))
import json
from launch import LaunchContext
context = LaunchContext()
for action in found:
    action.visit(context)
print(json.dumps(dict(context.launch_configurations)))
"""


def run(program, **values):
    program = (BLOCK + program).format(root=str(ROOT), **values)
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "name",
    [
        "launching.values",
        "segmentation.settings",
        "trainer.settings",
        "launching.actions",
        "launching.views",
    ],
)
def test_modules_of_the_launch_files_are_light(name):
    pytest.importorskip("rclpy")
    if name in ("launching.actions", "launching.views"):
        pytest.importorskip("launch_ros")
        pytest.importorskip("segnet_ros.msg")
    result = run(f"import segnet_ros.{name}")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("file", sorted((ROOT / "launch").glob("*.py")), ids=lambda file: file.name)
def test_launch_files_are_light(file):
    pytest.importorskip("launch_ros")
    pytest.importorskip("segnet_ros.msg")
    result = run("load({file!r}).generate_launch_description()", file=str(file))
    assert result.returncode == 0, result.stderr


def test_a_bag_is_read_in_another_process(tmp_path):
    pytest.importorskip("launch_ros")
    pytest.importorskip("segnet_ros.msg")
    with BagWriter(tmp_path / "drive") as bag:
        bag.write_compressed("/front", 10**18, "camera", np.zeros(9, np.uint8).tobytes(), "jpeg")
    file = str(ROOT / "launch" / "replay.launch.py")
    found = run(LOOK, file=file, bag=str(tmp_path / "drive"))
    assert json.loads(found.stdout) == {"image": "/front", "transport": "compressed"}, found.stderr
    missing = run(LOOK, file=file, bag="missing")
    assert missing.stderr.splitlines()[-1].startswith(
        "segnet_model.base.errors.BagError: there is no bag"
    )


def test_blocked_modules_cannot_be_imported():
    assert "a launch file imported torch" in run("import torch.nn").stderr
