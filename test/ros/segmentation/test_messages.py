"""Messages about an answer and a network, against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from segnet_model.base.tables import AnswerSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet, SegmentationClass
from segnet_ros.segmentation import messages
from segnet_ros.segmentation.messages import TYPES, Timing
from segnet_ros.segmentation.worker import Counts

pytestmark = pytest.mark.ros

RED, GREEN = (255, 0, 0), (0, 255, 0)
LABELS = LabelSet(
    "two", (SegmentationClass("wall", RED), SegmentationClass("road", GREEN, drivable=True)), 9
)


HEADER = Header(frame_id="camera")
HEADER.stamp.sec, HEADER.stamp.nanosec = 3, 4


@pytest.fixture
def answer():
    found = Segmentation(
        labels=np.array([[0, 0, 0, 0], [1, 1, 1, 1]], np.uint8),
        confidence=np.array([[1.0, 0.5, 0.5, 0.502], [0.998, 0.9, 0.9, 0.7]], np.float32),
        uncertainty=np.array([[0.0, 1.0, 1.0, 1.0], [0.1, 0.2, 0.2, 0.9]], np.float32),
    )
    image = np.full((2, 4, 3), 100, np.uint8)
    settings = AnswerSettings(overlay_alpha=0.25, overlay_legend=False, drivable_min_area=0.0)
    return Answer(image, found, LABELS, settings)


def built(name, answer):
    """The message of a topic, deserialized."""
    message = messages.message(name, answer, HEADER)
    return deserialize_message(message, TYPES[name]) if isinstance(message, bytes) else message


def pixels(message, dtype=np.uint8, channels=()):
    array = np.frombuffer(message.data, dtype)
    return array.reshape(message.height, message.width, *channels).tolist()


def test_mask(answer):
    message = built("mask", answer)
    assert message.encoding == "mono8"
    assert pixels(message) == [[0, 0, 0, 0], [1, 1, 1, 1]]


def test_confidence_is_scaled_and_rounded(answer):
    message = built("confidence", answer)
    assert message.encoding == "mono8"
    # 0.5 * 255 = 127.5 lies between two; the others are rounded to the nearest.
    first, *_ = pixels(message)
    assert first[0] == 255
    assert first[1] in (127, 128)
    assert pixels(message)[0][3] == 128  # 128.01
    assert pixels(message)[1] == [254, 230, 230, 178] or pixels(message)[1] == [254, 229, 229, 178]


def test_uncertainty(answer):
    message = built("uncertainty", answer)
    assert (message.encoding, message.step) == ("32FC1", 16)
    assert pixels(message, np.float32) == answer.segmentation.uncertainty.tolist()


def test_drivable_excludes_unsure_pixels(answer):
    assert pixels(built("drivable", answer)) == [[0, 0, 0, 0], [255, 255, 255, 0]]


def test_color(answer):
    message = built("color", answer)
    assert (message.encoding, message.step) == ("rgb8", 12)
    assert pixels(message, channels=(3,)) == [[[*RED]] * 4, [[*GREEN]] * 4]


def test_overlay_mixes_by_alpha(answer):
    message = built("overlay", answer)
    assert message.encoding == "rgb8"
    # 100 * 0.75 + 255 * 0.25 = 138.75, and 100 * 0.75 = 75
    assert pixels(message, channels=(3,)) == [[[139, 75, 75]] * 4, [[75, 139, 75]] * 4]


@pytest.mark.parametrize("name", [n for n, kind in TYPES.items() if kind is Image])
def test_the_header_is_kept_and_rows_have_no_gap(answer, name):
    message = built(name, answer)
    assert message.header == HEADER
    assert (message.height, message.width) == (2, 4)
    assert len(message.data) == 2 * message.step


def test_stats(answer):
    if messages.SegmentationStats is None:
        pytest.skip("segnet_ros.msg is not built")
    counts = Counts(received=9, processed=4, dropped=3, reasons={"step": 1, "data": 1})
    message = messages.stats(
        replace(answer, inference_ms=1.5), HEADER, Timing(1.5, 2.5, 3.5), counts
    )
    assert message.header == HEADER
    assert list(message.class_fractions) == [0.5, 0.5]
    assert message.drivable_fraction == 3 / 8
    assert message.mean_confidence == pytest.approx(6.0 / 8)
    assert message.mean_uncertainty == pytest.approx(4.4 / 8)
    assert (message.inference_ms, message.total_ms, message.latency_ms) == (1.5, 2.5, 3.5)
    assert (message.frames_received, message.frames_processed) == (9, 4)
    assert (message.frames_dropped, message.frames_rejected) == (3, 2)


@pytest.fixture
def network():
    info = SimpleNamespace(network="segnet", license="MIT")
    return SimpleNamespace(
        predictor=SimpleNamespace(info=info), labels=LABELS, path="/w.safetensors", sha256="ab12"
    )


def test_class_map(network):
    if messages.ClassMap is None:
        pytest.skip("segnet_ros.msg is not built")
    message = messages.class_map(network, Header())
    found = [(c.id, c.name, (c.r, c.g, c.b), c.drivable) for c in message.classes]
    assert found == [(0, "wall", RED, False), (1, "road", GREEN, True)]
    assert message.ignore_id == 9
    assert (message.network, message.license) == ("segnet", "MIT")
    assert (message.weights, message.weights_sha256) == ("/w.safetensors", "ab12")


def test_label_info(network, monkeypatch):
    if messages.LabelInfo is None:  # then at least the fields of its definition are held to
        monkeypatch.setattr(
            messages, "VisionClass", lambda class_id, class_name: (class_id, class_name)
        )
        monkeypatch.setattr(messages, "LabelInfo", lambda header, class_map: class_map)
        assert messages.label_info(network, Header()) == [(0, "wall"), (1, "road")]
        return
    found = messages.label_info(network, Header()).class_map
    assert [(c.class_id, c.class_name) for c in found] == [(0, "wall"), (1, "road")]


def test_types_that_are_not_installed_are_left_out(network, monkeypatch):
    monkeypatch.setattr(messages, "ClassMap", None)
    monkeypatch.setattr(messages, "LabelInfo", None)
    assert messages.latched(network, Header()) == {}


def test_a_compressed_mask_is_the_mask(answer):
    message = built("mask/compressed", answer)
    assert (message.header, message.format) == (HEADER, "mono8; png compressed ")
    found = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found.tolist() == [[0, 0, 0, 0], [1, 1, 1, 1]]


def test_a_compressed_overlay_is_nearly_the_overlay(answer):
    answer = replace(answer, image=answer.image.repeat(16, 0).repeat(16, 1),
                     segmentation=answer.segmentation.resized((32, 64)))  # fmt: skip
    message = built("overlay/compressed", answer)
    assert (message.header, message.format) == (HEADER, "rgb8; jpeg compressed bgr8")
    found = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(found.astype(int) - answer.overlay).mean() < 4


def test_output_size_is_nearest_neighbor(answer):
    answer = replace(answer, settings=replace(answer.settings, output_size=(2, 4)))
    mask = built("mask", answer)
    assert (mask.width, mask.height, mask.step) == (2, 4, 2)
    assert pixels(mask) == [[0, 0], [0, 0], [1, 1], [1, 1]]
    assert pixels(built("drivable", answer)) == [[0, 0], [0, 0], [255, 0], [255, 0]]
    assert built("overlay", answer).width == 4  # stays the image's


def test_without_a_calibration_there_is_no_camera_info_and_no_grid(answer):
    assert built("camera_info", answer) is None
    assert built("drivable_grid", answer) is None


def a_map(cells, x=1.0):
    return messages.occupancy_grid(np.array(cells, np.int8), 0.5, (x, 2.0), Header(frame_id="odom"))


def test_an_update_of_a_map_is_the_rectangle_that_changed():
    before = a_map([[0, 0, 0, 0], [0, 0, 100, 0], [0, 0, 0, -1]])
    after = a_map([[0, 0, 0, 0], [0, -1, 100, 100], [0, 0, 0, -1]])
    update = messages.changed_part(SimpleNamespace, before, after)
    assert (update.x, update.y, update.width, update.height) == (1, 1, 3, 1)
    assert update.data.tolist() == [-1, 100, 100]
    assert update.header.frame_id == "odom"
    assert messages.changed_part(SimpleNamespace, before, before) is None


def test_a_map_that_moved_has_no_update():
    before = a_map([[0, 0], [0, 0]])
    assert messages.changed_part(SimpleNamespace, before, a_map([[0, 0], [0, 100]], x=1.5)) is None
