"""A calibration at another size, against what a camera of that size would see."""

import numpy as np
import pytest

pytest.importorskip("rclpy")
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header

from segnet_ros.segmentation.camera_info import scaled_info

pytestmark = pytest.mark.ros

POINT = np.array([0.3, -0.2, 2.0])  # metres, in the optical frame


def info():
    found = CameraInfo(height=480, width=640, distortion_model="plumb_bob", d=[0.1, 0.2, 0, 0, 0.0])
    found.k = [500.0, 0.0, 319.5, 0.0, 510.0, 239.5, 0.0, 0.0, 1.0]
    found.p = [490.0, 0.0, 310.0, 12.0, 0.0, 495.0, 230.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    return found


PART = RegionOfInterest(x_offset=64, y_offset=48, width=320, height=240, do_rectify=True)


def seen(matrix, columns):
    """Pixel coordinates whose origin is the image's corner, as shares of nothing else do."""
    x, y, z = np.reshape(matrix, (3, columns))[:, :3] @ POINT
    return np.array([x / z + 0.5, y / z + 0.5])


def test_a_point_is_seen_at_the_same_share_of_the_image():
    before, after = info(), scaled_info(info(), (120, 320), Header(frame_id="here"))
    assert (after.height, after.width, after.header.frame_id) == (120, 320, "here")
    share = np.array([640, 480]) / np.array([320, 120])
    for field, columns in (("k", 3), ("p", 4)):
        found = seen(getattr(after, field), columns) * share
        np.testing.assert_allclose(found, seen(getattr(before, field), columns))
    assert after.p[3] == 6.0  # the baseline of a stereo pair is in pixels too
    assert list(after.d) == list(before.d)  # of angles, which stay


def test_a_part_of_the_camera_and_binned_pixels_are_worked_in():
    before = info()
    before.roi, before.binning_x, before.binning_y = PART, 2, 2  # the image has 160x120 pixels
    after = scaled_info(before, (60, 40), Header())
    assert (after.width, after.height, after.binning_x, after.binning_y) == (40, 60, 0, 0)
    assert after.roi == RegionOfInterest(do_rectify=True)
    for field, columns in (("k", 3), ("p", 4)):
        there = seen(getattr(before, field), columns) - [PART.x_offset, PART.y_offset]
        found = seen(getattr(after, field), columns)
        np.testing.assert_allclose(found, there / [320 / 40, 240 / 60])


@pytest.mark.parametrize(
    ("roi", "binning", "size"),
    [
        (RegionOfInterest(), 0, (480, 640)),
        (RegionOfInterest(), 2, (240, 320)),
        (PART, 1, (240, 320)),
        (PART, 3, (80, 106)),
    ],
)
def test_the_size_of_the_image_changes_nothing_but_the_header(roi, binning, size):
    before = info()
    before.roi, before.binning_x, before.binning_y = roi, binning, binning
    after = scaled_info(before, size, Header(frame_id="here"))
    assert after.header.frame_id == "here"
    after.header = before.header
    assert after == before


def test_a_camera_that_tells_no_size_is_left_alone():
    assert scaled_info(CameraInfo(), (10, 20), Header()) == CameraInfo()
