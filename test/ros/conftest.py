"""What tests with real topics share: nodes, and processes that always end."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from programs import Program, Programs

Start = Callable[..., Program]


@pytest.fixture(scope="module", autouse=True)
def no_older_node() -> None:
    """Collect what earlier modules left: nodes in garbage are still seen by those of this one.

    Here and not at their end, when pytest still holds the fixtures of their last test.
    """
    gc.collect()


@pytest.fixture
def new_node() -> Iterator[Callable[[str], Any]]:
    """Make nodes, by name, in an initialized rclpy; skipped where there is none.

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
    nodes.clear()
    gc.collect()  # or their participants outlive them, and many at once may block each other


@pytest.fixture
def ros_process(programs: Programs) -> Iterator[Start]:
    """Run a module with arguments as `python -m` does; at the end its process group is killed.

    Output and errors of the process are one text, `process.communicate()[0]`.
    """
    started: list[Program] = []

    def start(module: str, *arguments: str) -> Program:
        started.append(programs.fork(module, *arguments))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.fixture
def python_process(programs: Programs) -> Iterator[Start]:
    """Run `python ARGUMENTS` by itself, where the start or the end of it is the subject."""
    started: list[Program] = []

    def start(*arguments: str) -> Program:
        started.append(programs.execute(sys.executable, *arguments))
        return started[-1]

    yield start
    for process in started:
        process.end()
