"""MCAP files that were cut, or are still being written, read up to their last whole record.

Such a file lacks the footer that points to the index. A footer without an index makes readers scan
the records instead (https://mcap.dev/spec).
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO, cast

MAGIC = b"\x89MCAP0\r\n"
RECORD = struct.Struct("<BQ")  # kind, and bytes that follow
FOOTER = RECORD.pack(2, 20) + struct.pack("<QQI", 0, 0, 0) + MAGIC


def is_cut(path: Path) -> bool:
    """Whether a file has the start of an MCAP file, but not the end."""
    if path.suffix != ".mcap" or not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return False
        file.seek(-len(MAGIC), os.SEEK_END)
        return file.read() != MAGIC


class CutMcap:
    """A path for `rosbags` to the whole records of a cut file, followed by a footer."""

    def __init__(self, path: Path) -> None:
        """Find the end of the last whole record; records that are added later are ignored."""
        self._path = path
        self._end = _whole_records(path)
        self.suffix = path.suffix

    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path.exists()

    def is_dir(self) -> bool:
        """False: it is a file."""
        return False

    def open(self, _mode: str = "rb") -> BinaryIO:
        """Open the whole records and the footer for reading."""
        return cast(BinaryIO, io.BufferedReader(_Joined(self._path, self._end), 1 << 20))


class _Joined(io.RawIOBase):
    """The start of a file and a footer, as one stream."""

    def __init__(self, path: Path, end: int) -> None:
        self._file = path.open("rb")
        self._end = end
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        self._position = start.get(whence, self._end + len(FOOTER)) + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        inside = self._position - self._end
        if inside >= 0:
            data = FOOTER[inside : inside + len(buffer)]
        else:
            self._file.seek(self._position)
            data = self._file.read(min(len(buffer), -inside))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _whole_records(path: Path) -> int:
    """The position of the end of the last whole record."""
    size, end = path.stat().st_size, len(MAGIC)
    with path.open("rb") as file:
        while True:
            file.seek(end)
            head = file.read(RECORD.size)
            if len(head) < RECORD.size:
                return end
            kind, length = RECORD.unpack(head)
            # Kind 0 is invalid: zeros on the disk where data was never written.
            if kind == 0 or end + RECORD.size + length > size:
                return end
            end += RECORD.size + length
