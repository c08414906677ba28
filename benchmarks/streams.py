"""Starts the programs of `robot` and others with a ROS domain of their own, and ends them."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Report
from segnet_model.base.optional import is_installed

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "config" / "fastdds_large_images.xml"
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
SIZES = ((360, 480), (720, 1280), (1080, 1920))  # (height, width)
GRACE = 10.0  # seconds for a program to end
PATIENCE = 150.0  # seconds for a camera to find a listener and to send; it waits for 120 by itself


@dataclass(frozen=True)
class Stream:
    """What came of a number of frames on one topic.

    Attributes:
        sent: frames that the camera sent.
        latencies: ms from stamp to arrival, by stamp.
    """

    sent: int
    latencies: Mapping[int, float]

    @property
    def lost(self) -> int:
        """Frames that never came."""
        return self.sent - len(self.latencies)

    def percentile(self, share: float) -> float:
        """Latency in ms within which a share (0 to 100) of what came did; NaN where none did."""
        latencies = list(self.latencies.values())
        return float(np.percentile(latencies, share)) if latencies else np.nan

    def row(self) -> dict[str, Any]:
        """For a table."""
        return {
            "arrived": f"{len(self.latencies)} of {self.sent}",
            "p50 ms": self.percentile(50),
            "p99 ms": self.percentile(99),
        }


def text_of(size: tuple[int, int]) -> str:
    """A size (height, width) as people write it."""
    return f"{size[1]}x{size[0]}"


def ros_is_here(report: Report) -> bool:
    """Whether there is a ROS; says so where not."""
    if not is_installed("rclpy"):
        report.note("no ROS here: nothing measured; `make build` installs one")
    return is_installed("rclpy")


@cache
def _domain() -> str:
    """A ROS domain that nobody else has while this process runs."""
    scripts = runpy.run_path(str(ROOT / "scripts" / "isolated.py"))
    return str(scripts["reserve_domain"]())


def environment(profile: Path | None) -> dict[str, str]:
    """For the programs: this machine and a domain of their own; a Fast DDS profile, or none."""
    kept = {key: value for key, value in os.environ.items() if key not in PROFILE_VARIABLES}
    kept |= {"ROS_DOMAIN_ID": _domain(), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    kept |= {"ROS_LOCALHOST_ONLY": "1"} if os.environ.get("ROS_DISTRO") == "humble" else {}
    return kept | (dict.fromkeys(PROFILE_VARIABLES, str(profile)) if profile else {})


@contextmanager
def running(
    command: Sequence[str], profile: Path | None, *, read: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """A process for as long as the context lasts; read says whether its output will be read.

    Where nobody reads it, a pipe would be full some day, and the process would wait for ever.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if read else None,
        text=True,
        cwd=ROOT,
        env=environment(profile),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=GRACE)
        except (subprocess.TimeoutExpired, ValueError):  # the latter where all was read before
            process.kill()
            process.wait()


def program(name: str, **arguments: Any) -> list[str]:
    """The command that runs one of `robot`'s programs."""
    return [
        sys.executable, "-m", "benchmarks.robot", json.dumps({"program": name, **arguments}),
    ]  # fmt: skip


def listen(
    topics: Sequence[str],
    camera: Mapping[str, Any],
    between: Sequence[Sequence[str]] = (),
    profile: Path | None = None,
    stats: str = "",
) -> tuple[dict[str, Stream], dict[int, float]]:
    """Let a camera send, and see what comes of it.

    Args:
        topics: of images, to which a process listens.
        camera: what `robot.camera` takes.
        between: commands of further processes.
        profile: Fast DDS profiles for all of them; None for its defaults.
        stats: topic of our node's, to listen to as well; empty for none.

    Returns:
        What came on each topic; and by stamp the ms that our node's network took.

    Raises:
        RuntimeError: a process failed, and printed why.
    """
    with ExitStack() as stack:
        ear = stack.enter_context(
            running(program("listener", topics=list(topics), stats=stats), profile, read=True)
        )
        others = [stack.enter_context(running(command, profile)) for command in between]
        eye = stack.enter_context(running(program("camera", **camera), profile))
        wait_for(eye, [ear, *others])
        found = hear(ear)
    times = dict(found.pop(stats, []))
    return {topic: _stream(camera["frames"], pairs) for topic, pairs in found.items()}, times


def hear(listener: subprocess.Popen[str]) -> dict[str, Any]:
    """End a listener; what it noted. RuntimeError where it failed."""
    heard, _ = listener.communicate(timeout=GRACE)
    if listener.returncode:
        raise RuntimeError("the listener failed; see above")
    found: dict[str, Any] = json.loads(heard.splitlines()[-1])  # Fast DDS may complain before
    return found


def wait_for(camera: subprocess.Popen[str], others: Sequence[subprocess.Popen[str]]) -> None:
    """Wait until the camera has sent all; RuntimeError where another ends before, or it takes long.

    Without a node, for example, it would wait two minutes for somebody who listens.
    """
    end = time.monotonic() + PATIENCE
    while camera.poll() is None:
        if lost := [each for each in others if each.poll() is not None]:
            raise RuntimeError(f"{lost[0].args} ended with {lost[0].returncode}; see above")
        if time.monotonic() > end:
            raise RuntimeError(f"the camera did not end within {PATIENCE:g} s; see above")
        time.sleep(0.05)
    if camera.returncode:
        raise RuntimeError("the camera failed; see above")


def _stream(sent: int, arrivals: Sequence[tuple[int, int]]) -> Stream:
    first = dict(reversed(arrivals))  # of each, should one come twice
    return Stream(sent, {stamp: (arrival - stamp) / 1e6 for stamp, arrival in first.items()})
