"""live:=true starts the page beside the node."""

import socket
import time
import urllib.request

import pytest

pytest.importorskip("launch.launch_description_sources")  # ROS's, not our folder of that name
pytest.importorskip("aiohttp", reason="pip install 'segnet_ros[live]'")

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(120)]


def test_the_page_of_a_robot_is_served(start, folder):

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
    launch = start(
        "segnet.launch.py", "live:=true", f"live_port:={port}", "namespace:=robot1",
        f"weights:={folder / 'tiny.safetensors'}",
    )  # fmt: skip
    until = time.monotonic() + 60
    while True:
        assert launch.poll() is None, "the launch ended"
        assert time.monotonic() < until, "no page came"
        try:
            page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).read().decode()
            break
        except OSError:
            time.sleep(0.2)
    assert "<html" in page.lower()
