"""A camera's messages become frames, decoded when their turn comes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("rclpy")
import rclpy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.driving.calibration import InfoCheck
from segnet_ros.ros import transports as module
from segnet_ros.ros.image_conversion import parse
from segnet_ros.ros.transports import TRANSPORTS, Decoded, Transport
from segnet_ros.segmentation.input import Input
from segnet_ros.segmentation.settings import NodeSettings

pytestmark = pytest.mark.ros

WAIT = 10.0  # seconds, after which a test has failed


class Sum:
    """Decodes a format of differences: each message is added to the sum of those before."""

    def __init__(self, report):
        self.sum = np.zeros((1, 2, 3), np.uint8)
        self.thread = ThreadPoolExecutor(1)

    def __call__(self, data):
        return self.thread.submit(self.decode, data).result

    def decode(self, data):
        time.sleep(0.01)
        step = bytes(parse(data, CompressedImage).data)
        if not step:
            raise ImageError("a difference without a number")
        self.sum = self.sum + np.uint8(step[0])
        return Decoded(Header(), self.sum)


class Camera:
    """A started input, and a publisher of its topic."""

    def __init__(self, node, settings, kind):
        self.node, self.frames, self.subscribed = node, [], True
        self.input = Input(node, "", lambda: settings, self.wanted, self.frames.append)
        self.input.start()
        self.publisher = node.create_publisher(kind, "image", 10)
        self.until(lambda: self.publisher.get_subscription_count())

    def wanted(self):
        return frozenset({"mask"} if self.subscribed else ())

    def send(self, message):
        """Publish, and wait until it has come."""
        before = len(self.frames) + self.input.idle
        self.publisher.publish(message)
        self.until(lambda: len(self.frames) + self.input.idle > before)

    def until(self, condition):
        end = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < end
            rclpy.spin_once(self.node, timeout_sec=0.05)


def test_a_dropped_image_is_never_decoded(new_node, monkeypatch):
    decoded = []
    monkeypatch.setattr(module, "to_rgb", lambda message, bits: decoded.append(message.width))
    camera = Camera(new_node("input"), NodeSettings(reliability="reliable"), Image)
    for width in (1, 2, 3):
        camera.send(Image(height=1, width=width, step=width, data=bytes(width)))
    assert len(camera.frames) == 3
    assert decoded == []
    camera.frames[-1].decode()
    assert decoded == [3]


def test_decoding_a_bad_image_raises_the_reason(new_node):
    camera = Camera(new_node("input"), NodeSettings(reliability="reliable"), Image)
    camera.send(Image(height=1, width=4, step=1, encoding="mono8"))
    with pytest.raises(ImageError, match="step 1 is shorter"):
        camera.frames[0].decode()


def test_a_camera_of_twelve_bits_is_named_once(new_node, monkeypatch):
    said = []
    monkeypatch.setattr(Input, "_report", lambda self, text: said.append(f"{self.topic}: {text}"))
    camera = Camera(new_node("input"), NodeSettings(reliability="reliable"), Image)
    samples = np.array([[0, 2048, 4095]], "<u2")
    for _ in range(2):
        camera.send(Image(height=1, width=3, step=6, encoding="mono16", data=samples.tobytes()))
        np.testing.assert_array_equal(camera.frames[-1].decode().image[..., 0], [[0, 128, 255]])
    assert said == [
        "/image: all 16-bit samples are below 4096: they are read as 12 bits, until a "
        "larger one comes"
    ]


def test_calibrations_of_two_cameras_are_refused(new_node):
    node = new_node("input")
    camera = Camera(node, NodeSettings(), Image)
    publishers = [node.create_publisher(CameraInfo, "camera_info", 10) for _ in "ab"]
    camera.until(lambda: all(each.get_subscription_count() for each in publishers))
    for _ in range(3):
        for width, publisher in enumerate(publishers, 640):
            publisher.publish(CameraInfo(width=width, height=480))
            camera.until(lambda: camera.input.info and camera.input.info.width == width)  # noqa: B023
    with pytest.raises(SettingsError, match="several cameras"):
        camera.input.check_info()


def test_a_calibration_is_judged_before_the_worker_may_use_it(new_node, monkeypatch):
    camera, used = Camera(new_node("input"), NodeSettings(), Image), []
    monkeypatch.setattr(InfoCheck, "add", lambda *_: used.append(camera.input.info))
    camera.input._receive_info(CameraInfo(width=640))
    assert used == [None]
    assert camera.input.info.width == 640


def test_a_stateful_decoder_gets_every_message(new_node, monkeypatch):
    monkeypatch.setitem(TRANSPORTS, "sum", Transport(CompressedImage, Sum))
    camera = Camera(
        new_node("input"), NodeSettings(transport="sum", reliability="reliable"), CompressedImage
    )
    for number in (1, 2, 3, None, 5):
        camera.subscribed = number != 2  # that one is idle
        camera.send(CompressedImage(data=[] if number is None else [number]))
    assert (len(camera.frames), camera.input.idle) == (4, 1)
    assert camera.frames[3].decode().image.max() == 1 + 2 + 3 + 5
    with pytest.raises(ImageError, match="without a number"):
        camera.frames[2].decode()
    assert camera.frames[0].decode().image.max() == 1


def test_every_start_makes_a_new_decoder(new_node, monkeypatch):
    monkeypatch.setitem(TRANSPORTS, "sum", Transport(CompressedImage, Sum))
    camera = Camera(
        new_node("input"), NodeSettings(transport="sum", reliability="reliable"), CompressedImage
    )
    camera.send(CompressedImage(data=[7]))
    camera.input.stop()
    camera.input.start()
    camera.until(lambda: camera.publisher.get_subscription_count() == 1)
    camera.send(CompressedImage(data=[1]))
    assert camera.frames[-1].decode().image.max() == 1
