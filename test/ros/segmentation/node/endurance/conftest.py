"""A camera that never tires, and what a process has taken of the machine."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

pytest.importorskip("rclpy")
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from segnet_ros.ros.image_conversion import serialize

RELIABLE = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)


@pytest.fixture(scope="session")
def long(request):
    """Call it with a short and a long duration or count."""
    asked = request.config.getoption("--long")
    return lambda short, long: long if asked else short


@pytest.fixture(scope="session")
def taken():
    """Call it with a process id: its memory in MiB, threads and open files."""

    def taken(pid):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        memory = int(fields["VmRSS"].split()[0]) / 1024
        return {
            "MiB": round(memory, 1),
            "threads": int(fields["Threads"]),
            "files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        }

    return taken


class SteadyCamera:
    """Sends images from a thread; each has a stamp of its own, counted from 1."""

    def __init__(self, client, topic="image", size=(360, 480)):
        self.publisher = client.publisher(topic, Image, RELIABLE)
        self.sent = 0
        self._pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)

    def send(self):
        self.sent += 1
        header = Header(frame_id="camera")
        header.stamp.sec, header.stamp.nanosec = self.sent, 5
        self.publisher.publish(serialize(self._pixels, "rgb8", header))

    def run(self, rate, seconds, watch=lambda passed: None):
        """Send at a rate for so long; watch is called about each second."""
        end = Event()

        def work():
            due = time.monotonic()
            while not end.is_set():
                time.sleep(max(0.0, due - time.monotonic()))
                self.send()
                due = max(due + 1 / rate, time.monotonic() - 1)

        thread = Thread(target=work)
        begun = time.monotonic()
        thread.start()
        try:
            while (passed := time.monotonic() - begun) < seconds:
                time.sleep(min(1.0, seconds - passed))
                watch(passed)
        finally:
            end.set()
            thread.join()


@pytest.fixture
def steady_camera(client):
    return lambda *arguments, **more: SteadyCamera(client, *arguments, **more)
