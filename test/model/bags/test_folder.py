"""rosbag2 folders whose metadata was edited, is of another version, or does not fit its files."""

import logging

import pytest
from backports import zstd
from mcap_files import START, TOPIC, channel, image, image_data, mcap, message, record, schema
from rosbags.interfaces import QosDurability, QosReliability
from small_bag import data_file, edit

from segnet_model.bags.messages import IMAGE
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import BagError


@pytest.fixture(params=["mcap", "sqlite3"])
def bag(request, tmp_path):
    with BagWriter(tmp_path / "drive", request.param) as writer:
        for value in range(5):
            writer.write_raw(TOPIC, IMAGE, image_data(value), START + value)
    return tmp_path / "drive"


def topic_of(values):
    return values["topics_with_message_count"][0]["topic_metadata"]


def found(path):
    with BagReader(path) as reader:
        return [message.data[-1] for message in reader.messages()]


def test_quality_of_service_that_was_edited_by_hand(bag):
    text = (bag / "metadata.yaml").read_text()
    (bag / "metadata.yaml").write_text(text.replace("9223372036", "0").replace("854775807", "0"))
    assert found(bag) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "qos",
    [
        "",
        [],
        "- reliability: 2\n  durability: 1\n",
        [{"reliability": "best_effort", "durability": "transient_local"}],
        "- {reliability: best_effort, durability: transient_local, deadline: infinite}",
    ],
)
def test_quality_of_service_of_another_form(bag, qos):
    edit(bag, lambda v: topic_of(v).update(offered_qos_profiles=qos))
    assert found(bag) == [0, 1, 2, 3, 4]


def test_the_quality_of_service_of_the_metadata_counts(bag):
    qos = "- {reliability: best_effort, durability: transient_local}"
    edit(bag, lambda v: topic_of(v).update(offered_qos_profiles=qos))
    with BagReader(bag) as reader:
        [connection] = reader.connections
        [profile] = connection.ext.offered_qos_profiles
        assert reader.topics[TOPIC].latched
    assert profile.reliability is QosReliability.BEST_EFFORT
    assert profile.durability is QosDurability.TRANSIENT_LOCAL


