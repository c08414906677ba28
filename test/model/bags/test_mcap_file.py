"""MCAP files of other recorders: what can be read is read, and the rest says how to mend it."""

import struct

import pytest
from backports import zstd
from mcap_files import (
    START,
    TOPIC,
    channel,
    chunk,
    header,
    image,
    image_data,
    mcap,
    message,
    record,
    schema,
    text,
)  # fmt: skip

from segnet_model.bags.copy import copy_topics
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.bags.storage import ros_name
from segnet_model.base.errors import BagError

ROS2 = (record(3, schema()), record(4, channel()))
JSON = (
    record(3, schema(9, "status", "jsonschema", b"{}")),
    record(4, channel(9, "/status", "json", 9)),
)


def found(path, **options):
    """Topic and first pixel of each message, and its time of reception since START."""
    with BagReader(path, **options) as bag:
        return [(m.topic, m.data[-1], m.receive_ns - START) for m in bag.messages()]


def images(*values, topic=TOPIC):
    return [(topic, value, value) for value in values]


@pytest.mark.parametrize("profile", [b"", b"ros2", b"ros1", b"px4"])
def test_the_channels_say_what_it_is_and_not_the_profile(tmp_path, profile):
    path = mcap(tmp_path, *ROS2, image(1), image(2), image(3), profile=profile)
    assert found(path) == images(1, 2, 3)


@pytest.mark.parametrize("encoding", ["json", "protobuf", "flatbuffer", "ros1", "cbor", ""])
def test_channels_that_are_not_of_ros2_are_passed_over(tmp_path, encoding):
    others = (record(3, schema(9, "x", "other")), record(4, channel(9, "/status", encoding, 9)))
    path = mcap(tmp_path, *others, *ROS2, message(b"{}", number=9), image(1), image(2))
    assert found(path) == images(1, 2)
    with BagReader(path) as bag:
        assert list(bag.topics) == [TOPIC]
        with pytest.raises(BagError, match=f"/status .* is {encoding or 'of no'}.*; record"):
            bag.choose_image_topic("/status")


def test_channels_without_a_schema_are_passed_over(tmp_path):
    path = mcap(tmp_path, record(4, channel(9, "/raw", "json", 0)), *ROS2, image(1))
    assert found(path) == images(1)
    bare = mcap(tmp_path, *ROS2, record(4, channel(2, "/bare", of=0)), image(1))
    with BagReader(bare) as bag, pytest.raises(BagError, match="/bare .* is without a type, not"):
        bag.check_topic("/bare")


def test_a_topic_in_two_encodings(tmp_path):
    path = mcap(tmp_path, *ROS2, JSON[0], record(4, channel(9, TOPIC, "json", 9)), image(1))
    assert found(path) == images(1)


def test_messages_of_no_channel_are_said(tmp_path, caplog):
    path = mcap(tmp_path, *ROS2, image(1), image(2, number=7))
    assert found(path) == images(1)
    assert "1 messages that belong to none of its channels" in caplog.text


def test_channels_that_are_not_copied_are_named(tmp_path, caplog):
    with BagReader(mcap(tmp_path, *JSON, *ROS2, image(1))) as bag, BagWriter(tmp_path / "b") as out:
        copy_topics(bag, out)
    assert "not of ROS 2 are not copied: /status" in caplog.text


@pytest.mark.parametrize(
    ("name", "schema_encoding", "encoding", "mend"),
    [
        ("sensor_msgs/Image", "ros1msg", "ros1", "rosbags-convert --src drive.bag --dst drive"),
        ("foxglove.CompressedImage", "protobuf", "protobuf", "record topics of ROS 2, or save"),
        ("status", "jsonschema", "json", "record topics of ROS 2, or save"),
    ],
)
@pytest.mark.parametrize("profile", [b"", b"ros2"])
def test_a_file_without_a_channel_of_ros2(tmp_path, name, schema_encoding, encoding, mend, profile):
    start = (record(3, schema(1, name, schema_encoding)), record(4, channel(encoding=encoding)))
    path = mcap(tmp_path, *start, image(1), profile=profile)
    with pytest.raises(BagError) as caught, BagReader(path):
        pass
    assert f"no ROS 2 recording: its channels are {encoding}; " in str(caught.value)
    assert mend in str(caught.value)
    assert "damaged" not in str(caught.value)


def packed(*inside, times):
    data = b"".join(inside)
    return chunk(zstd.compress(data), len(data), times=times)


def index_of(at, whole, size, times, counts=b""):
    """A chunk index record; without counts, there is no index of messages."""
    head = struct.pack("<QQQQ", *times, at, len(whole)) + text(counts)
    return record(8, head + struct.pack("<Q", 0) + text(b"zstd") + struct.pack("<QQ", 0, size))


def statistics(messages, chunks, channels=1):
    head = struct.pack("<QHIIIIQQ", messages, 1, channels, 0, 0, chunks, START + 1, START + 4)
    return record(11, head + text(struct.pack("<HQ", 1, messages)))


def two_chunks():
    """Two chunks whose times overlap, and where they begin."""
    one = packed(image(1), image(4), times=(START + 1, START + 4))
    two = packed(image(2), image(3), times=(START + 2, START + 3))
    begin = 8 + len(header() + b"".join(ROS2))
    return one, two, begin


