"""The records of MCAP files: https://mcap.dev/spec."""

from __future__ import annotations

import io
import os
import struct
from binascii import crc32
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from segnet_model.bags.kinds import MCAP
from segnet_model.bags.unpacking import MAX_CHUNK, unpack_chunk
from segnet_model.base.errors import BagError

HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK = 1, 2, 3, 4, 5, 6
CHUNK_INDEX, STATISTICS, END = 8, 11, 15
RECORD = struct.Struct("<BQ")  # kind, and bytes that follow
MESSAGE_HEAD = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
MAX_CHUNK_HEAD = 256  # bytes before the messages: numbers, and the name of the compression
FOOTER_SIZE = RECORD.size + 20 + len(MCAP)


@dataclass(frozen=True)
class Record:
    """The place of a record's content."""

    kind: int
    start: int  # byte
    size: int  # bytes


class Fields:
    """The fields of a record, one after the other; ValueError where it is too short.

    Attributes:
        at: byte of the next one.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def numbers(self, layout: str) -> tuple[int, ...]:
        """Numbers in struct's layout, little-endian."""
        size = struct.calcsize(f"<{layout}")
        if self.at + size > len(self._data):
            raise ValueError("a record ends within a number")
        found = struct.unpack_from(f"<{layout}", self._data, self.at)
        self.at += size
        return found

    def bytes(self, layout: str = "I") -> bytes:
        """Bytes after their number."""
        (size,) = self.numbers(layout)
        left = len(self._data) - self.at
        if size > left:
            raise ValueError(f"expected {size} bytes, got {left}")
        self.at += size
        return self._data[self.at - size : self.at]

    def text(self) -> str:
        """UTF-8 after the number of its bytes."""
        return self.bytes().decode()

    def pairs(self, layout: str) -> dict[int, int]:
        """Pairs of numbers after the number of their bytes."""
        return dict(struct.iter_unpack(f"<{layout}", self.bytes()))


def records(file: BinaryIO, start: int, end: int) -> Iterator[Record]:
    """The records between two bytes of a file; ValueError where one ends after them."""
    while start < end:
        file.seek(start)
        head = file.read(RECORD.size)
        if len(head) < RECORD.size:
            raise ValueError(f"a record is cut at byte {start}")
        kind, size = RECORD.unpack(head)
        start += RECORD.size
        if start + size > end:
            raise ValueError(f"a record at byte {start}: expected {size} bytes, got {end - start}")
        yield Record(kind, start, size)
        start += size


def read_record(file: BinaryIO, record: Record) -> bytes:
    """The content of a record."""
    file.seek(record.start)
    return file.read(record.size)


def message_head(file: BinaryIO, record: Record) -> tuple[int, int]:
    """Channel and receive time of a message; ValueError where it is too short."""
    if record.size < MESSAGE_HEAD.size:
        raise ValueError(f"a message of {record.size} bytes has no head")
    file.seek(record.start)
    channel, _, time, _ = MESSAGE_HEAD.unpack(file.read(MESSAGE_HEAD.size))
    return channel, time


def message_data(file: BinaryIO, record: Record) -> bytes:
    """The CDR of a message."""
    file.seek(record.start + MESSAGE_HEAD.size)
    return file.read(record.size - MESSAGE_HEAD.size)


def read_chunk(file: BinaryIO, record: Record) -> io.BytesIO:
    """Unpack a chunk.

    Raises:
        BagError: it is too large, or its unpacked size is not as announced.
        ValueError: its checksum is wrong.
    """
    if record.size > MAX_CHUNK:
        raise BagError(
            f"a chunk of {record.size} bytes, of {MAX_CHUNK} at most; record smaller ones"
        )
    file.seek(record.start)
    head = Fields(file.read(min(record.size, MAX_CHUNK_HEAD)))
    _, _, size, checksum = head.numbers("QQQI")
    compression, (packed,) = head.text(), head.numbers("Q")
    if head.at + packed > record.size:
        raise ValueError(f"a chunk: expected {packed} bytes, got {record.size - head.at}")
    file.seek(record.start + head.at)
    data = unpack_chunk(compression, file.read(packed), size)
    if checksum and crc32(data) != checksum:
        raise ValueError("the checksum of a chunk is wrong")
    return io.BytesIO(data)


def is_cut(path: Path) -> bool:
    """Whether a file has the start of an MCAP file, but not the end."""
    with path.open("rb") as file:
        if file.read(len(MCAP)) != MCAP:
            return False
        file.seek(-len(MCAP), os.SEEK_END)
        return file.read() != MCAP or file.tell() < len(MCAP) + FOOTER_SIZE


def end_of_whole_records(file: BinaryIO, size: int) -> int:
    """The byte after the last whole record of a file that was cut."""
    end = len(MCAP)
    with suppress(ValueError):
        for record in records(file, end, size):
            if record.kind == 0:  # zeros on the disk where data was never written
                break
            end = record.start + record.size
    return end
