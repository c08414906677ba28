"""Bad images, weights and parameters: each is named, nothing is lost, and the node goes on."""

from __future__ import annotations

import struct
from array import array
from itertools import count
from time import monotonic

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import CompressedImage, Image

from segnet_ros.segmentation.failures import LOG_PERIOD

pytestmark = pytest.mark.ros

WIDTH, HEIGHT = 48, 32
GOOD = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
JPEG = cv2.imencode(".jpg", GOOD)[1].tobytes()
STAMPS = count(1)  # a new second for each good frame; bad ones have 0
PNG = cv2.imencode(".png", GOOD)[1].tobytes()
NOT_NUMBERS = np.full((HEIGHT, WIDTH), np.nan, np.float32).tobytes()


def raw(seconds=0, data=None, encoding="rgb8", step=3 * WIDTH, width=WIDTH, height=HEIGHT):
    message = Image(width=width, height=height, encoding=encoding, step=step)
    message.data = array("B", GOOD.tobytes() if data is None else data)
    message.header.stamp.sec = seconds
    return message


def compressed(data, seconds=0):
    message = CompressedImage(format="jpeg", data=array("B", data))
    message.header.stamp.sec = seconds
    return message


def damaged_png():
    data = bytearray(PNG)
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


def huge_jpeg():
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1])
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 4000, 8000)
    return bytes(data)


BAD_RAW = [
    ("step # is shorter than a row of # bytes", raw(step=3 * WIDTH - 1)),
    ("data of # bytes is shorter", raw(data=GOOD.tobytes()[:-1])),
    ("data of # bytes is longer", raw(data=GOOD.tobytes() + b"\0")),
    ("an image of #x# pixels cannot be", raw(data=b"", width=0, step=0)),
    ("an image of #x# pixels cannot be", raw(width=2**31, height=2**31, step=2**32 - 1)),
    ("encoding # is not known here", raw(encoding="rgb9")),
    ("encoding # holds depth or other measurements", raw(0, NOT_NUMBERS, "32FC1", 4 * WIDTH)),
    ("encoding # holds depth", raw(0, bytes(2 * WIDTH * HEIGHT), "16UC1", 2 * WIDTH)),
]
BAD_COMPRESSED = [
    ("Premature end of JPEG file", compressed(JPEG[: len(JPEG) // 2])),
    ("premature end of data segment", compressed(JPEG[: len(JPEG) // 2] + JPEG[-2:])),
    ("is too short for #x# pixels", compressed(huge_jpeg())),
    ("neither JPEG nor PNG", compressed(b"GIF89a" + bytes(100))),
    ("neither JPEG nor PNG", compressed(b"")),
    ("has a wrong checksum", compressed(damaged_png())),
    ("has a damaged header", compressed(JPEG[:2] + b"\xff\xdb\xff\xff\x00" + b"\xff\xd9")),
]


class Bench:
    """A node, its camera and what it says."""

    def __init__(self, client, start_node, weights, namespace, kind, **parameters):
        place = ("-r", f"__ns:=/{namespace}")
        self._name = f"{namespace}/segmentation"
        self.began = monotonic()
        settings = {"diagnostics_period": 0.1, "reliability": "reliable", **parameters}
        self.node = start_node(*place, weights=weights, **settings)
        self.node.wait_for("ready")
        self._client = client
        self._camera = client.publisher(f"/{namespace}/image", kind)
        self._masks = client.listen(f"/{self._name}/mask", Image)
        self._health = client.listen("/diagnostics", DiagnosticArray)
        good = raw(next(STAMPS)) if kind is Image else compressed(PNG, next(STAMPS))
        client.exchange(self._camera, good, self._masks)

    def health(self, wanted):
        """Wait for a status of this node."""

        def ours(status, values):
            return status.name.startswith(self._name) and wanted(values)

        return self._client.diagnostics(self._health, ours)

    def settled(self):
        """The counts once no frame is on its way."""
        while not self._health.queue.empty():
            self._health.queue.get()
        _, values = self.health(
            lambda v: (
                int(v["received"]) == sum(int(v[k]) for k in ("processed", "dropped", "rejected"))
            )
        )
        return values

    def send(self, message):
        self._camera.publish(message)

    def mask(self, seconds):
        """Wait for the mask of a frame."""
        return self._masks.next(lambda mask: mask.header.stamp.sec == seconds)


@pytest.fixture(scope="module")
def raw_bench(client, start_node, weights):
    return Bench(client, start_node, weights, "raw", Image)


@pytest.fixture(scope="module")
def jpeg_bench(client, start_node, weights):
    return Bench(client, start_node, weights, "jpeg", CompressedImage, transport="compressed")


def rejections(values, text):
    return sum(int(n) for key, n in values.items() if key.startswith("rejected: ") and text in key)


def check_one_is_refused(bench, bad, good, reason):
    before = bench.settled()
    bench.send(bad)
    status, after = bench.health(
        lambda values: rejections(values, reason) > rejections(before, reason)
    )
    assert int(after["rejected"]) == int(before["rejected"]) + 1
    assert after["processed"] == before["processed"]
    assert status.level == DiagnosticStatus.WARN
    assert reason in status.message
    bench.send(good)
    mask = bench.mask(good.header.stamp.sec)
    assert (mask.height, mask.width) == (HEIGHT, WIDTH)
    assert bench.node.process.poll() is None


@pytest.mark.parametrize(("reason", "bad"), BAD_RAW)
def test_a_bad_image_is_counted_by_reason_and_the_next_one_is_segmented(raw_bench, reason, bad):
    check_one_is_refused(raw_bench, bad, raw(seconds=next(STAMPS)), reason)


@pytest.mark.parametrize(("reason", "bad"), BAD_COMPRESSED)
@pytest.mark.parametrize("good", [JPEG, PNG], ids=["then JPEG", "then PNG"])
def test_a_bad_file_is_counted_by_reason_and_the_next_one_is_segmented(
    jpeg_bench, reason, bad, good
):
    check_one_is_refused(jpeg_bench, bad, compressed(good, next(STAMPS)), reason)


def test_16_bit_images_are_taken(raw_bench):
    deep = np.repeat(GOOD, 2).tobytes()  # both bytes alike, so that the byte order does not matter
    first, second = next(STAMPS), next(STAMPS)
    raw_bench.send(raw(first))
    expected = raw_bench.mask(first)
    raw_bench.send(raw(second, deep, "rgb16", 6 * WIDTH))
    assert raw_bench.mask(second).data == expected.data


def test_bad_frames_are_logged_but_not_each(raw_bench):
    for number in range(int(raw_bench.settled()["rejected"]) + 1, 30):
        raw_bench.send(raw(step=1))
        raw_bench.health(lambda values, number=number: int(values["rejected"]) >= number)
    lines = [line for line in raw_bench.node.text.splitlines() if "frame rejected" in line]
    most = 1 + (monotonic() - raw_bench.began) / LOG_PERIOD
    assert 1 <= len(lines) <= most
