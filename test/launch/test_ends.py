"""However a launch ends, nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from segnet_model.checkpoint import ModelInfo, save_weights
from segnet_model.data.bags import BagWriter
from segnet_model.labels import LabelSet

pytestmark = [pytest.mark.ros, pytest.mark.slow]
LAUNCH = """
import sys
from ament_index_python import get_package_share_directory
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

file = get_package_share_directory("segnet_ros") + "/launch/" + sys.argv[1]
arguments = [text.split(":=", 1) for text in sys.argv[2:]]
service = LaunchService()
service.include_launch_description(LaunchDescription([
    IncludeLaunchDescription(PythonLaunchDescriptionSource(file), launch_arguments=arguments)
]))
sys.exit(service.run())
"""


@pytest.fixture
def folder(tmp_path):
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    save_weights(tmp_path / "tiny.safetensors", info.build(), info)
    with BagWriter(tmp_path / "drive") as bag:
        for index in range(8):
            image = np.full((64, 96, 3), index, np.uint8)
            bag.write_image("/front", 10**18 + index * 100_000_000, "camera", image)
    return tmp_path


@pytest.fixture
def start(folder):
    """Start a launch file in a session of its own; what is left of it then is killed."""
    pytest.importorskip("launch_ros")
    pytest.importorskip("segnet_ros.msg")
    started = []

    def launch(file, *arguments):
        weights = f"weights:={folder / 'tiny.safetensors'}"
        command = [sys.executable, "-c", LAUNCH, file, weights, *arguments]
        with (folder / "log").open("w") as log:
            started.append(
                subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            )
        return started[-1]

    yield launch
    for process in started:
        for pid in members(process.pid):
            os.kill(pid, signal.SIGKILL)


def members(session):
    """The processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                found.append(int(folder.name))
        except ProcessLookupError:
            continue
    return found


@pytest.mark.timeout(120)
def test_ctrl_c_ends_a_replay(folder, start):
    replay = start("replay.launch.py", f"bag:={folder / 'drive'}", "loop:=true")
    until = time.monotonic() + 60
    while "ready" not in (folder / "log").read_text() and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(1)
    replay.send_signal(signal.SIGINT)
    replay.wait(timeout=40)
    assert "Traceback" not in (folder / "log").read_text()
    assert not members(replay.pid)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("file", "wrong"),
    [
        ("replay.launch.py", "rate:=fast"),
        ("replay.launch.py", "lockstep:=yup"),
        ("segnet.launch.py", "rviz:=yup"),
        ("segnet.launch.py", "params_file:=/nowhere.yaml"),
    ],
)
def test_a_mistyped_argument_starts_nothing(folder, start, file, wrong):
    process = start(file, *([f"bag:={folder / 'drive'}"] if "replay" in file else []), wrong)
    assert process.wait(timeout=40) == 1
    assert wrong in (folder / "log").read_text()
    assert not members(process.pid)
