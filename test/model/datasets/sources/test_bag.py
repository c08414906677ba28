"""The images of a bag's topic, raw and compressed, good and malformed."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import video_packets
from small_bag import CAMERA, SECOND, START, picture, write_images

from segnet_model.bags import messages as bag_messages
from segnet_model.bags.copy import copy_topics
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import BagError, ImageError
from segnet_model.datasets.sources import BagSource, open_source


@pytest.fixture(params=["mcap", "sqlite3"])
def storage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bag(tmp_path: Path, storage: str) -> Path:
    return write_images(tmp_path / "drive", storage=storage)


def test_raw_images_come_back(bag: Path) -> None:
    with BagSource(bag) as source:
        images = list(source.images())
        assert source.reader.topics[CAMERA].count == 3
        assert source.reader.topics[CAMERA].type == "sensor_msgs/msg/Image"
        assert (source.start_ns, source.end_ns) == (START, START + SECOND // 5 + 1)
    assert [frame.stamp_ns for frame, _ in images] == [START + i * SECOND // 10 for i in range(3)]
    for seed, (frame, image) in enumerate(images):
        assert frame.message.header.frame_id == "camera"
        np.testing.assert_array_equal(image, picture(seed))


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_compressed_images_come_back(tmp_path: Path, storage: str, suffix: str) -> None:
    data = cv2.imencode(suffix, picture(0))[1]
    with BagWriter(tmp_path / "bag", storage) as bag:
        bag.write_compressed(f"{CAMERA}/compressed", START, "camera", bytes(data), suffix[1:])
    with BagSource(tmp_path / "bag") as source:
        ((_, image),) = source.images()
    np.testing.assert_array_equal(image, cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def test_every_keeps_its_distance(tmp_path: Path) -> None:
    with BagSource(write_images(tmp_path / "bag", count=11)) as source:
        stamps = [frame.stamp_ns - START for frame, _ in source.part(every=0.25).images()]
    assert stamps == [0, 300_000_000, 600_000_000, 900_000_000]


def test_images_without_stamps_take_the_time_of_reception(tmp_path: Path) -> None:
    message = bag_messages.image_message(bag_messages.make_header(0, "camera"), picture(0), "rgb8")
    data = bag_messages.standard_types().serialize_cdr(message, bag_messages.IMAGE)
    with BagWriter(tmp_path / "bag") as bag:
        for receive_ns in (START, START + 7):
            bag.write_raw(CAMERA, bag_messages.IMAGE, data, receive_ns)
    with BagSource(tmp_path / "bag") as source:
        assert [frame.stamp_ns for frame, _ in source.images()] == [START, START + 7]


def add_malformed(bag: BagWriter, stamp: int) -> None:
    message = bag_messages.image_message(
        bag_messages.make_header(stamp, "camera"), picture(0), "rgb8"
    )
    message.step = 5
    types = bag_messages.standard_types()
    bag.write_raw(
        CAMERA, bag_messages.IMAGE, types.serialize_cdr(message, "sensor_msgs/msg/Image"), stamp
    )


def test_malformed_images_are_skipped_and_counted(
    tmp_path: Path, storage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with BagWriter(tmp_path / "bag", storage) as bag:
        bag.write_image(CAMERA, START, "camera", picture(0))
        add_malformed(bag, START + 1)
        bag.write_raw(CAMERA, bag_messages.IMAGE, b"\0\1\0\0\7", START + 2)
        bag.write_image(CAMERA, START + 3, "camera", picture(3))
    with caplog.at_level(logging.WARNING), BagSource(tmp_path / "bag") as source:
        assert [frame.stamp_ns for frame, _ in source.images()] == [START, START + 3]
        assert len(source.rejected) == 2
        bad = list(source.frames())[1]
    assert str(tmp_path / "bag") in caplog.messages[0]
    assert "step 5 is shorter" in caplog.messages[0]
    with pytest.raises(ImageError, match="step 5"):
        bad.image()


def test_labels_that_are_not_bytes_are_refused(bag: Path) -> None:
    with BagSource(bag) as source, pytest.raises(ImageError, match="labels are rgb8"):
        next(source.labels_of(CAMERA)).ids()


def test_several_image_topics_need_a_name(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        for topic in ("/left", "/right"):
            bag.write_image(topic, START, "camera", picture(0))
    with (
        pytest.raises(BagError, match=r"(?s)several image topics.*/left.*/right"),
        BagSource(tmp_path / "bag"),
    ):
        pass
    with BagSource(tmp_path / "bag", "/left") as source:
        assert len(list(source.images())) == 1
    with BagSource(tmp_path / "bag", exclude="/left") as source:  # where /left has labels
        assert source.topic == "/right"


def test_two_topics_of_one_open_bag(tmp_path: Path, storage: str) -> None:
    with BagWriter(tmp_path / "bag", storage) as bag:
        for index in range(3):
            bag.write_image("/left", START + index, "camera", picture(index))
            bag.write_image("/right", START + index, "camera", picture(9 - index))
        bag.write_raw("/right", bag_messages.IMAGE, b"\0\1\0\0\7", START + 3)
    with BagSource(tmp_path / "bag", "/left") as left:
        right = left.with_topic("/right")
        for index, (one, other) in enumerate(zip(left.images(), right.images(), strict=True)):
            np.testing.assert_array_equal(one[1], picture(index))
            np.testing.assert_array_equal(other[1], picture(9 - index))
        assert (right.topic, len(left.rejected), len(right.rejected)) == ("/right", 0, 1)
        with pytest.raises(BagError, match="has no topic /up"):
            left.with_topic("/up")


def test_compressed_color_filters_become_colors_as_at_the_node(tmp_path: Path) -> None:
    gray = np.random.default_rng(3).integers(0, 256, (24, 32), np.uint8)
    file = cv2.imencode(".png", gray)[1].tobytes()
    with BagWriter(tmp_path / "bag") as bag:
        bag.write_compressed(CAMERA, START, "camera", file, "bayer_rggb8; png compressed ")
    with BagSource(tmp_path / "bag") as source:
        ((_, image),) = source.images()
    expected = cv2.cvtColor(gray, cv2.COLOR_BayerBG2RGB)  # OpenCV's name of rggb
    np.testing.assert_array_equal(image, expected)


def test_a_camera_of_twelve_bits_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The camera's brightness does not change in the dark, in no pass over the bag."""
    bright, dark = np.array([[0, 2048, 4095]], "<u2"), np.array([[16, 512, 1000]], "<u2")
    with BagWriter(tmp_path / "bag") as bag:
        for index, samples in enumerate((bright, dark, bright)):
            message = bag_messages.image_message(
                bag_messages.make_header(START + index, "camera"), samples.view(np.uint8), "mono8"
            )
            message.encoding, message.width = "mono16", 3
            data = bag_messages.standard_types().serialize_cdr(message, bag_messages.IMAGE)
            bag.write_raw(CAMERA, bag_messages.IMAGE, data, START + index)
    expected = [[0, 128, 255], [1, 32, 62], [0, 128, 255]]
    with BagSource(tmp_path / "bag") as source:
        for each in (source, source.part()):
            seen = [image[0, :, 0].tolist() for _, image in each.images()]
            assert seen == expected
    named = [each.getMessage() for each in caplog.records if "12 bits" in each.getMessage()]
    assert named == [
        f"{CAMERA} in {tmp_path / 'bag'}: all 16-bit samples are below 4096: they are read as 12 "
        "bits, until a larger one comes"
    ]


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_depth_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    size = 2 if encoding == "16UC1" else 4
    with BagWriter(tmp_path / "bag") as bag:
        message = bag_messages.image_message(
            bag_messages.make_header(START, "camera"), np.zeros((4, 4 * size), np.uint8), "mono8"
        )
        message.encoding, message.width = encoding, 4
        data = bag_messages.standard_types().serialize_cdr(message, bag_messages.IMAGE)
        bag.write_raw("/depth", bag_messages.IMAGE, data, START)
    with BagSource(tmp_path / "bag") as source:
        assert list(source.images()) == []
        assert f"encoding '{encoding}' holds depth" in str(source.rejected)


