"""Programs under test end with pytest, also where it had no time to end them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from programs import kill_all

pytest.importorskip("rclpy")

pytestmark = pytest.mark.ros
SUPPORT = Path(__file__).parent
# What a test starts: a node, and a program that has started another in a session of its own.
TEST = """
def test_lives(programs):
    programs.fork("segnet_ros.segmentation.node")
    programs.execute("sh", "-c", "setsid sleep 1000 & exec sleep 1000").wait()
"""


def alive(mark):
    """Processes by their ids, with a mark in the environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:  # it ended meanwhile, or is another person's
            continue
    return found


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def killed(tmp_path):
    """Run pytest with a worker, kill it in the midst of a test; the mark of its processes."""
    mark = uuid.uuid4().hex
    (tmp_path / "test_it.py").write_text(TEST)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-n", "1", "-s", str(tmp_path)],
        cwd=SUPPORT.parents[1],
        env={**os.environ, "MARK": mark, "PYTHONPATH": f"{SUPPORT}:{SUPPORT.parent}"},
        stdout=subprocess.DEVNULL,
    )
    # pytest, its worker, the server, the node, both sleeps
    wait_for(lambda: len(alive(mark.encode())) >= 6)
    process.send_signal(signal.SIGKILL)
    process.wait()
    yield mark.encode()
    kill_all(alive(mark.encode()))


def test_all_are_killed_though_one_has_ended():
    ended, lives = subprocess.Popen(["true"]), subprocess.Popen(["sleep", "1000"])
    ended.wait()
    kill_all([ended.pid, lives.pid])
    assert lives.wait() == -signal.SIGKILL


def test_a_killed_pytest_leaves_no_process(killed):
    wait_for(lambda: not alive(killed))


@pytest.mark.parametrize(
    ("before", "code", "said"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("raise SystemExit", 0, ""),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "KeyboardInterrupt"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
    ],
)
def test_a_fork_ends_as_a_program_does(programs, before, code, said):
    process = programs.fork("segnet_ros.demo.__main__", before=before)
    assert said in process.communicate(60)[0]
    assert process.returncode == code
    assert subprocess.run([sys.executable, "-c", before], capture_output=True).returncode == code
