"""The robot that the page shows, and the program that serves the page."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from threading import Thread

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("segnet_ros.msg")
pytest.importorskip("aiohttp")

from robot import Robot

MODULE = "segnet_ros.live.program"
WAIT = 30.0  # seconds


@pytest.fixture
def make_robot():
    """Call it with names of cameras to make the robot, also a second time."""
    made = []

    def make(*cameras, **about):
        made.append(Robot(*cameras, **about))
        return made[-1]

    yield make
    for each in made:
        with suppress(Exception):  # closed by the test
            each.close()


@pytest.fixture
def robot(make_robot):
    return make_robot()


class Program:
    """The program `live` as a user starts it, and what it has printed."""

    def __init__(self, process):
        self.process, self.text = process, ""
        Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.text += line

    def wait_for(self, pattern):
        until = time.monotonic() + WAIT
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < until, f"{pattern!r} did not come: {self.text}"
            assert self.process.poll() is None, self.text
            time.sleep(0.02)
        return found

    @property
    def port(self):
        return int(self.wait_for(r"shown at http://\S+:(\d+)\s")[1])


@pytest.fixture
def start(programs):
    """Start the program with arguments; `before` is Python that runs first."""
    started = []

    def run(*arguments, before=""):
        started.append(programs.fork(MODULE, *arguments, before=before))
        return Program(started[-1])

    yield run
    for each in started:
        each.end()


@pytest.fixture
def port(start):
    """Port of a running program."""
    return start("--port", "0").port
