"""One camera in this process: what is built for whom, and what happens when the network fails."""

from __future__ import annotations

import time
from array import array
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image

from segnet_model.labels import LabelSet
from segnet_model.segmentation import Segmentation
from segnet_ros import messages, outputs
from segnet_ros.camera import Camera
from segnet_ros.outputs import Outputs
from segnet_ros.parameters import Settings
from segnet_ros.worker import Counts

pytestmark = pytest.mark.ros


class Network:
    """Stands for a predictor; fails as often as it is told to."""

    info = SimpleNamespace(network="none", license="MIT")

    def __init__(self, answer=0):
        self.answer = answer
        self.failures = []
        self.stamps = []
        self.may_go_on = Event()
        self.may_go_on.set()

    def predict(self, pixels, stamp=None):
        self.stamps.append(stamp)
        assert self.may_go_on.wait(10)
        if self.failures:
            raise self.failures.pop()
        shape = pixels.shape[:2]
        certain = np.ones(shape, np.float32)
        return Segmentation(np.full(shape, self.answer, np.uint8), certain, 1 - certain)


@pytest.fixture
def engine():
    return SimpleNamespace(
        predictor=Network(), labels=LabelSet.load("camvid"), path="/w", sha256="0"
    )


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode("test", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.fixture
def spin(node):
    """Call it to spin until a condition holds."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)

    def until(condition):
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end
            executor.spin_once(timeout_sec=0.05)

    yield until
    executor.shutdown()


@pytest.fixture
def camera(node, engine):
    camera = Camera(node, engine, Settings)
    camera.start()
    yield camera
    camera.destroy()


def listen(node, name):
    node.create_subscription(Image, f"~/{name}", lambda message: None, 10)


def names(node):
    """Topics that the node publishes below its name."""
    return {p.topic_name for p in node.publishers if p.topic_name.startswith("/test/")}


@pytest.fixture
def send(node, spin):
    publisher = node.create_publisher(Image, "image", 1)

    def send():
        spin(lambda: publisher.get_subscription_count() > 0)
        publisher.publish(
            Image(height=1, width=2, step=2, encoding="mono8", data=array("B", [1, 2]))
        )

    return send


def test_only_what_is_listened_to_is_built(node, camera, spin, send, monkeypatch):
    built = []

    def build(name):
        return lambda frame: built.append(name) or Image()

    monkeypatch.setattr(outputs, "IMAGES", {name: build(name) for name in messages.IMAGES})
    drivable = property(lambda frame: built.append("drivable area"))
    monkeypatch.setattr(messages.Frame, "drivable", drivable)
    listen(node, "confidence")
    listen(node, "color")
    send()
    spin(lambda: camera.counts.processed == 1)
    assert sorted(built) == ["color", "confidence"]


def test_nobody_listens(camera, spin, send):
    send()
    spin(lambda: camera.idle == 1)
    assert camera.counts == Counts()
    assert camera.timing is None


def test_a_network_that_fails_is_told_from_a_bad_frame_and_the_next_frame_comes(
    node, camera, engine, spin, send, capfd
):
    engine.predictor.failures = [RuntimeError("out of memory: 7 GiB")]
    listen(node, "mask")
    send()
    spin(lambda: camera.broken == 1)
    assert camera.counts == Counts(received=1, reasons={"out of memory: # GiB": 1})
    assert camera.timing is None
    said = capfd.readouterr().err
    assert "out of memory: 7 GiB" in said
    assert "in predict" in said  # where, for whoever has to mend it
    send()
    spin(lambda: camera.counts.processed == 1)
    assert camera.timing.total_ms >= camera.timing.inference_ms > 0
    assert np.isnan(camera.timing.latency_ms)  # the stamp was zero


def test_of_the_frames_that_wait_only_the_newest_is_segmented(node, camera, engine, spin, send):
    listen(node, "mask")
    engine.predictor.may_go_on.clear()
    for number in (1, 2, 3):
        send()
        spin(lambda number=number: camera.counts.received == number)
        time.sleep(0.05)  # so that the first is in work
    engine.predictor.may_go_on.set()
    spin(lambda: camera.counts == Counts(received=3, processed=2, dropped=1))


def test_counts_start_anew(camera, node, spin, send):
    listen(node, "mask")
    send()
    spin(lambda: camera.counts.processed == 1)
    camera.stop()
    camera.start()
    assert camera.counts == Counts()
    assert camera.silence < 5


class Said:
    """What is published, in order: class maps by their weights, masks by their class."""

    def __init__(self, monkeypatch):
        self.all = []
        monkeypatch.setattr(outputs, "about", self._about)
        monkeypatch.setattr(outputs.Outputs, "publish_images", self._publish)

    def _about(self, engine, header):
        self.all.append(("map", engine.path))
        return {}

    def _publish(self, frame, wanted):
        drivable = [c.name for c in frame.labels.classes if c.drivable]
        self.all.append(("mask", int(frame.segmentation.labels[0, 0]), drivable))


@pytest.fixture
def said(monkeypatch):
    """Before the camera is made."""
    return Said(monkeypatch)


def other(path, answer, drivable):
    labels = LabelSet.load("camvid").with_drivable(drivable)
    return SimpleNamespace(predictor=Network(answer), labels=labels, path=path, sha256="1")


def test_another_network_answers_from_the_next_frame_on_with_its_own_labels(
    node, said, camera, engine, spin, send
):
    listen(node, "mask")
    engine.predictor.may_go_on.clear()
    send()
    spin(lambda: engine.predictor.stamps)  # the first is in work
    camera.replace(other("/new", 7, ["Sky"]))
    assert (camera.engine, camera.newest.path) == (engine, "/new")
    send()
    spin(lambda: camera.counts.received == 2)
    assert said.all == [("map", "/w")]
    engine.predictor.may_go_on.set()
    spin(lambda: camera.counts.processed == 2)
    assert said.all == [
        ("map", "/w"),
        ("mask", 0, ["Road"]),
        ("map", "/new"),
        ("mask", 7, ["Sky"]),
    ]
    assert camera.engine.path == "/new"


def test_a_network_is_replaced_although_no_frame_comes(node, said, engine):
    camera = Camera(node, engine, Settings)
    camera.replace(other("/inactive", 1, ["Road"]))
    camera.start()
    camera.replace(other("/active", 2, ["Road"]))
    assert said.all == [("map", "/w"), ("map", "/inactive"), ("map", "/active")]
    camera.destroy()


def test_the_outputs_leave_nothing(node, engine):
    before = names(node)
    made = Outputs(node, engine, "~/front/")
    assert {f"/test/front/{name}" for name in messages.TYPES} <= names(node)
    made.destroy()
    assert names(node) == before


def test_outputs_that_cannot_all_be_made_leave_nothing(node, engine, monkeypatch):
    before = names(node)

    def fail(engine, header):
        raise RuntimeError("no memory")

    monkeypatch.setattr(outputs, "about", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        Outputs(node, engine)
    assert names(node) == before
