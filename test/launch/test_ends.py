"""However a launch ends, nothing of it stays behind."""

import signal
import time

import pytest

# Ctrl-C in the midst of starting a program, whose name ends so.
INTERRUPTED = """
import os, signal, subprocess
spawn = subprocess.Popen._execute_child
def interrupted(self, arguments, *more):
    spawn(self, arguments, *more)
    if arguments[0].endswith({name!r}):
        os.kill(os.getpid(), signal.SIGINT)
subprocess.Popen._execute_child = interrupted
"""
pytestmark = [pytest.mark.ros, pytest.mark.slow]


@pytest.mark.timeout(120)
def test_ctrl_c_ends_a_replay(folder, start, members):
    replay = start("replay.launch.py", f"bag:={folder / 'drive'}", "loop:=true")
    until = time.monotonic() + 60
    while "ready" not in (folder / "log").read_text() and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(1)
    replay.send_signal(signal.SIGINT)
    replay.wait(timeout=40)
    assert "Traceback" not in (folder / "log").read_text()
    assert not members(replay.pid)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["segmentation", "bag_recorder", "bag_player"])
def test_ctrl_c_ends_a_program_that_is_starting(folder, start, members, name):
    before = INTERRUPTED.format(name=f"/{name}")
    record = f"record:={folder / 'answers'}"
    replay = start("replay.launch.py", f"bag:={folder / 'drive'}", record, before=before)
    replay.wait(timeout=60)
    assert not members(replay.pid)


@pytest.mark.timeout(120)
def test_ctrl_c_ends_a_program_that_starts_later(folder, start, members):
    launch = start("segnet.launch.py", before=INTERRUPTED.format(name="/segmentation"))
    launch.wait(timeout=60)
    assert "failed to terminate" not in (folder / "log").read_text()
    assert not members(launch.pid)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("file", "wrong"),
    [
        ("replay.launch.py", "rate:=fast"),
        ("replay.launch.py", "lockstep:=yup"),
        ("segnet.launch.py", "rviz:=yup"),
        ("segnet.launch.py", "params_file:=/nowhere.yaml"),
        ("segnet.launch.py", "transport_profile:=/nowhere.xml"),
        ("segnet.launch.py", "cameras:=front"),
    ],
)
def test_a_mistyped_argument_starts_nothing(folder, start, members, file, wrong):
    process = start(file, *([f"bag:={folder / 'drive'}"] if "replay" in file else []), wrong)
    assert process.wait(timeout=40) == 1
    assert wrong in (folder / "log").read_text()
    assert not members(process.pid)
