"""The way of a frame: what is built for whom, and what happens when the network fails."""

from __future__ import annotations

import time
from array import array
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")
import rclpy
from nav_msgs.msg import OccupancyGrid
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CameraInfo, Image

from segnet_model.base.errors import AnswerError, DeviceMemoryError, ImageError, SegNetError
from segnet_model.inference.answer import Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_ros.segmentation import messages, outputs
from segnet_ros.segmentation import pipeline as pipeline_module
from segnet_ros.segmentation.diagnostics import Observation
from segnet_ros.segmentation.outputs import Outputs
from segnet_ros.segmentation.pipeline import Pipeline
from segnet_ros.segmentation.settings import Settings
from segnet_ros.segmentation.worker import Counts

pytestmark = pytest.mark.ros


class FakePredictor:
    """Stands for a predictor; fails as often as it is told to."""

    info = SimpleNamespace(network="none", license="MIT")

    def __init__(self, answer=0):
        self.answer = answer
        self.failures = []
        self.asked = []
        self.may_go_on = Event()
        self.may_go_on.set()

    def predict_each(self, images, captures):
        self.asked.append([capture.camera for capture in captures])
        assert self.may_go_on.wait(10)
        if self.failures and (failure := self.failures.pop()):
            raise failure
        return [self.segment(image.shape[:2]) for image in images]

    def segment(self, shape):
        certain = np.ones(shape, np.float32)
        return Segmentation(np.full(shape, self.answer, np.uint8), certain, 1 - certain)


@pytest.fixture
def network():
    return SimpleNamespace(
        predictor=FakePredictor(), labels=LabelSet.load("camvid"), path="/w", sha256="0"
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
def pipeline(node, network):
    pipeline = Pipeline(node, network, Settings)
    pipeline.start()
    yield pipeline
    pipeline.destroy()


def seen(pipeline, name=""):
    """What is told of a camera."""
    return pipeline.observe(Observation("active"))[name]


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


def test_only_what_is_listened_to_is_built(node, pipeline, spin, send, monkeypatch):
    built = []

    def build(name, answer, header):
        built.append(name)
        return Image()

    monkeypatch.setattr(outputs, "message", build)
    drivable = property(lambda answer: built.append("drivable area"))
    monkeypatch.setattr(Answer, "drivable", drivable)
    listen(node, "confidence")
    listen(node, "color")
    send()
    spin(lambda: pipeline.counts().processed == 1)
    assert sorted(built) == ["color", "confidence"]


def test_nobody_listens(pipeline, spin, send):
    send()
    spin(lambda: seen(pipeline).idle == 1)
    assert pipeline.counts() == Counts()
    assert seen(pipeline).timing is None


def test_a_network_that_fails_is_told_from_a_bad_frame_and_the_next_frame_comes(
    node, pipeline, network, spin, send, capfd
):
    network.predictor.failures = [RuntimeError("out of memory: 7 GiB")]
    listen(node, "mask")
    send()
    spin(lambda: seen(pipeline).network_failures == 1)
    assert pipeline.counts() == Counts(received=1, reasons={"out of memory: # GiB": 1})
    assert seen(pipeline).timing is None
    said = capfd.readouterr().err
    assert "out of memory: 7 GiB" in said
    assert "in predict" in said  # where, for whoever has to mend it
    send()
    spin(lambda: pipeline.counts().processed == 1)
    assert seen(pipeline).timing.total_ms >= seen(pipeline).timing.inference_ms > 0
    assert np.isnan(seen(pipeline).timing.latency_ms)  # the stamp was zero


def test_an_answer_that_is_none_is_the_networks_fault(node, pipeline, network, spin, send):
    network.predictor.failures = [AnswerError("the network's answer is not finite")]
    listen(node, "mask")
    send()
    spin(lambda: seen(pipeline).network_failures == 1)
    assert pipeline.counts().failed == 1


def test_of_the_frames_that_wait_only_the_newest_is_segmented(node, pipeline, network, spin, send):
    listen(node, "mask")
    network.predictor.may_go_on.clear()
    for number in (1, 2, 3):
        send()
        spin(lambda number=number: pipeline.counts().received == number)
        time.sleep(0.05)  # so that the first is in work
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts() == Counts(received=3, processed=2, dropped=1))


