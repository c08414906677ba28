"""The pipeline: which outputs are built, and how a failed network is reported."""

from __future__ import annotations

import gc
import time
from array import array
from contextlib import suppress
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
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.worker import Counts

pytestmark = pytest.mark.ros


class FakePredictor:
    """Stands for a predictor; raises the errors of `failures`."""

    info = SimpleNamespace(network="none", license="MIT")
    averages = False

    def __init__(self, answer=0):
        self.answer = answer
        self.alone = []  # images of no camera, as of the check that images are upright
        self.failures = []
        self.calls = []
        self.may_go_on = Event()
        self.may_go_on.set()

    def predict_each(self, images, captures):
        if captures[0].camera is None:
            self.alone.append(np.array(images[0]))
            return [self.segment(images[0].shape[:2])]
        self.calls.append([capture.camera for capture in captures])
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
        predictor=FakePredictor(), labels=LabelSet.load("camvid"), path="/w", sha256="0", bound=0.5
    )


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode("test", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)
    gc.collect()  # or its participant outlives it, and many at once may block each other


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
    pipeline = Pipeline(node, network, NodeSettings)
    pipeline.start()
    yield pipeline
    pipeline.destroy()


def observed(pipeline, name=""):
    """The observation of a camera."""
    return pipeline.observe(Observation("active"))[name]


def subscribe(node, name):
    node.create_subscription(Image, f"~/{name}", lambda message: None, 10)


def names(node):
    """Topics that the node publishes below its name."""
    return {p.topic_name for p in node.publishers if p.topic_name.startswith("/test/")}


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


@pytest.fixture
def send(publish):
    return lambda: publish("image", picture())


def test_only_outputs_with_subscribers_are_built(node, pipeline, spin, send, monkeypatch):
    built = []

    def build(name, answer, header):
        built.append(name)
        return Image()

    monkeypatch.setattr(outputs, "message", build)
    drivable = property(lambda answer: built.append("drivable area"))
    monkeypatch.setattr(Answer, "drivable", drivable)
    subscribe(node, "confidence")
    subscribe(node, "color")
    send()
    spin(lambda: pipeline.counts().processed == 1)
    assert sorted(built) == ["color", "confidence"]


def test_without_subscribers_frames_are_idle(pipeline, spin, send):
    send()
    spin(lambda: observed(pipeline).idle == 1)
    assert pipeline.counts() == Counts()
    assert observed(pipeline).timing is None


def test_a_failed_network_is_reported_and_answers_the_next_frame(
    node, pipeline, network, spin, send, capfd
):
    network.predictor.failures = [RuntimeError("out of memory: 7 GiB")]
    subscribe(node, "mask")
    send()
    spin(lambda: observed(pipeline).network_failures == 1)
    assert pipeline.counts() == Counts(received=1, reasons={"out of memory: # GiB": 1})
    assert observed(pipeline).timing is None
    logged = []  # which may come after the counts
    spin(lambda: logged.append(capfd.readouterr().err) or "7 GiB" in "".join(logged))
    assert "RuntimeError: out of memory: 7 GiB" in "".join(logged)
    assert "in predict" in "".join(logged)  # the trace
    send()
    spin(lambda: pipeline.counts().processed == 1)
    assert observed(pipeline).timing.total_ms >= observed(pipeline).timing.inference_ms > 0
    assert np.isnan(observed(pipeline).timing.latency_ms)  # the stamp was zero


@pytest.mark.parametrize("averages", [False, True])
def test_turned_copies_are_compared_with_an_answer_that_is_no_average(
    averages, node, pipeline, network, spin, send
):
    network.predictor.averages = averages
    subscribe(node, "mask")
    send()
    spin(lambda: pipeline.counts().processed == 1)
    looks = [each[0, :, 0].tolist() for each in network.predictor.alone]
    assert looks == [[1, 0], [0, 1]][: 1 + averages]  # the turned one, and the image itself


def test_an_unusable_answer_is_a_network_failure(node, pipeline, network, spin, send):
    network.predictor.failures = [AnswerError("the network's answer is not finite")]
    subscribe(node, "mask")
    send()
    spin(lambda: observed(pipeline).network_failures == 1)
    assert pipeline.counts().failed == 1


def test_only_the_newest_waiting_frame_is_segmented(node, pipeline, network, spin, send):
    subscribe(node, "mask")
    network.predictor.may_go_on.clear()
    for number in (1, 2, 3):
        send()
        spin(lambda number=number: pipeline.counts().received == number)
        spin(lambda: network.predictor.calls)  # the first is in work
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts() == Counts(received=3, processed=2, dropped=1))


def test_a_hung_network_is_not_called_by_a_second_thread(
    node, pipeline, network, spin, send, monkeypatch
):
    monkeypatch.setattr(pipeline_module, "STOP_TIMEOUT", 0.1)
    subscribe(node, "mask")
    network.predictor.may_go_on.clear()
    send()
    spin(lambda: network.predictor.calls)
    pipeline.stop()
    with pytest.raises(SegNetError, match="still works on an old frame; activate again"):
        pipeline.start()
    network.predictor.may_go_on.set()

    def starts():
        with suppress(SegNetError):
            pipeline.start()
            return True

    spin(starts)  # once the network has ended
    send()
    spin(lambda: pipeline.counts().processed == 1)


