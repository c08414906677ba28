"""Messages to arrays and back, against values that are written down or that OpenCV decodes."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
import pytest

pytest.importorskip("sensor_msgs")
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.base.errors import ImageError
from segnet_model.images.encodings import ENCODINGS
from segnet_ros.ros import image_conversion
from segnet_ros.ros.image_conversion import to_message, to_rgb

pytestmark = pytest.mark.ros

RED_THEN_BLUE = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)  # (1, 2, 3) RGB


def image(encoding, step, data, height=1, width=2, big_endian=False):
    return Image(
        height=height,
        width=width,
        encoding=encoding,
        step=step,
        is_bigendian=int(big_endian),
        data=array("B", data),
    )


@pytest.mark.parametrize(
    "message",
    [
        image("rgb8", 6, [255, 0, 0, 0, 0, 255]),
        image("bgr8", 6, [0, 0, 255, 255, 0, 0]),
        image("rgba8", 10, [255, 0, 0, 9, 0, 0, 255, 9, 7, 7]),  # two bytes of padding
        image("rgb16", 12, [9, 255, 9, 0, 9, 0, 9, 0, 9, 0, 9, 255]),
        image("rgb16", 12, [255, 9, 0, 9, 0, 9, 0, 9, 0, 9, 255, 9], big_endian=True),
    ],
    ids=lambda m: m.encoding,
)
def test_red_then_blue(message):
    np.testing.assert_array_equal(to_rgb(message), RED_THEN_BLUE)


def test_rgb8_is_a_view_of_the_message():
    message = image("rgb8", 6, [0] * 6)
    pixels = to_rgb(message)
    message.data[3] = 77
    assert pixels[0, 1, 0] == 77


def test_compressed_is_decoded_to_rgb():
    png = cv2.imencode(".png", RED_THEN_BLUE[..., ::-1])[1].tobytes()
    message = CompressedImage(format="png", data=array("B", png))
    np.testing.assert_array_equal(to_rgb(message), RED_THEN_BLUE)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (image("rgb8", 5, [0] * 6), "step 5"),
        (image("rgb8", 6, [0] * 5), "shorter"),
        (image("rgb8", 6, [0] * 7), "longer"),
        (image("rgb8", 0, [], width=0), "0x1"),
        (image("no such", 6, [0] * 6), "no such"),
        (image("32FC1", 8, [0] * 8), "32FC1"),
        (image("rgb8", 2**32 - 1, [0] * 6, 2**32 - 1, 2**32 - 1), "4294967295"),
        (CompressedImage(format="jpeg", data=array("B", b"\xff\xd8\xff\xe0 no jpeg")), "JPEG"),
    ],
)
def test_a_bad_message_is_refused_with_its_reason(message, text, monkeypatch):
    monkeypatch.setattr(image_conversion, "CvBridge", None)
    with pytest.raises(ImageError, match=text):
        to_rgb(message)


@pytest.mark.parametrize(
    ("pixels", "encoding", "step"),
    [
        (np.arange(6, dtype=np.uint8).reshape(2, 3), "mono8", 3),
        (np.arange(18, dtype=np.uint8).reshape(2, 3, 3), "rgb8", 9),
        (np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3), "32FC1", 12),
        (np.arange(24, dtype=np.uint8).reshape(4, 6)[::2, ::2], "mono8", 3),  # with gaps in memory
    ],
)
def test_array_to_message(pixels, encoding, step):
    header = Header(frame_id="camera")
    header.stamp.sec = 7
    message = to_message(pixels, encoding, header)
    assert message.header == header
    assert (message.height, message.width) == (2, 3)
    assert (message.encoding, message.step, message.is_bigendian) == (encoding, step, 0)
    assert bytes(message.data) == pixels.tobytes()


def test_a_sent_image_is_read_back_unchanged():
    sent = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    np.testing.assert_array_equal(to_rgb(to_message(sent, "rgb8", Header())), sent)


class FakeBridge:
    """Stands for cv_bridge, which knows encodings that this package does not."""

    def imgmsg_to_cv2(self, message, wanted):
        assert wanted == "rgb8"
        if message.encoding != "fancy":
            raise TypeError(f"[{message.encoding}] is not a recognized type")
        return RED_THEN_BLUE


def test_cv_bridge_decodes_unknown_encodings(monkeypatch):
    monkeypatch.setattr(image_conversion, "CvBridge", FakeBridge)
    np.testing.assert_array_equal(to_rgb(image("fancy", 1, [0])), RED_THEN_BLUE)
    with pytest.raises(ImageError, match=r"'odd'.*not a recognized type"):
        to_rgb(image("odd", 1, [0]))


@pytest.mark.parametrize("bridge", [None, FakeBridge])
@pytest.mark.parametrize("encoding", ["16UC1", "32FC1", "64FC1", "16SC1"])
def test_cv_bridge_gets_no_depth(encoding, bridge, monkeypatch):
    """It would make a picture of it."""
    monkeypatch.setattr(image_conversion, "CvBridge", bridge)
    with pytest.raises(ImageError, match="holds depth"):
        to_rgb(image(encoding, 2, [1, 2] * 1, height=1, width=1))


def test_cv_bridge_gets_no_image_of_impossible_size(monkeypatch):
    monkeypatch.setattr(image_conversion, "CvBridge", None)  # calling it would be an error
    huge = Image(height=2**31, width=2**31, encoding="strange64", step=0)
    with pytest.raises(ImageError, match="pixels cannot be"):
        image_conversion.by_cv_bridge(huge)


# Those that both name. Of nameless channels cv_bridge does not say which color they are.
OURS = ("nv12", "nv21", "nv24", "uyvy", "yuyv")
SHARED = sorted(name for name in ENCODINGS if not name[0].isdigit() and name not in OURS)


@pytest.mark.parametrize("encoding", SHARED)
def test_same_as_cv_bridge(encoding):
    pytest.importorskip("cv_bridge")
    kind = ENCODINGS[encoding]
    step = 16 * kind.channels * kind.depth
    data = np.random.default_rng(0).integers(0, 256, 8 * step, np.uint8)
    message = image(encoding, step, data.tobytes(), height=8, width=16)
    ours, theirs = to_rgb(message), image_conversion.by_cv_bridge(message)
    # A 16-bit sample may be rounded there and is cut here; Bayer edges are filled differently.
    difference = np.abs(ours.astype(int) - theirs)[2:-2, 2:-2]
    assert difference.max() <= 1
