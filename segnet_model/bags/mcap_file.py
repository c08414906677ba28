"""MCAP recordings, with an index or without, whole or cut."""

from __future__ import annotations

import heapq
import io
import logging
from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter
from pathlib import Path

import numpy as np
from rosbags.interfaces import Connection, MessageDefinition

from segnet_model.bags import mcap_records as mcap
from segnet_model.bags.mcap_index import Channel, Chunk, read_index
from segnet_model.bags.mcap_records import Fields, Record, is_cut, read_chunk, records
from segnet_model.bags.storage import CDR, DEFINITIONS, connection
from segnet_model.base.errors import BagError

logger = logging.getLogger(__name__)
MAX_AT_ONCE = 1 << 30  # bytes in memory of chunks that overlap in time
_Message = tuple[int, int, bytes]  # receive time, channel and CDR


class McapFile:
    """An open .mcap file; see `Storage`."""

    def __init__(self, path: Path, *, cut_ok: bool = False) -> None:
        """Open the file; a cut one up to its last whole record, if that is allowed.

        Raises:
            BagError: it needs too much memory, or was cut.
            ValueError: it is damaged.
        """
        self.cut = is_cut(path)
        if self.cut and not cut_ok:
            raise BagError(
                f"{path.name} was cut, or is still being recorded; save what is whole with `mcap "
                f"recover {path.name} -o whole.mcap`"
            )
        self._file = path.open("rb")
        try:
            self._index = read_index(self._file, path.stat().st_size, self.cut)
            check_overlap(self._index.chunks)
            channels = self._index.channels.items()
            self.connections = [self._connection(*each) for each in channels if each[1].is_ros2]
            self.passed_over = {c.topic: _encoding(c) for _, c in channels if not c.is_ros2}
            self._warn_of_lost(path)
        except BaseException:
            self.close()
            raise
        self.start_ns, self.end_ns = self._index.start_ns, self._index.end_ns + 1

    def _warn_of_lost(self, path: Path) -> None:
        index = self._index
        lost = sum(count for each, count in index.counts.items() if each not in index.channels)
        if lost:
            logger.warning(
                "%s has %d messages that belong to none of its channels; they are passed over",
                path, lost,
            )  # fmt: skip

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def messages(
        self, connections: Collection[Connection], since_ns: int = 0
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Messages of some of the connections with receive times, in their order."""
        chosen = {each.id: each for each in connections}
        parts = [
            self._messages_of(chunk, chosen)
            for chunk in self._index.chunks
            if chunk.end_ns >= since_ns
            and (chunk.channels is None or not chosen.keys().isdisjoint(chunk.channels))
        ]
        loose = self._loose(chosen, since_ns)
        for time, number, data in heapq.merge(*parts, loose, key=itemgetter(0)):
            if number >= 0 and time >= since_ns:
                yield chosen[number], time, data

    def _messages_of(self, chunk: Chunk, chosen: Collection[int]) -> Iterator[_Message]:
        """Messages of a chunk in order, after a mark that keeps it packed until its time comes."""
        yield chunk.start_ns, -1, b""
        [record] = records(self._file, chunk.begin, chunk.end)
        inside, found = read_chunk(self._file, record), []
        for each in records(inside, 0, inside.seek(0, io.SEEK_END)):
            if each.kind == mcap.MESSAGE:
                channel, time = mcap.message_head(inside, each)
                if channel in chosen:
                    found.append((time, channel, mcap.message_data(inside, each)))
        yield from sorted(found, key=itemgetter(0))

    def _loose(self, chosen: Collection[int], since_ns: int) -> Iterator[_Message]:
        """Messages outside of chunks, in order."""
        times, starts, sizes = (np.asarray(column, np.uint64) for column in self._index.loose)
        order = np.argsort(times, kind="stable")
        for each in order[times[order] >= since_ns]:
            record = Record(mcap.MESSAGE, int(starts[each]), int(sizes[each]))
            channel, time = mcap.message_head(self._file, record)
            if channel in chosen:
                yield time, channel, mcap.message_data(self._file, record)

    def _connection(self, number: int, channel: Channel) -> Connection:
        assert channel.schema is not None
        text = channel.schema.text.decode()
        return connection(
            number, channel.topic, channel.schema.name, self._index.counts[number],
            MessageDefinition(DEFINITIONS[channel.schema.encoding], text),
            qos=_offered_qos(channel.metadata),
        )  # fmt: skip


def _encoding(channel: Channel) -> str:
    """The encoding of a channel's messages, or of its schema where that is the stranger."""
    if channel.encoding == CDR:
        return channel.schema.encoding if channel.schema is not None else "without a type"
    return channel.encoding or "of no known encoding"


def _offered_qos(metadata: bytes) -> str:
    fields = Fields(metadata)
    while fields.at < len(metadata):
        key, value = fields.bytes(), fields.bytes()
        if key == b"offered_qos_profiles":
            return value.decode()
    return ""


def check_overlap(chunks: Iterable[Chunk]) -> None:
    """Raise BagError if too many bytes overlap in time: they are sorted in memory."""
    steps = sorted(
        step
        for each in chunks
        for step in ((each.start_ns, 0, each.size), (each.end_ns, 1, -each.size))
    )
    together = 0
    for _, _, size in steps:
        together += size
        if together > MAX_AT_ONCE:
            raise BagError(
                f"more than {MAX_AT_ONCE} bytes in chunks at once; sort it with `mcap sort`"
            )