def test_a_start_resets_the_counts(pipeline, node, spin, send):
    subscribe(node, "mask")
    send()
    spin(lambda: pipeline.counts().processed == 1)
    pipeline.stop()
    pipeline.start()
    assert pipeline.counts() == Counts()
    assert observed(pipeline).health.silence < 5


class Published:
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
def published(monkeypatch):
    """Before the camera is made."""
    return Published(monkeypatch)


def other(path, answer, drivable):
    labels = LabelSet.load("camvid").with_drivable(drivable)
    return SimpleNamespace(
        predictor=FakePredictor(answer), labels=labels, path=path, sha256="1", bound=0.5
    )


def test_a_new_network_answers_the_next_frame_with_its_own_labels(
    node, published, pipeline, network, spin, send
):
    subscribe(node, "mask")
    network.predictor.may_go_on.clear()
    send()
    spin(lambda: network.predictor.calls)  # the first is in work
    pipeline.replace(other("/new", 7, ["Sky"]))
    assert (pipeline.network, pipeline.newest.path) == (network, "/new")
    send()
    spin(lambda: pipeline.counts().received == 2)
    assert published.all == [("map", "/w")]
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts().processed == 2)
    assert published.all == [
        ("map", "/w"),
        ("mask", 0, ["Road"]),
        ("map", "/new"),
        ("mask", 7, ["Sky"]),
    ]
    assert pipeline.network.path == "/new"


def test_a_network_is_replaced_without_frames(node, published, network):
    pipeline = Pipeline(node, network, NodeSettings)
    pipeline.replace(other("/inactive", 1, ["Road"]))
    pipeline.start()
    pipeline.replace(other("/active", 2, ["Road"]))
    assert published.all == [("map", "/w"), ("map", "/inactive"), ("map", "/active")]
    pipeline.destroy()


def test_destroyed_outputs_leave_no_publisher(node, network):
    before = names(node)
    made = Outputs(node, network, "~/front/")
    assert {f"/test/front/{name}" for name in messages.TYPES} <= names(node)
    made.destroy()
    assert names(node) == before


def test_outputs_that_fail_leave_no_publisher(node, network, monkeypatch):
    before = names(node)

    def fail(network, header):
        raise RuntimeError("no memory")

    monkeypatch.setattr(outputs, "latched", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        Outputs(node, network)
    assert names(node) == before


def test_reliability_applies_to_the_next_pipeline(node, network):
    for each in ("reliable", "best_effort", "reliable"):
        settings = NodeSettings(reliability=each, output_reliability=each)
        pipeline = Pipeline(node, network, lambda settings=settings: settings)
        pipeline.start()
        (requested,) = node.get_subscriptions_info_by_topic("/image")
        (offered,) = node.get_publishers_info_by_topic("/test/mask")
        assert requested.qos_profile.reliability.name.lower() == each
        assert offered.qos_profile.reliability.name.lower() == each
        pipeline.destroy()


CAMERAS = NodeSettings(cameras=("front", "left"))


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


def test_waiting_frames_of_several_cameras_are_one_batch(node, network, start, spin, publish):
    got = []
    for name in CAMERAS.cameras:
        node.create_subscription(Image, f"~/{name}/mask", got.append, 10)
    pipeline = start(CAMERAS)
    network.predictor.may_go_on.clear()
    publish("front/image", picture(stamp=1))
    spin(lambda: network.predictor.calls == [["front"]])
    publish("front/image", picture(stamp=2))
    spin(lambda: pipeline.counts("front").received == 2)
    publish("left/image", picture(width=3, stamp=3))
    publish("front/image", picture(stamp=4))
    spin(lambda: pipeline.counts("front").received == 3 and pipeline.counts("left").received == 1)
    network.predictor.may_go_on.set()
    spin(lambda: len(got) == 3)
    assert network.predictor.calls == [["front"], ["front", "left"]]
    assert {(m.header.stamp.sec, m.width) for m in got} == {(1, 2), (4, 2), (3, 3)}
    # A mask can arrive before the worker has counted it.
    spin(lambda: pipeline.counts("front") == Counts(received=3, processed=2, dropped=1))
    spin(lambda: pipeline.counts("left") == Counts(received=1, processed=1))
    assert observed(pipeline, "left").topic == "/left/image"


def test_a_silent_or_bad_camera_delays_no_other(node, network, start, spin, publish, capfd):
    for name in CAMERAS.cameras:
        subscribe(node, f"{name}/mask")
    pipeline = start(CAMERAS)
    for number in range(3):  # the left camera is silent
        publish("front/image", picture(stamp=number))
        spin(lambda number=number: pipeline.counts("front").processed == number + 1)
    network.predictor.may_go_on.clear()
    publish("front/image", picture(stamp=8))
    spin(lambda: len(network.predictor.calls) == 4)
    bad = picture(stamp=9)
    bad.step = 1
    publish("left/image", bad)
    publish("front/image", picture(stamp=9))
    spin(lambda: pipeline.counts("left").received == 1 and pipeline.counts("front").received == 5)
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts("left").failed == 1 and pipeline.counts("front").processed == 5)
    published = []
    spin(
        lambda: (
            published.append(capfd.readouterr().err)
            or "frame of left rejected" in "".join(published)
        )
    )
    assert "frame of left rejected: step 1 is shorter" in "".join(published)