def write_video(path: Path, packets: list[bytes], lost: frozenset[int] = frozenset()) -> Path:
    """A bag of packets ten a second, as ffmpeg_image_transport sends them."""
    types = bag_messages.standard_types()
    with BagWriter(path) as bag:
        bag.define({bag_messages.FFMPEG_PACKET: bag_messages.FFMPEG_PACKET_FIELDS})
        for number, data in enumerate(packets):
            if number in lost:
                continue
            time = START + number * SECOND // 10
            message = types.types[bag_messages.FFMPEG_PACKET](
                bag_messages.make_header(time, "camera"), video_packets.WIDTH,
                video_packets.HEIGHT, "h264;yuv420p;bgr8;bgr8", number, 0, False,
                np.frombuffer(data, np.uint8),
            )  # fmt: skip
            raw = types.serialize_cdr(message, bag_messages.FFMPEG_PACKET)
            bag.write_raw("/camera/image_raw/ffmpeg", bag_messages.FFMPEG_PACKET, raw, time)
    return path


@pytest.fixture(scope="module")
def packets() -> list[bytes]:
    pytest.importorskip("av")
    return video_packets.encode(count=20)


def test_packets_of_a_video_become_images(tmp_path: Path, packets: list[bytes]) -> None:
    with open_source(write_video(tmp_path / "bag", packets)) as source:
        for _ in range(2):
            images = list(source.images())
            assert [frame.stamp_ns for frame, _ in images] == [
                START + number * SECOND // 10 for number in range(20)
            ]
            for number, (frame, image) in enumerate(images):
                assert video_packets.is_scene(image, number)
                assert frame.message.header.frame_id == "camera"
        late = list(source.part(start=0.5, seconds=0.3).images())
        assert len(late) == 3
        assert all(video_packets.is_scene(image, 5 + i) for i, (_, image) in enumerate(late))
        assert len(source.rejected) == 0


def test_a_packet_that_was_lost_in_a_bag(tmp_path: Path, packets: list[bytes]) -> None:
    with open_source(write_video(tmp_path / "bag", packets, frozenset({5}))) as source:
        numbers = [(frame.stamp_ns - START) * 10 // SECOND for frame, _ in source.images()]
        assert numbers == [*range(5), *range(8, 20)]
        assert len(source.rejected) == 2


def test_plain_images_are_taken_before_packets(tmp_path: Path, packets: list[bytes]) -> None:
    bag = write_video(tmp_path / "bag", packets)
    with BagReader(bag) as reader, BagWriter(tmp_path / "both") as both:
        copy_topics(reader, both)
        for raw in reader.messages():
            both.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
        both.write_image(CAMERA, START, "camera", picture(0))
    with open_source(tmp_path / "both") as source:
        assert source.topic == CAMERA
    with open_source(tmp_path / "both", "/camera/image_raw/ffmpeg") as source:
        assert len(list(source.images())) == 20


def test_the_folder_in_which_one_stands(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bag)
    with open_source(Path()) as source:
        assert len(list(source.images())) == 3
