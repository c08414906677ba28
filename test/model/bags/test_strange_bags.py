import sqlite3
import struct
from binascii import crc32
from functools import cache

import numpy as np
import pytest
from backports import zstd
from lz4.frame import compress as lz4
from mcap_files import MAGIC, START, TOPIC, channel, chunk, mcap, message, record, schema, text
from small_bag import data_file, edit

from segnet_model.bags import messages as bag_messages
from segnet_model.bags.reader import BagWriter
from segnet_model.base.errors import BagError, SegNetError
from segnet_model.datasets.sources import BagSource


@pytest.fixture(params=["mcap", "sqlite3"])
def bag(request, tmp_path):
    return written(tmp_path / "drive", request.param)


def written(path, storage="mcap", images=3):
    with BagWriter(path, storage) as writer:
        for i in range(images):
            writer.write_image(TOPIC, START + i, "camera", np.full((9, 14, 3), i, np.uint8))
    return path


def read(path):
    with BagSource(path) as source:
        return [image for _, image in source.images()]


@pytest.fixture
def bad(refused):
    """A bag is refused, by its folder and by its name in an error that is no novel."""

    def check(path, match, **limits):
        told = refused(match, lambda: read(path), error=BagError, **limits)
        assert len(told) < 2000
        return told

    return check


# Paths.


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("../other/other.mcap", "files are missing: .*drive/other.mcap.*copy it again"),
        ("/etc/passwd", "files are missing: .*drive/passwd.*copy it again"),
        ("..", ".. leads outside the bag; name the file itself, or copy it there"),
        ("other.mcap", "files are missing: .*drive/other.mcap.*copy it again"),
        ("", " leads outside the bag; name the file itself, or copy it there"),
    ],
)
def test_files_outside_the_bag_are_not_read(tmp_path, bad, name, match):
    other = written(tmp_path / "other")
    bag = edit(written(tmp_path / "drive"), lambda v: v.update(relative_file_paths=[name]))
    bad(bag, match)
    assert read(other)


def test_links_that_lead_outside_are_not_followed(bag, tmp_path, bad):
    file = data_file(bag)
    file.rename(tmp_path / f"away{file.suffix}")
    file.symlink_to(tmp_path / f"away{file.suffix}")
    bad(bag, f"{file.name} leads outside the bag; name the file itself")
    assert len(read(tmp_path / f"away{file.suffix}")) == 3
    assert len(read(file)) == 3  # here the user himself has named it


def test_a_link_to_a_bag_is_one(bag, tmp_path):
    (tmp_path / "link").symlink_to(bag)
    assert len(read(tmp_path / "link")) == 3


def test_a_name_that_sqlite_would_read_as_an_address(tmp_path):
    other = written(tmp_path / "other", "sqlite3", images=1)
    bag = written(tmp_path / "drive", "sqlite3")
    for name in ("..%2Fother%2Fother.db3", f"%2e%2e%2f{other.name}%2fother.db3", "drive.db3?x=1"):
        data_file(bag).rename(bag / name)
        edit(bag, lambda v, name=name: v.update(relative_file_paths=[name]))
        assert len(read(bag)) == 3
        (bag / name).rename(bag / "drive.db3")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_devices_are_no_bags(bag, bad, device):
    file = data_file(bag)
    file.unlink()
    file.symlink_to(device)
    bad(bag, f"{file.name} leads outside the bag; name the file itself, or copy it there")
    bad(file, f"{file.name} is no file; copy the bag again")


# YAML: the metadata, and the quality of service within it and within the files.


def test_metadata_with_aliases(bag, bad, laughs, merges):
    whole = (bag / "metadata.yaml").read_text()
    for start in (merges(12), laughs(12)):
        (bag / "metadata.yaml").write_text(start + whole)
        bad(bag, "alias")
    for key in ("compression_format", "storage_identifier", "version", "relative_file_paths"):
        lines = [x for x in whole.splitlines() if not x.strip().startswith(f"{key}:")]
        extra = ["  compression_mode: message"] if key == "compression_format" else []
        bomb = [*laughs(12).splitlines(), *lines, *extra, f"  {key}: *a11"]
        (bag / "metadata.yaml").write_text("\n".join(bomb))
        bad(bag, "alias|damaged")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[" * 20_000, "lists more than 32 deep; write them flat"),
        ("a" * (2 << 20), "metadata.yaml of 2097152 bytes, of 1048576 at most"),
        ("!!python/object/apply:os.system [touch ran]", "constructor for the tag .*os.system"),
        ("- " * 20_000, "lists more than 32 deep; write them flat"),
    ],
    ids=lambda text: text[:12],
)
def test_metadata_that_is_deep_or_long(bag, bad, text, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (bag / "metadata.yaml").write_text(text)
    bad(bag, match)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("key", "match"),
    [
        ("name", "a topic or type is called .*; record it again"),
        ("type", "a topic or type is called .*; record it again"),
    ],
)
def test_topics_of_the_wrong_form(bag, bad, key, match):
    for value in ([[]], {"a": 1}, 5, None, "x" * 10_000):

        def change(values, value=value):
            values["topics_with_message_count"][0]["topic_metadata"][key] = value

        bad(edit(bag, change), match)


