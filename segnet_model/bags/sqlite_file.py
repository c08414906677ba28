"""SQLite recordings, with the rest that a killed recorder leaves in a file beside them."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
from rosbags.interfaces import Connection, MessageDefinition

from segnet_model.bags.storage import CDR, DEFINITIONS, NO_DEFINITION, connection
from segnet_model.bags.unpacking import MAX_MESSAGE
from segnet_model.base.errors import BagError

PLAIN = ("CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX")  # the only statements of rosbag2
JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  # of a transaction that was not finished
LOGS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # of SQLite, for both orders of bytes
MAX_NAMED = 500  # topics in a query; SQLite has a limit, and more are compared here
logger = logging.getLogger(__name__)


class SqliteFile:
    """An open .db3 file; see `Storage`."""

    cut = False

    def __init__(self, path: Path) -> None:
        """Open the file, with the messages that a killed recorder left in PATH-wal.

        Raises:
            BagError: rosbag2 did not write it, or a transaction was not finished.
        """
        _check_pages(path)
        _check_journal(path)
        _check_log(path)
        self._path = path
        self._database = _open(path)
        try:
            self._check_plain()
            self.connections, self.passed_over = self._topics()
            self.start_ns, self.end_ns = self._times()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def messages(
        self, connections: Collection[Connection], since_ns: int = 0
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Messages of some of the connections with receive times, in their order."""
        chosen = {each.id: each for each in connections}
        values: list[int] = []
        query = "SELECT topic_id, timestamp, data FROM messages WHERE TRUE"
        if since_ns > 0:
            query, values = f"{query} AND timestamp >= ?", [since_ns]
        if len(chosen) <= MAX_NAMED:
            query += f" AND topic_id IN ({','.join('?' * len(chosen))})"
            values += chosen
        for number, time, data in self._database.execute(f"{query} ORDER BY timestamp", values):
            if number not in chosen:
                continue
            if not isinstance(time, int) or not isinstance(data, bytes):
                raise BagError(
                    f"{self._path.name} has a message on {chosen[number].topic} whose time or data "
                    f"is {_kind(time if isinstance(data, bytes) else data)}; the file was changed"
                )
            yield chosen[number], time, data

    def _check_plain(self) -> None:
        """Raise BagError for SQLite that has programs.

        Views, triggers and generated columns are programs: a few bytes of them may run forever, or
        make messages of a gigabyte.
        """
        for kind, name, sql in self._query("SELECT type, name, sql FROM sqlite_master"):
            made = kind in ("table", "index") and (sql or PLAIN[1]).upper().startswith(PLAIN)
            if not made or (kind == "table" and any(self._columns(name).values())):
                raise BagError(
                    f"{self._path.name} holds {kind} {str(name)[:40]!r}, which is not what rosbag2 "
                    "makes"
                )
        if not self._columns("messages") or not self._columns("topics"):
            raise BagError(
                f"{self._path.name} is SQLite but no recording: it has no tables messages and "
                "topics; give the .db3 file of a recording"
            )

    def _columns(self, table: str) -> dict[str, int]:
        """Columns of a table, and whether they are hidden; empty where there is no table."""
        return dict(self._query("SELECT name, hidden FROM pragma_table_xinfo(?)", (table,)))

    def _query(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return list(self._database.execute(query, values))

    def _topics(self) -> tuple[list[Connection], dict[str, str]]:
        counts = dict(self._query("SELECT topic_id, count(*) FROM messages GROUP BY topic_id"))
        known, definitions = self._columns("topics"), self._definitions()
        extras = [
            name if name in known else "''"
            for name in ("offered_qos_profiles", "type_description_hash")
        ]
        query = f"SELECT id, name, type, serialization_format, {', '.join(extras)} FROM topics"
        found: list[Connection] = []
        passed_over: dict[str, str] = {}
        for number, name, kind, encoding, qos, digest in self._query(f"{query} ORDER BY id"):
            count = counts.pop(number, 0)
            if encoding == CDR:
                definition = definitions.get(kind, NO_DEFINITION)
                found.append(connection(number, name, kind, count, definition, digest, qos))
            else:
                passed_over[name] = str(encoding)
        if counts:
            logger.warning(
                "%s has %d messages that belong to none of its topics; they are passed over",
                self._path, sum(counts.values()),
            )  # fmt: skip
        return found, passed_over

    def _definitions(self) -> dict[str, MessageDefinition]:
        """Definitions of the types; recorders before ROS 2 Iron have none."""
        if not self._columns("message_definitions"):
            return {}
        rows = self._query(
            "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions"
        )
        known = (row for row in rows if row[1] in DEFINITIONS)
        return {kind: MessageDefinition(DEFINITIONS[coding], text) for kind, coding, text in known}

    def _times(self) -> tuple[int, int]:
        """The time of the first message, and that after the last one."""
        ((first, last),) = self._query("SELECT min(timestamp), max(timestamp) FROM messages")
        if first is None:
            return 0, 0
        if not isinstance(first, int) or not isinstance(last, int):
            wrong = last if isinstance(first, int) else first
            raise BagError(
                f"{self._path.name} has a message whose time is {_kind(wrong)}; the file was "
                "changed: copy it again, or delete such messages in a copy with sqlite3 COPY "
                "\"DELETE FROM messages WHERE typeof(timestamp) != 'integer'\""
            )
        return first, last + 1


def _open(path: Path) -> apsw.Connection:
    """Open a file to read; nothing is written, neither to it nor beside it."""
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    if _size(beside(path, "-wal")):
        # Without locks, SQLite keeps the index of the second file in memory.
        database = apsw.Connection(address, flags=flags, vfs="unix-none")
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
    else:
        database = apsw.Connection(f"{address}&immutable=1", flags=flags)
    database.execute("PRAGMA trusted_schema = OFF")
    database.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_MESSAGE)
    return database


