"""The live page shows the outputs of the real node, which works only while somebody looks."""

from __future__ import annotations

import asyncio
import re

import cv2
import numpy as np
import pytest

pytest.importorskip("aiohttp")

from live_stream import stream
from sensor_msgs.msg import CameraInfo, Image

pytestmark = pytest.mark.ros


@pytest.fixture
def port(programs):
    process = programs.fork("segnet_ros.live.program", "--port", "0")
    yield int(re.search(r":(\d+)\s", process.stdout.readline())[1])
    process.end()


def test_it_shows_what_the_node_publishes(client, start_node, networks, wait, port):
    node = start_node(weights=networks[3], camera_height=1.2, camera_pitch=0.6)  # no sky
    node.wait_for("ready")
    camera = client.publisher("image", Image)
    calibration = client.publisher("camera_info", CameraInfo)
    k = [80.0, 0.0, 48.0, 0.0, 80.0, 32.0, 0.0, 0.0, 1.0]
    image = Image(height=64, width=96, encoding="rgb8", step=96 * 3, data=bytes(64 * 96 * 3))

    def drive():
        calibration.publish(CameraInfo(height=64, width=96, k=k, distortion_model="plumb_bob"))
        camera.publish(image)

    async def check():
        async with stream(port) as browser:
            needed = {"overlay", "grid", "stats", "diagnostics"}
            await browser.until(lambda: browser.views.keys() >= needed, drive)
            await browser.until(lambda: not browser.state["problem"], drive)
            return browser.views

    views = asyncio.run(check())
    overlay = cv2.imdecode(np.frombuffer(views["overlay"][1], np.uint8), cv2.IMREAD_COLOR)
    assert overlay.shape == (64, 96, 3)
    about, cells = views["grid"]
    assert about["frame"] == "base_link"
    assert 0 in np.frombuffer(cells, np.int8)  # these weights see road everywhere
    assert views["stats"][0]["drivable_fraction"] > 0.5
    name = views["diagnostics"][0]["status"][0]["name"]
    assert name == "segmentation: segmentation"