def test_a_failed_batch_is_retried_for_each_camera(node, network, start, spin, publish):
    for name in CAMERAS.cameras:
        subscribe(node, f"{name}/mask")
    pipeline = start(CAMERAS)
    network.predictor.may_go_on.clear()
    publish("front/image", picture(stamp=1))
    spin(lambda: len(network.predictor.calls) == 1)
    for name in CAMERAS.cameras:
        publish(f"{name}/image", picture(stamp=2))
    spin(lambda: all(pipeline.counts(n).received == c for n, c in (("front", 2), ("left", 1))))
    # Together, then front alone; popped from the end, and the first image takes one as well.
    network.predictor.failures = [ImageError("not finite"), DeviceMemoryError("too little"), None]
    network.predictor.may_go_on.set()
    spin(lambda: pipeline.counts("left").processed == 1)
    assert network.predictor.calls[1:] == [["front", "left"], ["front"], ["left"]]
    assert pipeline.counts("front") == Counts(2, 1, 0, {"not finite": 1})


def test_frames_above_max_rate_are_skipped(node, start, spin, publish):
    subscribe(node, "mask")
    pipeline = start(NodeSettings(max_rate=0.01))
    for number in range(3):
        publish("image", picture())
        spin(lambda number=number: pipeline.counts().received + observed(pipeline).skipped > number)
    assert observed(pipeline).skipped == 2
    spin(lambda: pipeline.counts() == Counts(received=1, processed=1))


def test_a_disabled_node_is_idle(node, network, start, spin, publish):
    subscribe(node, "mask")
    pipeline = start(NodeSettings(enabled=False))
    publish("image", picture())
    spin(lambda: observed(pipeline).idle == 1)
    assert pipeline.counts() == Counts()
    assert network.predictor.calls == []


def test_a_failed_frame_does_not_wait(node, start, spin, publish):
    subscribe(node, "mask")
    pipeline = start(NodeSettings())
    bad = picture()
    bad.step = 1
    publish("image", bad)
    spin(lambda: pipeline.counts().failed == 1)
    spin(lambda: observed(pipeline).health.wait == 0.0)  # it is counted before it is reported


def test_a_grid_without_subscribers_has_no_reason(node, start, spin, publish):
    listener = node.create_subscription(OccupancyGrid, "~/drivable_grid", print, 10)
    pipeline = start(NodeSettings())
    publish("image", picture())
    spin(lambda: "no camera_info came" in observed(pipeline).grid_reason)
    node.destroy_subscription(listener)
    spin(lambda: observed(pipeline).grid_reason == "")


def test_output_size_scales_masks_and_camera_info(node, start, spin, publish):
    masks, infos = [], []
    node.create_subscription(Image, "~/mask", masks.append, 10)
    node.create_subscription(CameraInfo, "~/camera_info", infos.append, 10)
    start(NodeSettings(output_size=(4, 2)))
    info = CameraInfo(height=1, width=2, distortion_model="plumb_bob", d=[0.1] * 5)
    info.k = [10.0, 0.0, 0.5, 0.0, 20.0, 0.0, 0.0, 0.0, 1.0]
    info.p = [10.0, 0.0, 0.5, 3.0, 0.0, 20.0, 0.0, 4.0, 0.0, 0.0, 1.0, 0.0]
    publish("camera_info", info)
    for number in range(1, 50):  # the first may be answered before the calibration has come
        publish("image", picture(stamp=5))
        spin(lambda number=number: len(masks) == number)
        if infos:
            break
    spin(lambda: infos)
    assert infos[-1].header.stamp.sec == 5
    assert [(m.width, m.height, m.step) for m in masks] == [(4, 2, 4)] * len(masks)
    assert (infos[-1].width, infos[-1].height) == (4, 2)
    # Twice the size: a pixel's middle at u goes to 2 u + 1/2.
    assert infos[-1].k.tolist() == [20, 0, 1.5, 0, 40, 0.5, 0, 0, 1]
    assert infos[-1].p.tolist() == [20, 0, 1.5, 6, 0, 40, 0.5, 8, 0, 0, 1, 0]
    assert list(infos[-1].d) == [0.1] * 5


def test_a_second_publisher_of_an_output_is_named(node, start, spin):
    pipeline = start(NodeSettings())
    assert observed(pipeline).rivals == ""
    other = node.create_publisher(Image, "~/overlay", 1)
    spin(lambda: observed(pipeline).rivals)
    assert observed(pipeline).rivals == (
        "/test/overlay has 2 publishers, /test and /test, so that images are answered twice; give "
        "each node a name of its own, or stop one"
    )
    node.destroy_publisher(other)
    spin(lambda: not observed(pipeline).rivals)