def test_messages_without_an_index_are_read(tmp_path):
    one, two, begin = two_chunks()
    size = len(image(1) + image(4))
    indexes = (
        index_of(begin, one, size, (START + 1, START + 4)),
        index_of(begin + len(one), two, size, (START + 2, START + 3)),
    )
    path = mcap(
        tmp_path, *ROS2, one, two, *ROS2, *indexes, statistics(4, 2),
        summary=begin + len(one) + len(two),
    )  # fmt: skip
    assert found(path) == images(1, 2, 3, 4)


@pytest.mark.parametrize("there", ["nothing", "channels", "statistics", "one chunk"])
def test_a_summary_that_lacks_something_is_made_anew(tmp_path, there):
    one, two, begin = two_chunks()
    size = len(image(1) + image(4))
    parts = {
        "nothing": [],
        "channels": [*ROS2],
        "statistics": [statistics(4, 2)],
        "one chunk": [*ROS2, index_of(begin, one, size, (START, START)), statistics(4, 2)],
    }[there]
    end = begin + len(one) + len(two)
    path = mcap(tmp_path, *ROS2, one, two, *parts, summary=end)
    assert found(path) == images(1, 2, 3, 4)


def test_a_summary_that_is_damaged_is_made_anew(tmp_path):
    one, two, begin = two_chunks()
    end = begin + len(one) + len(two)
    damaged = [(b"\x04" + bytes(8), end), (record(11, b"x"), end), (record(4, b"\xff" * 9), end)]
    for parts, summary in [*damaged, (b"", end + 10_000), (b"", 3)]:
        path = mcap(tmp_path, *ROS2, one, two, record(15, bytes(4)), parts, summary=summary + 13)
        assert found(path) == images(1, 2, 3, 4)


def test_messages_outside_of_chunks_are_put_in_order(tmp_path):
    path = mcap(tmp_path, *ROS2, image(3), image(1), image(4), image(2))
    assert found(path) == images(1, 2, 3, 4)


def test_messages_inside_and_outside_of_chunks(tmp_path):
    inside = packed(image(1), image(4), times=(START + 1, START + 4))
    path = mcap(tmp_path, *ROS2, image(3), inside, image(2))
    assert found(path) == images(1, 2, 3, 4)


def test_one_open_file_is_read_twice_at_once(tmp_path):
    inside = packed(image(1), image(4), times=(START + 1, START + 4))
    path = mcap(tmp_path, *ROS2, image(3), inside, image(2))
    with BagReader(path) as bag:
        ahead, behind = bag.messages(TOPIC), bag.messages(TOPIC)
        first = next(ahead)
        seen = [(one.data[-1], other.data[-1]) for one, other in zip(ahead, behind, strict=False)]
        assert (first.data[-1], seen) == (1, [(2, 1), (3, 2), (4, 3)])


def test_a_chunk_whose_announced_times_are_wrong(tmp_path):
    path = mcap(tmp_path, *ROS2, packed(image(1), image(2), times=(0, 0)))
    assert found(path) == images(1, 2)


def test_a_cut_file_with_messages_out_of_order(tmp_path):
    one, two, _ = two_chunks()
    path = mcap(tmp_path, *ROS2, one, two)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BagError, match=r"was cut, or is still being recorded; .*mcap recover"):
        found(path)
    assert found(path, cut_ok=True) == images(1, 2, 3, 4)


def test_a_file_cut_before_its_first_message_was_not_empty(tmp_path):
    path = mcap(tmp_path, *ROS2, image(1))
    path.write_bytes(path.read_bytes()[:30])
    with BagReader(path, cut_ok=True) as bag, pytest.raises(BagError, match="it was cut before i"):
        bag.choose_image_topic()


def test_names_of_types_that_other_recorders_write(tmp_path):
    for name in ("sensor_msgs/Image", "sensor_msgs::msg::Image", "sensor_msgs::msg::dds_::Image_"):
        assert ros_name(name) == "sensor_msgs/msg/Image"
        start = (record(3, schema(1, name, "omgidl")), record(4, channel()))
        with BagReader(mcap(tmp_path, *start, image(1))) as bag:
            assert bag.choose_image_topic() == TOPIC


def test_compression_that_is_unknown_is_named(tmp_path):
    path = mcap(tmp_path, *ROS2, chunk(b"x", 10, b"brotli"))
    with pytest.raises(BagError, match="compressed with 'brotli'; .* `mcap compress`"):
        found(path)


def test_messages_that_are_compressed_one_by_one_are_told_by_their_bytes(tmp_path):
    data = [message(zstd.compress(image_data(value)), START + value) for value in (1, 2)]
    assert found(mcap(tmp_path, *ROS2, *data)) == images(1, 2)


def test_a_time_that_is_none_of_ros(tmp_path):
    for at in (1 << 63, (1 << 63) - 1, (1 << 64) - 1):
        path = mcap(tmp_path, *ROS2, image(1), image(2, at=at))
        with pytest.raises(BagError, match=rf"{at} ns, .* a clock was wrong; .*mcap filter"):
            found(path)


def test_many_channels_take_seconds(tmp_path, refused):
    qos = text(b"offered_qos_profiles") + text(b"- {history: 1, depth: 1, durability: 1}")
    more = (record(4, channel(n, f"/t{n}", metadata=qos)) for n in range(2, 20_002))
    path = mcap(tmp_path, *ROS2, *more, image(1))

    def work():
        assert found(path) == images(1)
        with BagReader(path) as bag:
            bag.choose_image_topic()

    told = refused("several image topics", work, error=BagError, seconds=8)
    assert len(told) < 20_000