@pytest.mark.parametrize("key", ["serialization_format", "offered_qos_profiles"])
def test_what_the_files_say_better_may_be_wrong_in_the_metadata(bag, key):
    for value in ([[]], {"a": 1}, 5, None, "x" * 10_000, [{"depth": 5}], "- depth: all"):

        def change(values, value=value):
            values["topics_with_message_count"][0]["topic_metadata"][key] = value

        assert len(read(edit(bag, change))) == 3


def test_quality_of_service_that_grows(tmp_path, bad, merges):
    bag = written(tmp_path / "drive")

    def change(values):
        values["topics_with_message_count"][0]["topic_metadata"]["offered_qos_profiles"] = bomb

    bomb = merges(12)
    bad(edit(bag, change), "alias")
    database = written(tmp_path / "old", "sqlite3")
    with sqlite3.connect(data_file(database)) as connection:
        connection.execute("UPDATE topics SET offered_qos_profiles = ?", (bomb,))
    bad(data_file(database), "alias")
    bad(database, "alias")


def test_quality_of_service_that_grows_in_an_mcap(tmp_path, bad, merges):
    pair = text(b"offered_qos_profiles") + text(merges(12).encode())
    channel = struct.pack("<HH", 1, 1) + text(TOPIC.encode()) + text(b"cdr") + text(pair)
    bad(mcap(tmp_path, record(3, schema()), record(4, channel)), "alias")


# MCAP.


@cache
def packed_zeros(count, kind):
    if kind == b"lz4":
        return lz4(bytes(count))
    packer = zstd.ZstdCompressor()
    parts = [packer.compress(bytes(1 << 24)) for _ in range(count >> 24)]
    return b"".join([*parts, packer.flush()])


@pytest.mark.parametrize("kind", [2, 3, 4, 5, 6, 7, 8, 11])
@pytest.mark.parametrize("length", [1 << 33, 1 << 60, (1 << 64) - 1])
def test_records_that_claim_to_be_long(tmp_path, bad, kind, length):
    start = (record(3, schema()), record(4, channel()))
    path = mcap(tmp_path, *start, record(kind, b"12345678" * 9, length))
    bad(path, "is damaged .*; copy it again|holds no messages; record it again")


@pytest.mark.parametrize("length", [1 << 31, (1 << 32) - 1])
def test_texts_that_claim_to_be_long(tmp_path, bad, length):
    path = mcap(tmp_path, record(3, struct.pack("<HI", 1, length) + b"sensor"))
    bad(path, f"expected {length} bytes, got 6.*; copy it again")


@pytest.mark.parametrize("kind", [b"zstd", b"lz4"])
@pytest.mark.parametrize("announced", ["truth", "less", "absurd"])
def test_a_chunk_that_unpacks_to_gigabytes(tmp_path, bad, kind, announced):
    size = 1 << 30 if kind == b"lz4" else 1 << 31
    told = {"truth": size, "less": 1000, "absurd": 1 << 62}[announced]
    start = (record(3, schema()), record(4, channel()))
    path = mcap(tmp_path, *start, chunk(packed_zeros(size, kind), told, kind))
    assert path.stat().st_size < 1 << 23
    bad(path, "chunk")


def test_chunks_that_are_honest(tmp_path):
    image = bag_messages.image_message(
        bag_messages.make_header(START, "camera"), np.zeros((9, 14, 3), np.uint8), "rgb8"
    )
    data = bytes(bag_messages.standard_types().serialize_cdr(image, bag_messages.IMAGE))
    inside = record(3, schema()) + record(4, channel()) + message(data)
    for kind, pack in ((b"zstd", zstd.compress), (b"lz4", lz4), (b"", bytes)):
        assert len(read(mcap(tmp_path, chunk(pack(inside), len(inside), kind, crc32(inside))))) == 1


def test_an_index_that_opens_one_chunk_a_thousand_times(tmp_path, bad):
    inside = message(bytes(64 << 20))
    whole = chunk(zstd.compress(inside), len(inside))
    start = record(3, schema()) + record(4, channel())
    at = len(MAGIC) + len(record(1, text(b"ros2") + text(b""))) + len(start)
    offsets = text(struct.pack("<HQ", 1, at + len(whole)))
    index = record(
        8,
        struct.pack("<QQQQ", START, START, at, len(whole)) + offsets + struct.pack("<Q", 31)
        + text(b"zstd") + struct.pack("<QQ", len(zstd.compress(inside)), len(inside)),
    )  # fmt: skip
    messages = record(7, struct.pack("<H", 1) + text(struct.pack("<QQ", START, 0)))
    summary = at + len(whole) + len(messages)
    total = struct.pack("<QHIIIIQQ", 1000, 1, 1, 0, 0, 1000, START, START)
    statistics = record(11, total + text(struct.pack("<HQ", 1, 1000)))
    end = (start, index * 1000, statistics)
    path = mcap(tmp_path, start, whole, messages, *end, summary=summary)
    bad(path, "chunks at once", megabytes=300)


