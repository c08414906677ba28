"""A camera mounted upside down or on its side, over real topics with the default weights."""

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


@pytest.mark.parametrize(
    ("turn", "text"),
    [(2, "the images are upside down"), (1, "the camera lies on its side"), (3, "on its side")],
)
def test_not_upright_nothing_is_drivable_and_it_is_said(start_node, client, turn, text):
    node = start_node(reliability="reliable", diagnostics_period=0.5, device="cpu")
    node.wait_for("ready")
    health = client.listen("/diagnostics", DiagnosticArray)
    drivable = client.listen("/segmentation/drivable", Image)
    publisher = client.publisher("image", Image)
    frames = [Drive(7105, fps=None, world="street").frame(i).image for i in range(3, 7)]
    for number in range(12):
        turned = np.ascontiguousarray(np.rot90(frames[number % len(frames)], -turn))
        last = client.exchange(publisher, message(turned, number), drivable)
    assert not any(last.data)
    # On its side, the place may look strange before.
    said = health.next(lambda each: text in each.status[0].message)
    assert said.status[0].level == DiagnosticStatus.ERROR
