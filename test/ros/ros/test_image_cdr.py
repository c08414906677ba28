"""Serialized images against rclpy's and rosbags' serialization, whole, cut and forged."""

from __future__ import annotations

import struct
from array import array

import numpy as np
import pytest

pytest.importorskip("rclpy")
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.base.errors import ImageError, SegNetError
from segnet_ros.ros import image_conversion
from segnet_ros.ros.image_cdr import MAX_TEXT
from segnet_ros.ros.image_conversion import parse, serialize, serialize_compressed, to_rgb

pytestmark = pytest.mark.ros

SHAPES = {"mono8": (np.uint8, ()), "rgb8": (np.uint8, (3,)), "32FC1": (np.float32, ())}
# Every length modulo four, for what follows is aligned to four bytes.
FRAMES = ["", "a", "ab", "abc", "base_link/camera", "Kamera é", "x" * 255]
BIG = {"little_endian": False}


def some_header(random, frame_id):
    header = Header(frame_id=frame_id)
    header.stamp.sec = int(random.integers(-(2**31), 2**31))
    header.stamp.nanosec = int(random.integers(2**32))
    return header


def some_image(seed, frame_id=None):
    random = np.random.default_rng(seed)
    header = some_header(random, FRAMES[seed % len(FRAMES)] if frame_id is None else frame_id)
    return Image(
        header=header,
        height=int(random.integers(2**32)),
        width=int(random.integers(2**32)),
        encoding="bayer_rggb16"[: seed % 13],
        is_bigendian=int(random.integers(2)),
        step=int(random.integers(2**32)),
        data=array("B", random.bytes(int(random.integers(60)))),
    )


def fields(message):
    names = message.get_fields_and_field_types()
    return {n: bytes(v) if n == "data" else v for n, v in ((n, getattr(message, n)) for n in names)}


def read(data, kind=Image):
    raw = parse(data, kind)
    names = kind.get_fields_and_field_types()
    return {n: bytes(v) if n == "data" else v for n, v in ((n, getattr(raw, n)) for n in names)}


@pytest.mark.parametrize("seed", range(60))
def test_reading_rclpys_images(seed):
    message = some_image(seed)
    assert read(bytes(serialize_message(message))) == fields(message)


@pytest.mark.parametrize("seed", range(8))
def test_reading_rclpys_compressed_images(seed):
    random = np.random.default_rng(seed)
    header = some_header(random, "x" * seed)
    message = CompressedImage(header=header, format="jpeg"[:seed], data=random.bytes(seed * 3))
    data = bytes(serialize_message(message))
    assert read(data, CompressedImage) == fields(message)
    ours = serialize_compressed(memoryview(message.data), message.format, header)
    assert deserialize_message(ours, CompressedImage) == message


@pytest.mark.parametrize("seed", range(20))
def test_big_endian_messages_are_read(seed):
    message = some_image(seed)
    assert read(by_rosbags(message, little_endian=False)) == fields(message)


@pytest.mark.parametrize("frame_id", FRAMES)
@pytest.mark.parametrize("encoding", SHAPES)
def test_writing_equals_rclpy_and_rosbags(encoding, frame_id):
    random = np.random.default_rng(len(frame_id))
    kind, more = SHAPES[encoding]
    for height, width in ((1, 1), (3, 5), (7, 2)):
        pixels = (random.random((height, width, *more)) * 255).astype(kind)
        header = some_header(random, frame_id)
        ours = serialize(pixels, encoding, header)
        expected = image_conversion.to_message(pixels, encoding, header)
        assert deserialize_message(ours, Image) == expected
        assert ours == by_rosbags(expected)
        # Bytes between the fields are left as they were by rclpy.
        assert len(ours) == len(serialize_message(expected))


def by_rosbags(message, little_endian=True):
    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types
    stamp = message.header.stamp
    time = types["builtin_interfaces/msg/Time"](stamp.sec, stamp.nanosec)
    values = fields(message) | {
        "header": types["std_msgs/msg/Header"](time, message.header.frame_id),
        "data": np.frombuffer(message.data, np.uint8),
    }
    kind = types["sensor_msgs/msg/Image"]
    return bytes(store.serialize_cdr(kind(**values), kind.__msgtype__, little_endian=little_endian))


def test_arrays_with_gaps_are_written_without():
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8)[::2, ::2]
    message = deserialize_message(serialize(pixels, "mono8", Header()), Image)
    assert (message.step, bytes(message.data)) == (4, pixels.tobytes())


