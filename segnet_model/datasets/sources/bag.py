"""The images on a topic of a bag."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.bags.images import RawMessage, decode_packet, parse, to_ids, to_rgb
from segnet_model.bags.messages import FFMPEG_PACKET, IMAGE, stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.bags.sqlite_file import beside
from segnet_model.base.errors import ImageError
from segnet_model.base.rejected import Rejected
from segnet_model.datasets.sources.frame import Frame, Key, escape
from segnet_model.datasets.sources.source import Source
from segnet_model.images.sample_bits import SampleBits
from segnet_model.images.video_packets import PacketDecoder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, kw_only=True)
class BagFrame(Frame):
    """A frame with its message."""

    raw: RawMessage
    message: Any

    def ids(self) -> np.ndarray:
        """Decode to (H, W) uint8 class ids; ImageError where it is malformed or not mono8."""
        return to_ids(self.message)


class BagSource(Source):
    """An image topic of a bag.

    Attributes:
        reader: the open bag.
    """

    wall_clock = True

    def __init__(
        self,
        path: Path,
        topic: str | None = None,
        *,
        exclude: str = "",
        cut_ok: bool = False,
        name_topic: bool = False,
    ) -> None:
        """Set the path; see `open_source`."""
        super().__init__(path, topic or "")
        self.reader = BagReader(path, cut_ok=cut_ok)
        self._exclude, self._name_topic = exclude, name_topic
        self._bits: dict[str, SampleBits] = {}  # by topic

    def __enter__(self) -> BagSource:
        """Open the bag.

        Raises:
            BagError: it is damaged, or has no such topic.
        """
        self._size = self._size_on_disk()
        self.reader.__enter__()
        try:
            self.topic = self.reader.choose_image_topic(self.topic or None, self._exclude)
        except BaseException:
            self.reader.__exit__()
            raise
        self.start_ns, self.end_ns = self.reader.start_ns, self.reader.end_ns
        return self

    def __exit__(self, *error: object) -> None:
        """Close the bag."""
        self.reader.__exit__(*error)

    def with_topic(self, topic: str) -> BagSource:
        """Another image topic of the same open bag, whose bad frames are counted apart.

        Raises:
            BagError: it is not in the bag, or holds no images.
        """
        other = copy(self)
        other.topic, other.rejected = self.reader.choose_image_topic(topic), Rejected()
        return other

    def is_complete(self) -> bool:
        """Whether the bag was not cut, and has not grown since it was opened."""
        return not self.reader.cut and self._size == self._size_on_disk()

    def messages(self, *topics: str) -> Iterator[RawMessage]:
        """Messages of these topics, or of all, that were received within the part.

        Raises:
            BagError: the bag is damaged, or has no such topic.
            SettingsError: the topic is a video, and PyAV is not installed.
        """
        messages = self.reader.messages(*topics, since_ns=self._since_ns)
        return self._in_part(self._with_video(messages))

    @property
    def is_video(self) -> bool:
        """Whether an image builds on those before it, so that all are decoded."""
        return self.reader.topics[self.topic].type == FFMPEG_PACKET

    @property
    def _since_ns(self) -> int:
        """Receive time from which messages are read: the part's, or a video's first packet."""
        return 0 if self.is_video else int(max(0, self._window[0]))

    def _with_video(self, messages: Iterator[RawMessage]) -> Iterator[RawMessage]:
        """Decode all packets of a video, as an image builds on those before it."""
        if not self.is_video:
            yield from messages
            return
        decoder = PacketDecoder()
        for raw in messages:
            yield decode_packet(raw, decoder) if raw.topic == self.topic else raw

    def frames_of(self, topic: str) -> Iterator[BagFrame]:
        """Frames of a topic of images or labels, in the order of reception.

        Raises:
            BagError: there is no such topic, or the bag is damaged.
        """
        suffixes = self._suffixes(topic)
        for raw in self.messages(topic):
            try:
                yield self.frame(raw, suffixes)
            except ImageError as error:
                self.reject(error)

    def labels_of(self, topic: str) -> Iterator[BagFrame]:
        """Frames of a topic with class ids; BagError, at once, where it has no Images."""
        self.reader.check_topic(topic, (IMAGE,))
        return self.frames_of(topic)

    def frame(self, raw: RawMessage, suffixes: tuple[str, ...] = ("",)) -> BagFrame:
        """Make a frame from a message; ImageError where it is malformed."""
        message = parse(raw)
        stamp = stamp_ns(message.header) or raw.receive_ns
        bits = self._bits.setdefault(raw.topic, SampleBits(partial(self._report, raw.topic)))
        return BagFrame(
            Key(self.id, raw.topic, stamp, raw.receive_ns),
            str(stamp),
            stamp,
            raw.receive_ns,
            raw.decode or (lambda: to_rgb(message, raw.type, bits)),
            suffixes,
            raw=raw,
            message=message,
        )

    @property
    def deep(self) -> bool:
        """Whether an image so far had samples of 16 bits, whose depth depends on those before."""
        return any(each.bits for each in self._bits.values())

    def _read(self) -> Iterator[Frame]:
        return self.frames_of(self.topic)

    def _report(self, topic: str, text: str) -> None:
        logger.warning("%s in %s: %s", topic, self.path, text)

    def _suffixes(self, topic: str) -> tuple[str, ...]:
        # "-" does not occur in ROS names, so topics stay distinct.
        short = escape(topic.strip("/"), safe="/").replace("/", "-")
        bag = escape(self.path.resolve().stem)
        plain = () if self._name_topic else ("",)
        return (*plain, f"_{short}", f"_{short}_{bag}")

    def _size_on_disk(self) -> int:
        """Bytes of the bag's files."""
        wal = beside(self.path, "-wal")  # where SQLite adds messages first
        files = self.path.glob("*") if self.path.is_dir() else [self.path, wal]
        size = 0
        for file in files:
            with suppress(OSError):  # a recorder's temporary files come and go
                size += file.stat().st_size if file.is_file() else 0
        return size