def _check_pages(file: Path) -> None:
    """Raise ValueError for a cut last page: SQLite silently fills it with zeros."""
    with file.open("rb") as stream:
        head = stream.read(18)
    page = int.from_bytes(head[16:18], "big")
    # The size 64 KiB does not fit 16 bits: it is written as 1.
    page = 1 << 16 if page == 1 else page
    if not page or file.stat().st_size % page:
        raise ValueError(f"{file.name} is cut within a page")


def _check_journal(file: Path) -> None:
    """Raise BagError where a recorder was stopped within a transaction."""
    journal = beside(file, "-journal")
    if not _size(journal):
        return
    with journal.open("rb") as stream:
        unfinished = stream.read(len(JOURNAL)) == JOURNAL
    if unfinished:
        raise BagError(
            f"{journal.name} beside it belongs to it: a transaction that was not finished. Copy "
            f"both, and finish it in the copy: sqlite3 {file.name} 'PRAGMA quick_check'"
        )


def _check_log(file: Path) -> None:
    """Warn of a log that SQLite would pass over in silence, with the messages in it."""
    log = beside(file, "-wal")
    if not _size(log):
        _tell_of_lone_logs(log.parent)
        return
    with log.open("rb") as stream:
        if not stream.read(len(LOGS[0])).startswith(LOGS):
            logger.warning(
                "%s is damaged from its first byte on; the messages that were in it are lost", log
            )


def _tell_of_lone_logs(folder: Path) -> None:
    """Warn of a log whose file was renamed: it holds messages, and SQLite does not find it."""
    for log in sorted(folder.glob("*.db3-wal")):
        if _size(log) and not log.with_name(log.name.removesuffix("-wal")).exists():
            logger.warning(
                "%s holds messages of a file that was renamed; give both the same name again", log
            )


def beside(file: Path, end: str) -> Path:
    """The file that SQLite writes beside another, by the end of its name."""
    # SQLite looks beside the file that a link leads to.
    real = file.resolve()
    return real.with_name(real.name + end)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _kind(value: object) -> str:
    names = {str: "text", bytes: "bytes", float: "a fraction", int: "a number", type(None): "empty"}
    return names.get(type(value), type(value).__name__)