@pytest.mark.parametrize("version", [1, 9, 10, 99])
def test_versions_that_have_the_same_lists(bag, version):
    assert found(edit(bag, lambda v: v.update(version=version, news={"a": 1}))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("key", ["duration", "starting_time", "message_count", "ros_distro"])
def test_values_that_are_not_needed(bag, key):
    assert found(edit(bag, lambda v: v.pop(key, None))) == [0, 1, 2, 3, 4]


def test_a_version_without_the_list_of_files_is_named(bag):
    edit(bag, lambda v: (v.update(version=10), v.pop("relative_file_paths")))
    with pytest.raises(BagError, match=r"of version 10 .* unknown form; name the files"):
        found(bag)


def test_hashes_of_types_do_not_matter(bag):
    edit(bag, lambda v: topic_of(v).update(type_description_hash="RIHS01_" + "7" * 64))
    assert found(bag) == [0, 1, 2, 3, 4]


def test_topics_that_the_metadata_lacks_are_read(bag):
    assert found(edit(bag, lambda v: v.update(topics_with_message_count=[]))) == [0, 1, 2, 3, 4]


def test_the_kind_of_the_files_is_told_by_their_bytes(bag):
    assert found(edit(bag, lambda v: v.update(storage_identifier="my_plugin"))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("mode", ["FILE", "MESSAGE", "STORAGE", "none"])
def test_compression_is_told_by_the_bytes(bag, mode):
    edit(bag, lambda v: v.update(compression_format="zstd", compression_mode=mode))
    assert found(bag) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_that_was_packed_or_unpacked_by_hand(bag, listed, packed):
    file = data_file(bag)
    if packed:
        (bag / f"{file.name}.zstd").write_bytes(zstd.compress(file.read_bytes()))
        file.unlink()
    edit(bag, lambda v: v.update(relative_file_paths=[file.name + (".zstd" if listed else "")]))
    assert found(bag) == [0, 1, 2, 3, 4]


def test_files_that_the_metadata_does_not_list_are_named(bag, caplog):
    file = data_file(bag)
    other = bag / f"drive_1{file.suffix}"
    other.write_bytes(file.read_bytes())
    with caplog.at_level(logging.WARNING):
        assert found(bag) == [0, 1, 2, 3, 4]
    assert f"metadata.yaml does not list {other.name}" in caplog.text
    assert f"ros2 bag reindex {bag}" in caplog.text


def test_files_come_in_the_order_of_their_times(tmp_path):
    for name, values in (("b", (0, 1)), ("a", (2, 3))):
        with BagWriter(tmp_path / name) as writer:
            for value in values:
                writer.write_raw(TOPIC, IMAGE, image_data(value), START + value)
    (tmp_path / "b" / "b.mcap").rename(tmp_path / "a" / "b.mcap")
    files = ["a.mcap", "b.mcap"]
    edit(
        tmp_path / "a", lambda v: v.update(relative_file_paths=files, topics_with_message_count=[])
    )
    assert found(tmp_path / "a") == [0, 1, 2, 3]


@pytest.mark.parametrize("topics", [{"a": 1}, [{"name": TOPIC}], 5, [[1]], [{"topic_metadata": 3}]])
def test_topics_of_an_unknown_form(bag, topics, caplog):
    edit(bag, lambda v: v.update(version=10, topics_with_message_count=topics))
    assert found(bag) == [0, 1, 2, 3, 4]
    assert f"the topics in {bag}/metadata.yaml are not read" in caplog.text


def test_the_metadata_itself_is_no_source(bag):
    with pytest.raises(BagError, match=f"metadata.yaml belongs to the bag {bag}; name that"):
        found(bag / "metadata.yaml")


def test_one_of_several_files_says_where_all_are(bag, caplog):
    file = data_file(bag)
    (bag / f"drive_1{file.suffix}").write_bytes(file.read_bytes())
    with caplog.at_level(logging.INFO):
        assert found(file) == [0, 1, 2, 3, 4]
    assert f"{file} is one of 2 files of a bag; {bag} is all" in caplog.text


def test_a_byte_order_mark_and_ends_of_lines_of_windows(bag):
    text = (bag / "metadata.yaml").read_text().replace("\n", "\r\n")
    (bag / "metadata.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert found(bag) == [0, 1, 2, 3, 4]


def test_the_old_form_of_a_types_name(bag):
    edit(bag, lambda v: topic_of(v).update(type="sensor_msgs/Image"))
    assert found(bag) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("change", [{"name": "/other"}, {"type": "sensor_msgs/msg/Joy"}])
def test_a_topic_that_no_file_has_is_said(bag, change, caplog):
    edit(bag, lambda v: topic_of(v).update(change))
    with BagReader(bag) as reader:
        assert reader.choose_image_topic() == TOPIC
    assert found(bag) == [0, 1, 2, 3, 4]
    assert "announces 5 messages of type" in caplog.text
    assert "its files have no such topic" in caplog.text


def test_metadata_that_is_no_yaml_has_one_line(bag):
    (bag / "metadata.yaml").write_text("a: [1\n  b: 2\n")
    with pytest.raises(BagError, match=r"metadata.yaml is damaged .*reindex") as caught:
        found(bag)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("told", ["json", "cdr"])
@pytest.mark.parametrize("topic", ["/status", TOPIC])
def test_a_channel_of_json_in_a_folder(tmp_path, topic, told, caplog):
    with BagWriter(tmp_path / "drive") as writer:
        writer.write_raw(TOPIC, IMAGE, image_data(0), START)
    json = (record(3, schema(9, "s", "jsonschema")), record(4, channel(9, topic, "json", 9)))
    ours = (record(3, schema()), record(4, channel()))
    mcap(tmp_path / "drive", *json, *ours, message(b"{}", number=9), image(0), name="drive.mcap")

    def announce(values):
        more = {"name": topic, "type": "s", "serialization_format": told}
        values["topics_with_message_count"].append({"message_count": 1, "topic_metadata": more})

    edit(tmp_path / "drive", announce)
    assert found(tmp_path / "drive") == [0]
    assert not caplog.records
    with BagReader(tmp_path / "drive") as reader:
        assert reader.passed_over == {topic: "json"}


@pytest.mark.parametrize("form", ["/home/me/bags/{}", r"C:\bags\drive\{}", r"drive\{}"])
def test_paths_of_the_recorder_and_of_windows(bag, form):
    edit(bag, lambda v: v.update(relative_file_paths=[form.format(data_file(bag).name)]))
    assert found(bag) == [0, 1, 2, 3, 4]


def test_what_macos_keeps_beside_a_file_is_no_recording(bag, caplog):
    (bag / f"._{data_file(bag).name}").write_bytes(b"\0\5\x16\7" + bytes(60))
    assert found(bag) == [0, 1, 2, 3, 4]
    assert not caplog.records


def test_files_that_are_left_are_named(bag):
    file = data_file(bag).rename(bag / f"monday{data_file(bag).suffix}")
    with pytest.raises(
        BagError, match=f"drive.*; copy it again, or name those that are left, {file}"
    ):
        found(bag)
    assert found(file) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", ["", "rosbag2_bagfile_information: {version: 5}"])
def test_metadata_that_lists_no_files(bag, text):
    (bag / "metadata.yaml").write_text(text)
    with pytest.raises(BagError, match="lists no files; make it anew with `ros2 bag reindex"):
        found(bag)
