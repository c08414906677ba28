"""The calibration is looked for where image_transport has it."""

from __future__ import annotations

import pytest

from segnet_model.base.topics import info_topic


@pytest.mark.parametrize(
    ("topic", "info"),
    [
        ("/camera/image_raw", "/camera/camera_info"),
        ("/camera/image_raw/compressed", "/camera/camera_info"),
        ("/camera/image_raw/ffmpeg", "/camera/camera_info"),
        ("/left/camera/image", "/left/camera/camera_info"),
        ("/image", "/camera_info"),
        ("left/image", "left/camera_info"),
        ("image", "camera_info"),
    ],
)
def test_the_calibration_is_beside_the_images(topic: str, info: str) -> None:
    assert info_topic(topic) == info
