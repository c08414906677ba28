"""SQLite recordings that were changed, or whose recorder was killed."""

import json
import shutil
import sqlite3
import subprocess
import sys
from binascii import crc32
from contextlib import contextmanager

import numpy as np
import pytest
from backports import zstd
from mcap_files import START, TOPIC, image_data

from segnet_model.bags.messages import IMAGE
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import BagError


def written(path, values=(0, 1, 2), pack=bytes):
    with BagWriter(path, "sqlite3") as writer:
        for value in values:
            writer.write_raw(TOPIC, IMAGE, pack(image_data(value)), START + value)
    return path / f"{path.name}.db3"


def found(path):
    with BagReader(path) as bag:
        return [message.data[-1] for message in bag.messages()]


@contextmanager
def recorder(path, mode="WAL"):
    """A database in a process that is killed: it leaves files beside it."""
    program = """if True:
        import json, os, sqlite3, sys
        path, mode = sys.argv[1:]
        database = sqlite3.connect(path, isolation_level=None)
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        for line, values in json.load(sys.stdin):
            database.execute(line, [bytes.fromhex(v) if type(v) is str else v for v in values])
        os._exit(0)
    """
    lines = []
    yield lambda line, *values: lines.append((line, values))
    run = [sys.executable, "-c", program, str(path), mode]
    subprocess.run(run, input=json.dumps(lines), text=True, check=True)


def killed(folder, mode, begun=3):
    """A recorder that was killed: the last messages are not in the .db3 file alone."""
    file = written(folder / "drive", range(begun))
    with recorder(file, mode) as execute:
        if mode != "WAL":
            execute("PRAGMA cache_size = 1")
            execute("BEGIN")
        for value in range(begun, 6):
            row = (START + value, image_data(value).hex())
            execute("INSERT INTO messages VALUES (NULL, 1, ?, ?)", *row)
        if mode != "WAL":
            execute("UPDATE messages SET data = zeroblob(5000)")
    return file


def state(folder):
    return {path.name: crc32(path.read_bytes()) for path in folder.iterdir()}


def test_messages_in_the_file_beside_it_are_read(tmp_path):
    file = killed(tmp_path, "WAL")
    assert file.with_name("drive.db3-wal").stat().st_size > 0
    before = state(file.parent)
    assert found(file) == [0, 1, 2, 3, 4, 5]
    assert state(file.parent) == before
    (tmp_path / "link.db3").symlink_to(file)
    assert found(tmp_path / "link.db3") == [0, 1, 2, 3, 4, 5]
    assert found(file.parent) == [0, 1, 2, 3, 4, 5]


def test_messages_in_the_file_beside_it_without_the_shared_memory(tmp_path):
    file = killed(tmp_path, "WAL")
    file.with_name("drive.db3-shm").unlink()
    assert found(file) == [0, 1, 2, 3, 4, 5]
    assert not file.with_name("drive.db3-shm").exists()


def test_all_is_in_the_file_beside_it(tmp_path):
    whole = written(tmp_path / "whole")
    path = tmp_path / "drive.db3"
    with recorder(path) as execute, sqlite3.connect(whole) as source:
        for line in source.iterdump():
            execute(line)
    assert path.stat().st_size <= 4096
    assert found(path) == [0, 1, 2]
    with pytest.raises(BagError, match=r"drive.db3-wal belongs to drive.db3; name that"):
        found(tmp_path / "drive.db3-wal")


def test_a_file_beside_it_that_was_cut_or_is_of_another_one(tmp_path):
    file = killed(tmp_path, "WAL")
    beside = file.with_name("drive.db3-wal")
    beside.write_bytes(beside.read_bytes()[:-100])
    assert found(file)[:5] == [0, 1, 2, 3, 4]
    beside.write_bytes(b"any bytes" * 1000)
    assert found(file) == [0, 1, 2]


def test_programs_in_the_file_beside_it_are_refused(tmp_path):
    file = written(tmp_path / "drive")
    with recorder(file) as execute:
        execute("CREATE VIEW strange AS SELECT * FROM messages")
    with pytest.raises(BagError, match="holds view 'strange', which is not what rosbag2 makes"):
        found(file)


def test_a_transaction_that_was_not_finished_is_refused_by_its_file(tmp_path):
    file = killed(tmp_path, "DELETE")
    assert file.with_name("drive.db3-journal").stat().st_size > 0
    for path in (file, file.parent):
        with pytest.raises(BagError, match=r"drive.db3-journal beside it .*sqlite3 drive.db3 "):
            found(path)


def test_a_journal_that_is_finished_does_no_harm(tmp_path):
    file = written(tmp_path / "drive")
    file.with_name("drive.db3-journal").write_bytes(bytes(512))
    assert found(file) == [0, 1, 2]


def test_compressed_messages_are_told_by_their_bytes(tmp_path):
    file = written(tmp_path / "drive", pack=zstd.compress)
    assert found(file) == [0, 1, 2]
    assert found(file.parent) == [0, 1, 2]  # the metadata says that nothing is compressed