def test_parsing_does_not_copy_the_pixels():
    sent = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    data = serialize(sent, "rgb8", Header(frame_id="camera"))
    seen = to_rgb(parse(data))
    np.testing.assert_array_equal(seen, sent)
    assert np.shares_memory(seen, np.frombuffer(data, np.uint8))
    assert not seen.flags.writeable


def test_a_parsed_header_is_serialized_unchanged():
    message = some_image(5)
    header = parse(bytes(serialize_message(message))).header
    assert isinstance(header, Header)
    assert header == message.header
    assert parse(serialize(np.zeros((1, 1), np.uint8), "mono8", header)).header == header


@pytest.mark.parametrize("order", "<>")
def test_a_frame_id_that_is_no_utf8_is_replaced_and_one_with_a_zero_is_cut(order):
    kind = b"\0\1\0\0" if order == "<" else bytes(4)
    for name, expected in ((b"a\xffb\0", "a\ufffdb"), (b"a\0b\0", "a"), (b"abcd", "abcd")):
        data = kind + struct.pack(f"{order}iII", 1, 2, 4) + name + struct.pack(f"{order}II", 0, 0)
        assert parse(data, CompressedImage).header.frame_id == expected


def test_bytes_behind_the_message_are_ignored():
    data = serialize(np.zeros((1, 1), np.uint8), "mono8", Header())
    assert bytes(parse(data + bytes(3)).data) == b"\0"


@pytest.mark.parametrize("kind", [Image, CompressedImage])
def test_any_cut_is_refused(kind):
    message = some_image(11) if kind is Image else CompressedImage(format="png", data=b"12345")
    data = bytes(serialize_message(message))
    for length in range(len(data)):
        with pytest.raises(ImageError, match="CDR|cut or damaged"):
            parse(data[:length], kind)


LENGTHS = {"frame_id": 12, "encoding": 32, "data": 48}  # where they stand in `ordinary`


def ordinary():
    return serialize(np.zeros((2, 2), np.uint8), "mono8", Header(frame_id="camera"))


@pytest.mark.parametrize("length", [100, MAX_TEXT, MAX_TEXT + 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("field", LENGTHS)
def test_a_forged_length_is_refused(field, length):
    data = bytearray(ordinary())
    assert struct.unpack_from("<I", data, LENGTHS[field])[0] in (7, 6, 4)
    struct.pack_into("<I", data, LENGTHS[field], length)
    with pytest.raises(ImageError, match=f"{length} bytes|announces at least"):
        parse(bytes(data))


def test_a_long_name_is_refused():
    with pytest.raises(ImageError, match="5001 bytes"):
        parse(serialize(np.zeros((1, 1), np.uint8), "mono8", Header(frame_id="x" * 5000)))


@pytest.mark.parametrize("kind", [b"\0\2", b"\0\3", b"\0\x08", b"\1\1", b"\0"])
def test_other_representations_are_refused(kind):
    with pytest.raises(ImageError, match="no plain CDR"):
        parse(kind + ordinary()[2:] if len(kind) == 2 else kind)


@pytest.mark.parametrize("kind", [Image, CompressedImage])
def test_damage_is_refused_or_harmless(kind):
    """Nothing but ImageError, and no memory that the message does not have."""
    random = np.random.default_rng(1)
    good = np.frombuffer(ordinary(), np.uint8)
    for _ in range(3000):
        bad = good.copy()
        places = random.integers(len(bad), size=random.integers(1, 5))
        bad[places] = random.choice([0, 1, 127, 255, random.integers(256)], size=len(places))
        try:
            image = to_rgb(parse(bad.tobytes(), kind))
        except SegNetError:
            continue
        assert image.ndim == 3


def test_over_ros():
    """Bytes arrive as a message where one is expected, and a message as bytes."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode("image_cdr", context=context)  # as the node `segmentation` is one
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        messages, raw = [], []
        node.create_subscription(Image, "out", messages.append, 1)
        node.create_subscription(Image, "in", raw.append, 1, raw=True)
        out, into = (node.create_lifecycle_publisher(Image, t, 1) for t in ("out", "in"))
        node.trigger_configure()
        node.trigger_activate()
        random = np.random.default_rng(0)
        pixels = random.integers(0, 256, (35, 48, 3), np.uint8)
        message = image_conversion.to_message(pixels, "rgb8", some_header(random, "camera"))
        out.publish(serialize(pixels, "rgb8", message.header))
        into.publish(message)
        for _ in range(100):
            executor.spin_once(0.1)
            if messages and raw:
                break
        assert messages == [message]
        assert read(raw[0]) == fields(message)
    finally:
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()
