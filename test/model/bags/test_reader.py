"""Bags written and read back in both storages, and every kind of bad bag."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import yaml
from rosbags.highlevel import AnyReader
from small_bag import CAMERA, INFO, START, data_file, picture, write_images

from segnet_model.bags import messages as bag_messages
from segnet_model.bags.images import parse, to_ids
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import BagError
from segnet_model.datasets.sources import BagSource

STORAGES = ["mcap", "sqlite3"]


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bag(tmp_path: Path, storage: str) -> Path:
    return write_images(tmp_path / "drive", storage=storage)


def test_a_lone_file_is_a_bag(bag: Path) -> None:
    with BagReader(data_file(bag)) as reader:
        assert len(list(reader.messages())) == 3


def test_labels_and_depth_come_back(tmp_path: Path, storage: str) -> None:
    ids = picture(1)[..., 0]
    depth = np.float32(picture(2)[..., 0] / 3)
    with BagWriter(tmp_path / "bag", storage) as bag:
        bag.write_labels("/truth/labels", START, "camera", ids)
        header = bag_messages.make_header(START, "camera")
        bag.write("/truth/depth", bag_messages.image_message(header, depth, "32FC1"), START)
    with BagReader(tmp_path / "bag") as reader:
        (labels,) = reader.messages("/truth/labels")
        (raw,) = reader.messages("/truth/depth")
    np.testing.assert_array_equal(to_ids(parse(labels)), ids)
    message = bag_messages.standard_types().deserialize_cdr(raw.data, raw.type)
    assert (message.encoding, message.step) == ("32FC1", 14 * 4)
    np.testing.assert_array_equal(message.data.view("<f4").reshape(9, 14), depth)


def test_other_software_reads_camera_and_pose(tmp_path: Path, storage: str) -> None:
    half = np.sqrt(0.5)
    matrix = np.array([[0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]], float)
    with BagWriter(tmp_path / "bag", storage) as bag:
        header = bag_messages.make_header(START, "camera")
        info = bag_messages.camera_info_message(header, (48, 36), (40, 41), (24, 18))
        bag.write("/camera/camera_info", info, START)
        header = bag_messages.make_header(START, "world")
        bag.write("/truth/pose", bag_messages.pose_message(header, matrix), START)
    with AnyReader([tmp_path / "bag"]) as reader:
        found = {c.topic: reader.deserialize(data, c.msgtype) for c, _, data in reader.messages()}
    info, pose = found["/camera/camera_info"], found["/truth/pose"].pose
    assert (info.width, info.height, info.header.frame_id) == (48, 36, "camera")
    assert info.k.tolist() == [40, 0, 24, 0, 41, 18, 0, 0, 1]
    assert (pose.position.x, pose.position.y, pose.position.z) == (1, 2, 3)
    turn = pose.orientation  # a quarter turn to the left
    np.testing.assert_allclose([turn.x, turn.y, turn.z, turn.w], [0, 0, half, half], atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_any_rotation_becomes_its_quaternion(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y, z, w = q = random.normal(size=4) * [1, 1, 1, seed % 3]  # w = 0: half turns, the hard case
    x, y, z, w = q / np.linalg.norm(q)
    rotation = np.eye(3) + 2 * np.array(
        [
            [-y * y - z * z, x * y - z * w, x * z + y * w],
            [x * y + z * w, -x * x - z * z, y * z - x * w],
            [x * z - y * w, y * z + x * w, -x * x - y * y],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    turn = bag_messages.pose_message(bag_messages.make_header(0, ""), matrix).pose.orientation
    same = abs(np.dot([turn.x, turn.y, turn.z, turn.w], [x, y, z, w]))
    assert same == pytest.approx(1, abs=1e-12)


def test_the_folder_is_what_rosbag2_expects(bag: Path, storage: str) -> None:
    info = yaml.safe_load((bag / "metadata.yaml").read_text())[INFO]
    assert info["storage_identifier"] == storage
    assert info["relative_file_paths"] == [data_file(bag).name]
    assert data_file(bag).stem == bag.name
    (topic,) = info["topics_with_message_count"]
    assert topic["message_count"] == 3
    assert topic["topic_metadata"]["type_description_hash"].startswith("RIHS01_")
    (qos,) = yaml.safe_load(topic["topic_metadata"]["offered_qos_profiles"])
    assert qos["reliability"] == 1


def test_own_messages_are_written_with_their_definition(tmp_path: Path, storage: str) -> None:
    text = "std_msgs/Header header\nmy_msgs/Inner[] inner\n"
    types = {"my_msgs/msg/Inner": "uint8 x\n", "my_msgs/msg/Outer": text}
    with BagWriter(tmp_path / "bag", storage) as bag:
        assert not bag.knows("my_msgs/msg/Outer")
        with pytest.raises(BagError, match="type my_msgs/msg/Outer of /own is unknown"):
            bag.add_topic("/own", "my_msgs/msg/Outer")
        bag.define(types)
        bag.add_topic("/own", "my_msgs/msg/Outer", latched=True)
        payload = b"\0\1\0\0" + bytes(8) + b"\1\0\0\0" + bytes(4) + b"\2\0\0\0\7\x09"
        bag.write_raw("/own", "my_msgs/msg/Outer", payload, START)
    with AnyReader([tmp_path / "bag"]) as reader:
        ((connection, time, data),) = reader.messages()
        message = reader.deserialize(data, connection.msgtype)
    assert time == START
    assert [inner.x for inner in message.inner] == [7, 9]
    with BagReader(tmp_path / "bag") as ours:
        assert ours.topics["/own"].latched


@pytest.mark.parametrize("keep", [0, 10, 1000, 0.3, 0.7, 0.95, -1])
def test_truncated(bag: Path, keep: float) -> None:
    file = data_file(bag)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else int(keep)])
    for path in (bag, file):
        with pytest.raises(BagError, match=str(bag)), BagReader(path) as reader:
            list(reader.messages())


@pytest.mark.parametrize("text", ["", "{", "a: 1", "rosbag2_bagfile_information: {version: 99}"])
def test_damaged_metadata(bag: Path, text: str) -> None:
    (bag / "metadata.yaml").write_text(text)
    with pytest.raises(BagError, match="damaged"), BagReader(bag):
        pass


def test_flipped_bytes_never_escape_as_other_errors(bag: Path) -> None:
    file = data_file(bag)
    whole = file.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(60):
        bad = bytearray(whole)
        for position in random.integers(len(bad), size=8):
            bad[position] = random.integers(256)
        file.write_bytes(bad)
        with contextlib.suppress(BagError), BagSource(bag) as source:
            assert len(list(source.images())) <= 3


def test_empty(tmp_path: Path, storage: str) -> None:
    with BagWriter(tmp_path / "bag", storage):
        pass
    with BagReader(tmp_path / "bag") as reader:
        with pytest.raises(BagError, match="no image topic; the bag is empty"):
            reader.choose_image_topic()
        with pytest.raises(BagError, match="no topic /x; the bag is empty"):
            reader.choose_image_topic("/x")


def test_topic_without_messages(tmp_path: Path, storage: str) -> None:
    with BagWriter(tmp_path / "bag", storage) as bag:
        bag.add_topic(CAMERA, bag_messages.IMAGE)
    with BagReader(tmp_path / "bag") as reader, pytest.raises(BagError, match="no messages"):
        reader.choose_image_topic(CAMERA)


def test_topics_that_do_not_fit(bag: Path) -> None:
    with BagReader(bag) as reader, pytest.raises(BagError, match=f"(?s)no topic /x.*{CAMERA}"):
        reader.choose_image_topic("/x")


def test_topic_of_another_type(tmp_path: Path, storage: str) -> None:
    with BagWriter(tmp_path / "bag", storage) as bag:
        header = bag_messages.make_header(START, "world")
        bag.write("/truth/pose", bag_messages.pose_message(header, np.eye(4)), START)
    with BagReader(tmp_path / "bag") as reader:
        with pytest.raises(BagError, match="is of type geometry_msgs/msg/PoseStamped; expected"):
            reader.choose_image_topic("/truth/pose")
        with pytest.raises(BagError, match="no image topic"):
            reader.choose_image_topic()


def test_paths_that_are_no_bags(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no bag")
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.mcap").write_text("no bag at all")
    for name, message in {
        "missing": "there is no bag",
        "notes.txt": "is no bag",
        "folder": "no metadata.yaml",
        "text.mcap": "damaged",
    }.items():
        with pytest.raises(BagError, match=message), BagReader(tmp_path / name):
            pass


def test_metadata_that_contradicts_the_file_is_not_silent(tmp_path: Path) -> None:
    bag = write_images(tmp_path / "bag", storage="sqlite3")
    with sqlite3.connect(data_file(bag)) as database:
        database.execute("DELETE FROM messages WHERE id = 2")
    with BagReader(bag) as reader, pytest.raises(BagError, match="announces 3 messages but gave 2"):
        list(reader.messages())


def test_an_existing_path_is_not_overwritten(bag: Path, storage: str) -> None:
    before = data_file(bag).read_bytes()
    with pytest.raises(BagError, match="exists already"):
        BagWriter(bag, storage)
    assert data_file(bag).read_bytes() == before


def test_a_failure_leaves_nothing(tmp_path: Path, storage: str) -> None:
    def write_half() -> None:
        with BagWriter(tmp_path / "bag", storage) as bag:
            bag.write_image(CAMERA, START, "camera", picture(0))
            assert not (tmp_path / "bag").exists()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rosbags.rosbag2.storage_mcap.McapWriter.close_chunk", full)
    with pytest.raises(BagError, match="No space left"):
        write_images(tmp_path / "bag")
    assert list(tmp_path.iterdir()) == []


def test_writer_refuses(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no storage 'rosbag1'"):
        BagWriter(tmp_path / "bag", "rosbag1")
    with pytest.raises(BagError, match="is not open"):
        BagWriter(tmp_path / "bag").write_image(CAMERA, START, "camera", picture(0))
    with pytest.raises(BagError, match="does not fit"), BagWriter(tmp_path / "bag") as bag:
        bag.write_image(CAMERA, -1, "camera", picture(0))
    with pytest.raises(BagError, match="cannot write"), BagWriter(tmp_path / "bag") as bag:
        bag.define({"my_msgs/msg/Bad": "@ no definition"})
    (tmp_path / "file").write_text("")
    with pytest.raises(BagError, match="cannot write"), BagWriter(tmp_path / "file" / "bag"):
        pass