def test_a_network_that_hangs_is_not_asked_by_two_threads(
    node, pipeline, network, spin, send, monkeypatch
):
    monkeypatch.setattr(pipeline_module, "STOP_TIMEOUT", 0.1)
    listen(node, "mask")
    network.predictor.may_go_on.clear()
    send()
    spin(lambda: network.predictor.asked)
    pipeline.stop()
    with pytest.raises(SegNetError, match="still works on an image of before; activate again"):
        pipeline.start()
    network.predictor.may_go_on.set()
    time.sleep(0.1)
    pipeline.start()
    send()
    spin(lambda: pipeline.counts().processed == 1)


def test_counts_start_anew(pipeline, node, spin, send):
    listen(node, "mask")
    send()
    spin(lambda: pipeline.counts().processed == 1)
    pipeline.stop()
    pipeline.start()
    assert pipeline.counts() == Counts()
    assert seen(pipeline).signs.silence < 5


class Said:
    """What is published, in order: class maps by their weights, masks by their class."""

    def __init__(self, monkeypatch):
        self.all = []
        monkeypatch.setattr(outputs, "latched", self._about)
        monkeypatch.setattr(outputs.Outputs, "publish", self._publish)

    def _about(self, network, header):
        self.all.append(("map", network.path))
        return {}

    def _publish(self, answer, header, wanted):
        drivable = [c.name for c in answer.labels.classes if c.drivable]
        self.all.append(("mask", int(answer.segmentation.labels[0, 0]), drivable))


@pytest.fixture
def said(monkeypatch):
    """Before the camera is made."""
    return Said(monkeypatch)


def other(path, answer, drivable):
    labels = LabelSet.load("camvid").with_drivable(drivable)
    return SimpleNamespace(predictor=FakePredictor(answer), labels=labels, path=path, sha256="1")


def test_another_network_answers_from_the_next_frame_on_with_its_own_labels(
    node, said, pipeline, network, spin, send
):
    listen(node, "mask")
    network.predictor.may_go_on.clear()
    send()
    spin(lambda: network.predictor.asked)  # the first is in work
    pipeline.replace(other("/new", 7, ["Sky"]))
    assert (pipeline.network, pipeline.newest.path) == (network, "/new")
    send()
    spin(lambda: pipeline.counts().received == 2)
    assert said.all == [("map", "/w")]
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts().processed == 2)
    assert said.all == [
        ("map", "/w"),
        ("mask", 0, ["Road"]),
        ("map", "/new"),
        ("mask", 7, ["Sky"]),
    ]
    assert pipeline.network.path == "/new"


def test_a_network_is_replaced_although_no_frame_comes(node, said, network):
    pipeline = Pipeline(node, network, Settings)
    pipeline.replace(other("/inactive", 1, ["Road"]))
    pipeline.start()
    pipeline.replace(other("/active", 2, ["Road"]))
    assert said.all == [("map", "/w"), ("map", "/inactive"), ("map", "/active")]
    pipeline.destroy()


def test_the_outputs_leave_nothing(node, network):
    before = names(node)
    made = Outputs(node, network, "~/front/")
    assert {f"/test/front/{name}" for name in messages.TYPES} <= names(node)
    made.destroy()
    assert names(node) == before


