"""The images on a topic of a bag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from segnet_model.bags.images import RawMessage, parse, to_ids, to_rgb
from segnet_model.bags.messages import IMAGE, stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import ImageError
from segnet_model.datasets.sources.frame import Frame, Key
from segnet_model.datasets.sources.source import Source


@dataclass(frozen=True, eq=False, kw_only=True)
class BagFrame(Frame):
    """A frame that knows its message."""

    raw: RawMessage
    message: Any

    def ids(self) -> np.ndarray:
        """(H, W) uint8 class ids; ImageError where it is malformed or not mono8."""
        return to_ids(self.message)


class BagSource(Source):
    """A topic with images.

    Attributes:
        reader: the open bag.
    """

    shares_clock = True

    def __init__(
        self,
        path: Path,
        topic: str | None = None,
        *,
        besides: str = "",
        cut_ok: bool = False,
        name_topic: bool = False,
    ) -> None:
        """Name it; see `open_source`."""
        super().__init__(path, topic or "")
        self.reader = BagReader(path, cut_ok=cut_ok)
        self._besides, self._cut_ok = besides, cut_ok
        self._name_topic = name_topic

    def __enter__(self) -> BagSource:
        """Open the bag.

        Raises:
            BagError: it is damaged, or has no such topic.
        """
        self._size = self._size_now()
        self.reader.__enter__()
        try:
            self.topic = self.reader.choose_image_topic(self.topic or None, self._besides)
        except BaseException:
            self.reader.__exit__()
            raise
        self.start_ns, self.end_ns = self.reader.start_ns, self.reader.end_ns
        return self

    def __exit__(self, *error: object) -> None:
        """Close the bag."""
        self.reader.__exit__(*error)

    def again(self) -> BagSource:
        """The same bag, to be opened once more; bad frames are counted together."""
        other = BagSource(self.path, self.topic, cut_ok=self._cut_ok)
        other.rejected = self.rejected
        return other

    def is_whole(self) -> bool:
        """Whether the bag was not cut, and has not grown since it was opened."""
        return not self.reader.cut and self._size == self._size_now()

    def messages(self, *topics: str) -> Iterator[RawMessage]:
        """The messages of these topics, or of all, that were received in the part.

        Raises:
            BagError: the bag is damaged, or has no such topic.
        """
        begin, end = self._window
        for raw in self.reader.messages(*topics):
            if raw.receive_ns >= end:
                return
            if raw.receive_ns >= begin:
                yield raw

    def frames_of(self, topic: str) -> Iterator[BagFrame]:
        """The messages with images, or labels, of a topic in the order of their reception.

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
        """The frames of a topic with class ids; BagError, at once, where it has no Images."""
        self.reader.check_topic(topic, (IMAGE,))
        return self.frames_of(topic)

    def frame(self, raw: RawMessage, suffixes: tuple[str, ...] = ("",)) -> BagFrame:
        """The frame in a message; ImageError where it is malformed."""
        message = parse(raw)
        stamp = stamp_ns(message.header) or raw.receive_ns
        return BagFrame(
            Key(self.id, raw.topic, stamp, raw.receive_ns),
            str(stamp),
            stamp,
            raw.receive_ns,
            lambda: to_rgb(message, raw.type),
            suffixes,
            raw=raw,
            message=message,
        )

    def _read(self) -> Iterator[Frame]:
        return self.frames_of(self.topic)

    def _suffixes(self, topic: str) -> tuple[str, ...]:
        # "-" does not occur in ROS names, so that no two topics become one.
        short = quote(topic.strip("/"), safe="/").replace("/", "-")
        bag = quote(self.path.resolve().stem, safe="", errors="surrogateescape")
        plain = () if self._name_topic else ("",)
        return (*plain, f"_{short}", f"_{short}_{bag}")

    def _size_now(self) -> int:
        """Bytes of the bag's files at this moment."""
        files = self.path.glob("*") if self.path.is_dir() else [self.path]  # others lie below it
        size = 0
        for file in files:
            with suppress(OSError):  # a recorder's temporary files come and go
                size += file.stat().st_size if file.is_file() else 0
        return size
