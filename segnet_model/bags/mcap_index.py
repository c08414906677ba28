"""All that is known of an MCAP file before its messages are read."""

from __future__ import annotations

import io
import struct
from array import array
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from segnet_model.bags import mcap_records as mcap
from segnet_model.bags.kinds import MCAP
from segnet_model.bags.mcap_records import Fields, Record, read_chunk, read_record, records
from segnet_model.bags.storage import CDR, DEFINITIONS


@dataclass(frozen=True)
class Schema:
    """The type of a channel's messages."""

    name: str
    encoding: str
    text: bytes


@dataclass(frozen=True)
class Channel:
    """A topic of one publisher."""

    schema: Schema | None
    topic: str
    encoding: str
    metadata: bytes

    @property
    def is_ros2(self) -> bool:
        """Whether messages are CDR of a type of ROS 2."""
        known = self.schema is not None and self.schema.encoding in DEFINITIONS
        return self.encoding == CDR and known


@dataclass(frozen=True)
class Chunk:
    """A chunk of messages."""

    start_ns: int
    end_ns: int
    begin: int  # byte of the record
    end: int
    size: int  # unpacked
    channels: Collection[int] | None  # None where they are unknown


@dataclass
class Index:
    """Channels, chunks and numbers of messages."""

    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    counts: Counter[int] = field(default_factory=Counter)  # messages by channel
    start_ns: int = 0
    end_ns: int = -1  # of the last message
    # Receive time, place and size of each message outside of chunks.
    loose: list[array[int]] = field(default_factory=lambda: [array("Q") for _ in range(3)])

    def add(self, file: BinaryIO, record: Record) -> None:
        """Add a schema or a channel; other records are ignored."""
        if record.kind not in (mcap.SCHEMA, mcap.CHANNEL):
            return
        fields = Fields(read_record(file, record))
        if record.kind == mcap.SCHEMA:
            (number,) = fields.numbers("H")
            self.schemas[number] = Schema(fields.text(), fields.text(), fields.bytes())
        else:
            number, schema = fields.numbers("HH")
            self.channels[number] = Channel(
                self.schemas.get(schema), fields.text(), fields.text(), fields.bytes()
            )

    def add_time(self, first: int, last: int) -> None:
        """Extend the time of the file."""
        self.start_ns = first if self.end_ns < 0 else min(self.start_ns, first)
        self.end_ns = max(self.end_ns, last)


def read_index(file: BinaryIO, size: int, cut: bool) -> Index:
    """Read the index of a file, or make it of all records where it has none.

    Args:
        file: the MCAP file.
        size: of it, in bytes.
        cut: whether it may lack its end.

    Raises:
        BagError: a chunk is too large.
        ValueError: the file is damaged.
    """
    if cut:
        return _scan(file, mcap.end_of_whole_records(file, size))
    end = size - mcap.FOOTER_SIZE
    [footer] = records(file, end, size - len(MCAP))
    if footer.kind != mcap.FOOTER:
        raise ValueError("it has no footer")
    (summary,) = Fields(read_record(file, footer)).numbers("Q")
    index = None
    if summary:
        with suppress(ValueError, struct.error):  # all that it tells is in the records, too
            index = _summary(file, summary, end)
    return index or _scan(file, end)


def _summary(file: BinaryIO, start: int, end: int) -> Index | None:
    """The index at the end of a file; None where it is not complete."""
    index, totals = Index(), None
    for record in records(file, start, end):
        index.add(file, record)
        if record.kind == mcap.CHUNK_INDEX:
            index.chunks.append(_indexed(Fields(read_record(file, record))))
        elif record.kind == mcap.STATISTICS:
            fields = Fields(read_record(file, record))
            totals = fields.numbers("QHIIIIQQ")
            index.counts.update(fields.pairs("HQ"))
    return index if totals is not None and _is_complete(index, totals) else None


def _is_complete(index: Index, totals: tuple[int, ...]) -> bool:
    """Whether the summary agrees with its statistics, whose time it takes over."""
    messages, _, channels, _, _, chunks, first, last = totals
    if messages:
        index.add_time(first, last)
    return (
        len(index.channels) == channels
        and len(index.chunks) == chunks
        and (chunks > 0 or not messages)
        and sum(index.counts.values()) == messages
        and all(each.schema is not None or each.encoding != CDR for each in index.channels.values())
    )


def _indexed(fields: Fields) -> Chunk:
    first, last, start, length = fields.numbers("QQQQ")
    channels = fields.pairs("HQ")  # empty where the messages have no index
    fields.numbers("Q")
    fields.text()
    _, size = fields.numbers("QQ")
    return Chunk(first, last, start, start + length, size, tuple(channels) or None)


def _scan(file: BinaryIO, end: int) -> Index:
    """The index of a file that has none."""
    index = Index()
    for record in records(file, len(MCAP), end):
        if record.kind == mcap.CHUNK:
            _scan_chunk(index, file, record)
        elif record.kind == mcap.MESSAGE:
            channel, time = mcap.message_head(file, record)
            index.counts[channel] += 1
            index.add_time(time, time)
            for column, value in zip(index.loose, (time, record.start, record.size), strict=True):
                column.append(value)
        elif record.kind == mcap.END:
            break
        else:
            index.add(file, record)
    return index


def _scan_chunk(index: Index, file: BinaryIO, record: Record) -> None:
    inside = read_chunk(file, record)
    size = inside.seek(0, io.SEEK_END)
    counts: Counter[int] = Counter()
    first, last = 1 << 64, -1
    for each in records(inside, 0, size):
        if each.kind == mcap.MESSAGE:
            channel, time = mcap.message_head(inside, each)
            counts[channel] += 1
            first, last = min(first, time), max(last, time)
        else:
            index.add(inside, each)
    if counts:
        index.counts += counts
        index.add_time(first, last)
        begin, end = record.start - mcap.RECORD.size, record.start + record.size
        index.chunks.append(Chunk(first, last, begin, end, size, tuple(counts)))
