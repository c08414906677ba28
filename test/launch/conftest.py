"""Starts launch files, and lets nothing of them stay; quick on a busy machine."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from programs import kill_all

from segnet_model.bags.reader import BagWriter
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

# Threads that wait for each other take long where others work; a tiny network needs none.
os.environ.setdefault("OMP_NUM_THREADS", "1")

LAUNCH = """
import os, sys
from ament_index_python import get_package_share_directory
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

file = os.path.join(get_package_share_directory("segnet_ros"), "launch", sys.argv[1])
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
def members():
    """A function: the processes of a session."""

    def of(session):
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(process.name)) == session:
                    found.append(int(process.name))
            except ProcessLookupError:
                continue
        return found

    return of


@pytest.fixture
def start(programs, folder, members):
    """Start a launch file, after other code, in a session of its own; then kill what is left."""
    pytest.importorskip("launch_ros")
    pytest.importorskip("segnet_ros.msg")
    started = []

    def launch(file, *arguments, before="", **environment):
        weights = f"weights:={folder / 'tiny.safetensors'}"
        command = [sys.executable, "-c", before + LAUNCH, file, weights, *arguments]
        with (folder / "log").open("w") as log:
            started.append(programs.execute(*command, output=log, **environment))
        return started[-1]

    yield launch
    for process in started:
        kill_all(members(process.pid))
