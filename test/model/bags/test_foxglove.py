"""Images of foxglove_msgs, read as those of sensor_msgs."""

from __future__ import annotations

import mcap_files as files
import numpy as np
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from segnet_model.bags.images import parse
from segnet_model.bags.messages import COMPRESSED_IMAGE, IMAGE, stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import BagError
from segnet_model.cli import main
from segnet_model.datasets.sources import BagSource
from segnet_model.images.files import encode_png

PICTURE = np.random.default_rng(0).integers(0, 255, (12, 20, 3), np.uint8)
HEAD = "builtin_interfaces/Time timestamp\nstring frame_id\n"
# https://github.com/foxglove/foxglove-sdk/tree/main/schemas/ros2
DEFINITIONS = {
    "CompressedImage": f"{HEAD}uint8[] data\nstring format\n",
    "CompressedVideo": f"{HEAD}uint8[] data\nstring format\n",
    "RawImage": f"{HEAD}uint32 width\nuint32 height\nstring encoding\nuint32 step\nuint8[] data\n",
}
FIELDS = {
    "CompressedImage": {"data": np.frombuffer(encode_png(PICTURE), np.uint8), "format": "png"},
    "CompressedVideo": {"data": np.zeros(9, np.uint8), "format": "h264"},
    "RawImage": {
        "width": 20, "height": 12, "encoding": "bgr8", "step": 60,
        "data": PICTURE[..., ::-1].reshape(-1).copy(),
    },
}  # fmt: skip


def recorded(folder, kind, cut=0, count=3):
    """An MCAP file of such messages, the second one cut."""
    name, text = f"foxglove_msgs/msg/{kind}", DEFINITIONS[kind]
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(text, name))
    time = types.types["builtin_interfaces/msg/Time"]
    messages = []
    for number in range(count):
        stamp = time(sec=1_700_000_000 + number, nanosec=5)
        made = types.types[name](timestamp=stamp, frame_id="camera", **FIELDS[kind])
        data = bytes(types.serialize_cdr(made, name))
        data = data[: len(data) - cut] if number == 1 else data
        messages.append(files.message(data, files.START + number * 10**9))
    return files.mcap(
        folder, files.record(3, files.schema(name=name, data=text.encode())),
        files.record(4, files.channel()), *messages,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "standard"), [("RawImage", IMAGE), ("CompressedImage", COMPRESSED_IMAGE)]
)
def test_an_image_is_read_as_that_of_sensor_msgs(tmp_path, kind, standard):
    path = recorded(tmp_path, kind)
    with BagReader(path) as bag:
        assert {each.type for each in bag.topics.values()} == {standard}
        raw, *_ = bag.messages()
        assert raw.type == standard
        header = parse(raw).header
        assert (stamp_ns(header), header.frame_id) == (1_700_000_000 * 10**9 + 5, "camera")
    with BagSource(path) as source:
        images = [image for _, image in source.images()]
    assert len(images) == 3
    for each in images:
        np.testing.assert_array_equal(each, PICTURE)


@pytest.mark.parametrize("kind", ["RawImage", "CompressedImage"])
@pytest.mark.parametrize("cut", [3, 60, 10**6])
def test_a_damaged_one_is_counted(tmp_path, kind, cut):
    with BagSource(recorded(tmp_path, kind, cut)) as source:
        assert len(list(source.images())) == 2
        assert len(source.rejected) == 1


def test_a_video_is_refused_with_the_way_to_images(tmp_path):
    why = pytest.raises(BagError, match="holds packets of a video, .* in_transport:=foxglove")
    with BagReader(recorded(tmp_path, "CompressedVideo")) as bag, why:
        bag.choose_image_topic()


def test_a_copy_has_the_type_that_tools_know(tmp_path, weights):
    path = recorded(tmp_path, "RawImage")
    words = ["label", str(path), str(weights), "--out", str(tmp_path / "out"), "--topics", "mask"]
    assert main([*words, "--device", "cpu"]) == 0
    with BagReader(tmp_path / "out") as bag:
        assert bag.topics[files.TOPIC].type == IMAGE
        first, *_ = bag.messages(files.TOPIC)
        assert parse(first).encoding == "bgr8"
