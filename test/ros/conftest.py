"""What tests with real topics share: a ROS domain of their own, and processes that always end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "ROS_DOMAIN_ID": str(random.randint(1, 100)),
}
# Before anything imports rclpy, and for child processes too.
for name, value in ENVIRONMENT.items():
    os.environ.setdefault(name, value)

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def new_node() -> Iterator[Callable[[str], Any]]:
    """Make nodes, by name, in an initialised rclpy; skipped where there is none.

    They are destroyed at the end: a shutdown alone would leave them listening for the next test.
    """
    rclpy = pytest.importorskip("rclpy")
    rclpy.init()
    nodes: list[Any] = []

    def make(name: str) -> Any:
        nodes.append(rclpy.create_node(name))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def ros_process() -> Iterator[Start]:
    """Start `python -m MODULE ARGUMENTS`; at the end its process group is killed.

    Output and errors of the process are one text, `process.communicate()[0]`.
    """
    pytest.importorskip("rclpy")
    started: list[subprocess.Popen[str]] = []

    def start(module: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