def test_outputs_that_cannot_all_be_made_leave_nothing(node, network, monkeypatch):
    before = names(node)

    def fail(network, header):
        raise RuntimeError("no memory")

    monkeypatch.setattr(outputs, "latched", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        Outputs(node, network)
    assert names(node) == before


def test_another_reliability_applies_when_it_is_configured_anew(node, network):
    for each in ("reliable", "best_effort", "reliable"):
        settings = Settings(reliability=each, output_reliability=each)
        pipeline = Pipeline(node, network, lambda settings=settings: settings)
        pipeline.start()
        (asked,) = node.get_subscriptions_info_by_topic("/image")
        (offered,) = node.get_publishers_info_by_topic("/test/mask")
        assert asked.qos_profile.reliability.name.lower() == each
        assert offered.qos_profile.reliability.name.lower() == each
        pipeline.destroy()


CAMERAS = Settings(cameras=("front", "left"))


@pytest.fixture
def start(node, network):
    """Call it to start a pipeline with some settings, which a test may change."""
    made = []

    def start(settings):
        made.append(Pipeline(node, network, lambda: settings))
        node.trigger_configure()
        node.trigger_activate()  # which opens the outputs
        made[-1].start()
        return made[-1]

    yield start
    for pipeline in made:
        pipeline.destroy()


def picture(width=2, stamp=0):
    message = Image(height=1, width=width, step=width, encoding="mono8")
    message.data = array("B", range(width))
    message.header.stamp.sec = stamp
    return message


@pytest.fixture
def publish(node, spin):
    """Call it to send a message once all topics that are listened to have found their listeners."""
    publishers = {}

    def found(subscription):
        ours = [p for p in node.publishers if p.topic_name == subscription.topic_name]
        return all(publisher.get_subscription_count() for publisher in ours)

    def publish(topic, message):
        if topic not in publishers:
            publishers[topic] = node.create_publisher(type(message), topic, 1)
        spin(lambda: publishers[topic].get_subscription_count() > 0)
        spin(lambda: all(found(subscription) for subscription in node.subscriptions))
        publishers[topic].publish(message)

    return publish


def test_what_waits_of_several_cameras_is_answered_together(node, network, start, spin, publish):
    got = []
    for name in CAMERAS.cameras:
        node.create_subscription(Image, f"~/{name}/mask", got.append, 10)
    pipeline = start(CAMERAS)
    network.predictor.may_go_on.clear()
    publish("front/image", picture(stamp=1))
    spin(lambda: network.predictor.asked == [["front"]])
    publish("front/image", picture(stamp=2))
    spin(lambda: pipeline.counts("front").received == 2)
    publish("left/image", picture(width=3, stamp=3))
    publish("front/image", picture(stamp=4))
    spin(lambda: pipeline.counts("front").received == 3 and pipeline.counts("left").received == 1)
    network.predictor.may_go_on.set()
    spin(lambda: len(got) == 3)
    assert network.predictor.asked == [["front"], ["front", "left"]]
    assert {(m.header.stamp.sec, m.width) for m in got} == {(1, 2), (4, 2), (3, 3)}
    assert pipeline.counts("front") == Counts(received=3, processed=2, dropped=1)
    assert pipeline.counts("left") == Counts(received=1, processed=1)
    assert seen(pipeline, "left").topic == "/left/image"


def test_a_camera_that_stalls_or_sends_rubbish_holds_up_none(
    node, network, start, spin, publish, capfd
):
    for name in CAMERAS.cameras:
        listen(node, f"{name}/mask")
    pipeline = start(CAMERAS)
    for number in range(3):  # the left one says nothing
        publish("front/image", picture(stamp=number))
        spin(lambda number=number: pipeline.counts("front").processed == number + 1)
    network.predictor.may_go_on.clear()
    publish("front/image", picture(stamp=8))
    spin(lambda: len(network.predictor.asked) == 4)
    rubbish = picture(stamp=9)
    rubbish.step = 1
    publish("left/image", rubbish)
    publish("front/image", picture(stamp=9))
    spin(lambda: pipeline.counts("left").received == 1 and pipeline.counts("front").received == 5)
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts("left").failed == 1 and pipeline.counts("front").processed == 5)
    said = []
    spin(lambda: said.append(capfd.readouterr().err) or "frame of left dropped" in "".join(said))
    assert "frame of left dropped: step 1 is shorter" in "".join(said)