# Compression of whole files and of single messages.


def compressed(bag, mode):
    def change(values):
        values.update(compression_format="zstd", compression_mode=mode)
        if mode == "FILE":
            values["relative_file_paths"] = [f"{values['relative_file_paths'][0]}.zstd"]

    return edit(bag, change)


def test_an_honest_compressed_file_is_read(bag):
    file = data_file(bag)
    (bag / f"{file.name}.zstd").write_bytes(zstd.compress(file.read_bytes()))
    file.unlink()
    assert len(read(compressed(bag, "FILE"))) == 3


def test_a_file_that_fills_the_disk(bag, bad, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    file = data_file(bag)
    (bag / f"{file.name}.zstd").write_bytes(packed_zeros(1 << 31, b"zstd"))
    file.unlink()
    bad(compressed(bag, "FILE"), "unpacks to more than", seconds=10)
    assert sum(x.stat().st_size for x in tmp_path.rglob("*") if x.is_file()) < 1 << 24


def test_a_message_that_unpacks_to_gigabytes(tmp_path, bad):
    bag = tmp_path / "drive"
    with BagWriter(bag, "sqlite3") as writer:
        writer.write_raw(TOPIC, bag_messages.IMAGE, packed_zeros(1 << 31, b"zstd"), START)
    bad(compressed(bag, "MESSAGE"), "a message unpacks", megabytes=700)


# SQLite.


def database(tmp_path, change):
    bag = written(tmp_path / "drive", "sqlite3")
    connection = sqlite3.connect(data_file(bag))
    connection.executescript(change)
    connection.commit()
    connection.close()
    return bag


COLUMNS = "id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, timestamp INTEGER NOT NULL"


@pytest.mark.parametrize("size", ["zeroblob(900000000)", "printf('%0900000000d', 1)"])
def test_columns_that_are_made_up_when_read(tmp_path, bad, size):
    quoted = size.replace("'", "''")
    bag = database(
        tmp_path,
        f"""
        ALTER TABLE messages RENAME TO old;
        CREATE TABLE messages({COLUMNS}, data BLOB GENERATED ALWAYS AS (1));
        INSERT INTO messages SELECT id, topic_id, timestamp FROM old; DROP TABLE old;
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'AS (1)', 'AS ({quoted})');
    """,
    )
    for path in (bag, data_file(bag)):
        bad(path, "not what rosbag2 makes")


def test_a_view_in_the_place_of_a_table(tmp_path, bad):
    bag = database(
        tmp_path,
        """
        CREATE VIEW strange AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n)
        SELECT * FROM n;
    """,
    )
    bad(bag, "not what rosbag2 makes")


def test_a_table_that_is_endless(tmp_path, bad):
    """A schema may say that a table is a view."""
    bag = database(
        tmp_path,
        """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = 'CREATE VIEW messages AS WITH RECURSIVE n(x) AS
            (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS id, 1 AS topic_id, 1 AS timestamp,
            x AS data FROM n' WHERE name = 'messages';
    """,
    )
    bad(bag, "malformed database schema .*; copy it again")


def test_a_message_of_a_gigabyte(tmp_path, bad):
    bag = database(tmp_path, "UPDATE messages SET data = zeroblob(300000000) WHERE id = 2;")
    bad(bag, "string or blob too big.*; copy it again", megabytes=300)


# Messages.


def test_damaged_messages_are_only_image_errors(tmp_path, refused):
    good = bag_messages.image_message(
        bag_messages.make_header(START, "camera"), np.zeros((9, 14, 3), np.uint8), "rgb8"
    )
    data = bytearray(bag_messages.standard_types().serialize_cdr(good, bag_messages.IMAGE))
    random = np.random.default_rng(1)
    with BagWriter(tmp_path / "bag") as writer:
        for at in range(0, 60, 2):
            for value in (0xFFFFFFFF, 0x7FFFFFFF, 0x10000000, int(random.integers(1 << 32))):
                bad = bytearray(data)
                struct.pack_into("<I", bad, at, value)
                writer.write_raw(TOPIC, bag_messages.IMAGE, bytes(bad), START)
        writer.write_raw(TOPIC, bag_messages.IMAGE, b"", START)

    def work():
        assert len(read(tmp_path / "bag")) < 130
        raise SegNetError("none escaped")

    refused("none escaped", work)