def change(file, *statements):
    with sqlite3.connect(file) as database:
        for each in statements:
            database.execute(each)
    return file


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        (f"UPDATE messages SET timestamp = {2**63 - 1} WHERE id = 2", r"a clock was wrong; leave"),
        ("UPDATE messages SET timestamp = -5 WHERE id = 2", r"at -5 to .*a clock was wrong; leave"),
        ("UPDATE messages SET timestamp = 'noon' WHERE id = 2", "time is text; .*sqlite3 COPY"),
        ("UPDATE messages SET timestamp = 1.5 WHERE id = 2", "time is a fraction; .*sqlite3 COPY"),
        ("UPDATE messages SET timestamp = x'00' WHERE id = 2", "time is bytes; .*sqlite3 COPY"),
        ("UPDATE messages SET data = 'text' WHERE id = 2", "data is text; the file was changed"),
        ("UPDATE messages SET data = 7 WHERE id = 2", "data is a number; the file was changed"),
        ("UPDATE topics SET name = 5 || x'01'", "a topic or type is called"),
        ("UPDATE topics SET type = x'0102'", "a topic or type is called"),
        ("DROP TABLE messages", "is SQLite but no recording: it has no tables messages"),
        ("ALTER TABLE messages RENAME COLUMN timestamp TO time", "no such column"),
    ],
)
def test_columns_of_the_wrong_kind(tmp_path, refused, statement, match):
    file = change(written(tmp_path / "drive"), statement)
    for path in (file, file.parent):
        refused(match, lambda path=path: found(path), error=BagError)


def test_messages_of_no_topic_are_said(tmp_path, caplog):
    file = change(written(tmp_path / "drive"), "UPDATE messages SET topic_id = 'x' WHERE id = 2")
    assert found(file) == [0, 2]
    assert "1 messages that belong to none of its topics" in caplog.text


def test_messages_that_are_not_cdr_are_passed_over(tmp_path):
    more = "INSERT INTO topics VALUES (7, '/status', 'x/msg/Y', 'protobuf', '', '')"
    file = change(written(tmp_path / "drive"), more)
    assert found(file) == [0, 1, 2]
    with BagReader(file) as bag, pytest.raises(BagError, match="/status .* is protobuf"):
        bag.check_topic("/status")


def test_quality_of_service_that_cannot_be_read_does_no_harm(tmp_path):
    file = written(tmp_path / "drive")
    for qos in ("x", "- 5", "- {depth: 1}", "5", "- {deadline: infinite, history: 1}"):
        assert found(change(file, f"UPDATE topics SET offered_qos_profiles = '{qos}'")) == [0, 1, 2]


def test_a_log_that_is_none_is_named(tmp_path, caplog):
    """SQLite passes over it in silence, and would tell nobody what was lost."""
    with BagWriter(tmp_path / "drive", "sqlite3") as writer:
        writer.write_image("/front", 7, "camera", np.zeros((8, 8, 3), np.uint8))
    file = tmp_path / "drive" / "drive.db3"
    for content, warned in ((b"", 0), (bytes(5000), 1), (b"no log" * 1000, 2)):
        file.with_name("drive.db3-wal").write_bytes(content)
        with BagReader(file) as bag:
            assert bag.topics["/front"].count == 1
        assert caplog.text.count("drive.db3-wal is damaged from its first byte on") == warned


@pytest.mark.parametrize("damage", ["zeros", "cut", "cut within a page"])
def test_the_line_that_saves_what_is_whole(tmp_path, damage):
    file = written(tmp_path / "drive", range(120))
    data = file.read_bytes()
    middle = len(data) * 3 // 4 // 4096 * 4096
    end = middle + 100 * (damage == "cut within a page")
    rest = bytes(8192) + data[middle + 8192 :] if damage == "zeros" else b""
    file.write_bytes(data[:end] + rest)
    for path in (file, file.parent):
        with pytest.raises(
            BagError, match="copy it again, or save what is whole: sqlite3"
        ) as caught:
            found(path)
        assert "mcap recover" not in str(caught.value)
    if not shutil.which("sqlite3"):
        pytest.skip("the program sqlite3 is not installed")
    line = str(caught.value).partition("whole: ")[2]
    subprocess.run(line, shell=True, cwd=tmp_path, check=False, stderr=subprocess.DEVNULL)
    saved = found(tmp_path / "whole.db3")
    assert 20 < len(saved) < 120
    assert set(saved) < set(range(120))


def test_a_damaged_file_that_is_packed_has_no_line_for_its_unpacked_one(tmp_path):
    """That is gone when the line is typed."""
    file = written(tmp_path / "drive", range(120))
    packed = file.with_name("drive.db3.zstd")
    packed.write_bytes(zstd.compress(file.read_bytes()[:-100]))
    file.unlink()
    metadata = tmp_path / "drive" / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace(file.name, packed.name))
    with pytest.raises(BagError, match=r"drive.db3 is cut within a page\); copy it again$"):
        found(tmp_path / "drive")


def test_a_log_whose_file_was_renamed_is_said(tmp_path, caplog):
    file = killed(tmp_path, "WAL")
    assert found(file.rename(file.with_name("monday.db3"))) == [0, 1, 2]
    assert "drive.db3-wal holds messages of a file that was renamed" in caplog.text
