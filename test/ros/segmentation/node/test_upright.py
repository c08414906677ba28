"""A camera mounted upside down, over real topics with the default weights."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import Image

from segnet_model.scenes import Drive

pytestmark = pytest.mark.ros


def message(pixels, number):
    height, width = pixels.shape[:2]
    found = Image(height=height, width=width, step=3 * width, encoding="rgb8")
    found.data = array("B", pixels.tobytes())
    found.header.frame_id = "camera_optical"
    found.header.stamp.sec, found.header.stamp.nanosec = 1000, number * 10**8
    return found


def test_upside_down_nothing_is_drivable_and_it_is_said(start_node, client):
    node = start_node(reliability="reliable", diagnostics_period=60.0, device="cpu")
    node.wait_for("ready")
    health = client.listen("/diagnostics", DiagnosticArray)
    drivable = client.listen("/segmentation/drivable", Image)
    publisher = client.publisher("image", Image)
    frames = [Drive(7105, fps=None, world="street").frame(i).image for i in range(3, 7)]
    for number, image in enumerate(frames):
        turned = np.ascontiguousarray(image[::-1, ::-1])
        last = client.exchange(publisher, message(turned, number), drivable)
    assert not any(last.data)
    said = health.next(lambda each: each.status[0].level == DiagnosticStatus.ERROR)
    assert "the images are upside down" in said.status[0].message