def test_no_camera_pays_for_what_the_network_cannot_do_together(
    node, network, start, spin, publish
):
    for name in CAMERAS.cameras:
        listen(node, f"{name}/mask")
    pipeline = start(CAMERAS)
    network.predictor.may_go_on.clear()
    publish("front/image", picture(stamp=1))
    spin(lambda: len(network.predictor.asked) == 1)
    for name in CAMERAS.cameras:
        publish(f"{name}/image", picture(stamp=2))
    spin(lambda: all(pipeline.counts(n).received == c for n, c in (("front", 2), ("left", 1))))
    # Together, then front alone; popped from the end, and the first image takes one as well.
    network.predictor.failures = [ImageError("not finite"), DeviceMemoryError("too little"), None]
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts("left").processed == 1)
    assert network.predictor.asked[1:] == [["front", "left"], ["front"], ["left"]]
    assert pipeline.counts("front") == Counts(2, 1, 0, {"not finite": 1})


def test_no_more_than_max_rate_is_looked_at(node, start, spin, publish):
    listen(node, "mask")
    pipeline = start(Settings(max_rate=0.01))
    for number in range(3):
        publish("image", picture())
        spin(lambda number=number: pipeline.counts().received + seen(pipeline).skipped > number)
    assert seen(pipeline).skipped == 2
    spin(lambda: pipeline.counts() == Counts(received=1, processed=1))


def test_a_node_that_is_disabled_rests(node, network, start, spin, publish):
    listen(node, "mask")
    pipeline = start(Settings(enabled=False))
    publish("image", picture())
    spin(lambda: seen(pipeline).idle == 1)
    assert pipeline.counts() == Counts()
    assert network.predictor.asked == []


def test_a_frame_that_fails_is_not_waited_for(node, start, spin, publish):
    listen(node, "mask")
    pipeline = start(Settings())
    rubbish = picture()
    rubbish.step = 1
    publish("image", rubbish)
    spin(lambda: pipeline.counts().failed == 1)
    assert seen(pipeline).signs.wait == 0.0


def test_no_grid_is_missed_once_nobody_listens_to_it(node, start, spin, publish):
    listener = node.create_subscription(OccupancyGrid, "~/drivable_grid", print, 10)
    pipeline = start(Settings())
    publish("image", picture())
    spin(lambda: "no camera_info came" in seen(pipeline).grid_reason)
    node.destroy_subscription(listener)
    spin(lambda: seen(pipeline).grid_reason == "")


def test_masks_of_another_size_with_a_camera_info_that_fits(node, start, spin, publish):
    masks, infos = [], []
    node.create_subscription(Image, "~/mask", masks.append, 10)
    node.create_subscription(CameraInfo, "~/camera_info", infos.append, 10)
    start(Settings(output_size=(4, 2)))
    info = CameraInfo(height=1, width=2, distortion_model="plumb_bob", d=[0.1] * 5)
    info.k = [10.0, 0.0, 0.5, 0.0, 20.0, 0.0, 0.0, 0.0, 1.0]
    info.p = [10.0, 0.0, 0.5, 3.0, 0.0, 20.0, 0.0, 4.0, 0.0, 0.0, 1.0, 0.0]
    publish("camera_info", info)
    publish("image", picture(stamp=5))
    spin(lambda: masks and infos)
    assert infos[-1].header.stamp.sec == 5
    assert [(m.width, m.height, m.step) for m in masks] == [(4, 2, 4)] * len(masks)
    assert (infos[-1].width, infos[-1].height) == (4, 2)
    # Twice the size: a pixel's middle at u goes to 2 u + 1/2.
    assert infos[-1].k.tolist() == [20, 0, 1.5, 0, 40, 0.5, 0, 0, 1]
    assert infos[-1].p.tolist() == [20, 0, 1.5, 6, 0, 40, 0.5, 8, 0, 0, 1, 0]
    assert list(infos[-1].d) == [0.1] * 5
