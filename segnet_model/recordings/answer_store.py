"""Answers of a labeling that was stopped, kept beside its output until that is whole.

SQLite keeps each answer whole or not at all, whenever the process or the machine ends.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.undo import make_folders
from segnet_model.datasets.sources import Frame

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

logger = logging.getLogger(__name__)
ENDING = ".answers"
BESIDE = ("-wal", "-shm", "-journal")  # that SQLite writes
APPLICATION = 0x5E67E7  # marks the file in SQLite's header
# Masks shrink to a tenth, quickly; the checksum shows damage, for which SQLite has none.
PACKING = {
    int(zstd.CompressionParameter.compression_level): 1,
    int(zstd.CompressionParameter.checksum_flag): 1,
}
_LENGTHS = struct.Struct("<HI")  # of a name and of its message


@dataclass(frozen=True)
class Written:
    """All that is kept of an answer.

    Attributes:
        messages: serialized, by output.
        distrust: see `Answer.distrust`.
        place: see `PlaceMonitor.newest`.
        context: of an answer that was made in a piece of the recording; see `piece_store`.
    """

    messages: Mapping[str, bytes]
    distrust: str
    place: float | None = None
    context: bytes = b""


class AnswerStore:
    """The answers so far, in the order of their images; a context manager that closes them.

    `take` may run in a thread of its own: it reads up to the first image without an answer, and
    `add` goes on from there.

    Attributes:
        kept: number of answers that an earlier labeling left.
        taken: number of them that were taken.
    """

    def __init__(self, path: Path, job: Mapping[str, Any]) -> None:
        """Open the answers of the same work, or start without any.

        Args:
            path: of the file.
            job: everything that the answers depend on, as JSON knows it.

        Raises:
            SettingsError: another process writes to the file, or it is of another program.
            BagError: it is damaged, or cannot be written.
        """
        self._path, self.taken, self._ended = path, 0, False
        with self._errors():
            make_folders(path.parent)
            is_new = not path.exists()
            self._database = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
                self._start(json.dumps(job, sort_keys=True))
            except BaseException:
                self._database.close()
                if is_new and not path.stat().st_size:  # as on a full disk
                    path.unlink()
                raise

    def __enter__(self) -> AnswerStore:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file; one without answers is removed."""
        empty = False
        with suppress(sqlite3.Error):  # the disk may fail, or `remove` has closed the file
            empty = not self._one("SELECT COUNT(*) FROM answers")
        if empty:
            self.remove()
        self._database.close()

    def remove(self) -> None:
        """Remove the file."""
        self._database.close()
        for end in ("", *BESIDE):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    def take(self, frame: Frame) -> Written | None:
        """The answer to the next frame; None where it has to be made.

        The network may refuse a frame, which has no answer then, and answer the next one.
        """
        if self._ended:
            return None
        query = (
            "SELECT receive_ns, stamp_ns, messages, distrust, place FROM answers WHERE number = ?"
        )
        with self._errors():
            row = self._database.execute(query, (self.taken + 1,)).fetchone()
            if row is None or row[:2] != (frame.receive_ns, frame.stamp_ns):
                return None
            self.taken += 1
            return Written(dict(_unpacked(row[2])), str(row[3]), row[4])

    def end(self) -> None:
        """Take no more answers, because a new one was made."""
        if not self._ended:
            self._ended = True
            with self._errors():
                self._database.execute("DELETE FROM answers WHERE number > ?", (self.taken,))

    def add(self, frame: Frame, written: Written) -> None:
        """Add an answer after the last one; BagError where the disk is full."""
        insert = "INSERT INTO answers VALUES (NULL, ?, ?, ?, ?, ?)"
        packed, times = _packed(written.messages), (frame.receive_ns, frame.stamp_ns)
        with self._errors():
            self._database.execute(insert, (*times, packed, written.distrust, written.place))

    def _prepare(self) -> None:
        """Lock the file and make its tables."""
        execute = self._database.execute
        mark = self._one("PRAGMA application_id")
        if mark != APPLICATION and self._one("SELECT COUNT(*) FROM sqlite_master"):
            raise SettingsError(f"{self._path} is of another program; move it away")
        for line in (
            "PRAGMA locking_mode = EXCLUSIVE",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = NORMAL",  # a power cut may cost the last answers, no others
            f"PRAGMA application_id = {APPLICATION}",
            "CREATE TABLE IF NOT EXISTS job (text TEXT)",
            "CREATE TABLE IF NOT EXISTS answers (number INTEGER PRIMARY KEY, receive_ns INTEGER, "
            "stamp_ns INTEGER, messages BLOB, distrust TEXT, place REAL)",
        ):
            execute(line)

    def _start(self, job: str) -> None:
        """Keep the answers of the same work, and forget others."""
        row = self._database.execute("SELECT text FROM job").fetchone()
        changed = _changed(json.loads(row[0]), json.loads(job)) if row else ()
        if changed:
            logger.warning(
                "the answers of a labeling that was stopped are not used: %s changed",
                ", ".join(changed),
            )  # fmt: skip
        if changed or not row:
            self._database.execute("DELETE FROM answers")
            self._database.execute("DELETE FROM job")
            self._database.execute("INSERT INTO job VALUES (?)", (job,))
        self.kept = int(self._one("SELECT COUNT(*) FROM answers"))

    def _one(self, query: str) -> Any:
        return self._database.execute(query).fetchone()[0]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise SettingsError(
                    f"another labeling writes to {self._path}; wait for it, or give another --out"
                ) from None
            raise BagError(
                f"cannot write {self._path}: {error}; is the disk full or not writable?"
            ) from None
        except OSError as error:
            raise BagError(
                f"cannot make the folder of {self._path}: {error}; give another --out"
            ) from None
        except (sqlite3.Error, ValueError, struct.error, zstd.ZstdError) as error:
            raise BagError(
                f"{self._path}, with the answers of a labeling that was stopped, is damaged "
                f"({error}); remove it to start anew"
            ) from None


def path_beside(out: Path) -> Path:
    """The path of the answers for an output that is not whole yet."""
    out = out.absolute()
    return out.with_name(f".{out.name}{ENDING}")


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name in {**before, **now} if before.get(name) != now.get(name)]


def _packed(messages: Mapping[str, bytes]) -> bytes:
    parts = []
    for name, data in messages.items():
        parts += [_LENGTHS.pack(len(name), len(data)), name.encode(), data]
    return zstd.compress(b"".join(parts), options=PACKING)


def _unpacked(packed: bytes) -> Iterator[tuple[str, bytes]]:
    data, at = zstd.decompress(packed), 0
    while at < len(data):
        name_size, size = _LENGTHS.unpack_from(data, at)
        at += _LENGTHS.size + name_size + size
        yield data[at - size - name_size : at - size].decode(), data[at - size : at]
