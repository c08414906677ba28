"""Readers of `rosbags` for untrusted recordings: no file outside the bag, bounded memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

import apsw
from rosbags.rosbag2.reader import DirectoryReader, Reader
from rosbags.rosbag2.storage_mcap import ChunkInfo, McapReader
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Reader

from segnet_model.bags.unpacking import MAX_MESSAGE, MAX_METADATA, bound_rosbags
from segnet_model.base.documents import read_yaml
from segnet_model.base.errors import BagError

MAX_AT_ONCE = 1 << 30  # bytes in memory of chunks that overlap in time
PLAIN = ("CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX")  # the only statements of rosbag2
SQLITE = b"SQLite format 3"
INFO = "rosbag2_bagfile_information"

bound_rosbags()


class GuardedMcap(McapReader):
    """Reader of MCAP files with bounded memory."""

    def open(self) -> None:
        """Open the file; BagError if it needs too much memory."""
        if isinstance(self.path, Path):
            check_plain(self.path)
        super().open()
        check_overlap(self.chunks)


class GuardedSqlite(Sqlite3Reader):
    """Reader of SQLite files without programs (views, triggers, generated columns)."""

    def open(self) -> None:
        """Open the file; BagError if rosbag2 did not write it."""
        assert isinstance(self.path, Path)
        check_plain(self.path)
        check_database(self.path)
        super().open()
        assert self.dbconn is not None
        self.dbconn.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_MESSAGE)


class GuardedFolder(DirectoryReader):
    """Reader of a rosbag2 folder, without files outside of it."""

    STORAGE_PLUGINS = {"mcap": GuardedMcap, "sqlite3": GuardedSqlite}  # noqa: RUF012

    def open(self) -> None:
        """Open the files that the metadata lists; BagError if one is outside the folder."""
        assert isinstance(self.path, Path)
        check_folder(self.path)
        super().open()


class GuardedReader(Reader):
    """Reader of a folder, an .mcap or a .db3 file."""

    STORAGE_PLUGINS = {  # noqa: RUF012
        "dir": GuardedFolder,
        ".mcap": GuardedMcap,
        ".db3": GuardedSqlite,
    }


def check_plain(file: Path) -> None:
    """Raise BagError unless it is a regular file: a pipe never ends."""
    if not file.is_file():
        raise BagError(f"{file.name} is no file; copy the bag again")


def check_folder(bag: Path) -> None:
    """Raise BagError for a folder with bad metadata, or metadata with files outside of it."""
    file = bag / "metadata.yaml"
    check_plain(file)
    size = file.stat().st_size
    if size > MAX_METADATA:
        raise BagError(f"metadata.yaml of {size} bytes, of {MAX_METADATA} at most; is it one?")
    values: Any = read_yaml(file.read_text(), MAX_METADATA)
    try:
        names = [PurePath(name).name for name in values[INFO]["relative_file_paths"]]
    except (KeyError, TypeError):
        return  # rosbags gives the reason
    for name in ("metadata.yaml", *names):
        if (bag / name).resolve().parent != bag.resolve():
            raise BagError(f"{name} leads outside the bag; name the file itself, or copy it there")


def check_overlap(chunks: Iterable[ChunkInfo]) -> None:
    """Raise BagError if too many bytes overlap in time: they are sorted in memory."""
    steps = sorted(
        step
        for each in chunks
        for step in (
            (each.message_start_time, 0, each.uncompressed_size),
            (each.message_end_time, 1, -each.uncompressed_size),
        )
    )
    together = 0
    for _, _, size in steps:
        together += size
        if together > MAX_AT_ONCE:
            raise BagError(
                f"more than {MAX_AT_ONCE} bytes in chunks at once; sort it with `mcap sort`"
            )


def check_database(file: Path) -> None:
    """Raise BagError for SQLite that has programs, is cut, or has an unsafe name.

    Views, triggers and generated columns are programs: a few bytes of them may run forever, or
    make messages of a gigabyte.
    """
    if any(letter in str(file) for letter in "%?#"):  # rosbags does not quote it
        raise BagError(f"{file.name} has a path with one of % ? # in it; give it a plain name")
    _check_pages(file)
    address = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as database:
        database.execute("PRAGMA trusted_schema = OFF")
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master"):
            made = kind in ("table", "index") and (sql or PLAIN[1]).upper().startswith(PLAIN)
            if not made or (kind == "table" and _has_programs(database, name)):
                raise BagError(
                    f"{file.name} holds {kind} {name[:40]!r}, which is not what rosbag2 makes"
                )


def _has_programs(database: sqlite3.Connection, table: str) -> bool:
    columns = database.execute("SELECT hidden FROM pragma_table_xinfo(?)", (table,))
    return any(hidden for (hidden,) in columns)


def _check_pages(file: Path) -> None:
    """Raise BagError for a cut last page: SQLite silently fills it with zeros."""
    with file.open("rb") as stream:
        head = stream.read(18)
    page = int.from_bytes(head[16:18], "big")
    # The size 64 KiB does not fit 16 bits: it is written as 1.
    page = 1 << 16 if page == 1 else page
    if head.startswith(SQLITE) and (not page or file.stat().st_size % page):
        raise BagError(f"{file.name} is cut within a page")
