"""The base of folders, bags and videos: frames in order, a part of them, progress."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from math import inf
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from segnet_model.base.errors import BagError, ImageError, SettingsError
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame
from segnet_model.datasets.sources.frame_filter import FrameFilter

MAX_SECONDS = 1e9
ALL = (-inf, inf)  # the part that is the whole
logger = logging.getLogger(__name__)
Kind = TypeVar("Kind", bound="Source")
Received = TypeVar("Received", bound="_Received")


class _Received(Protocol):
    @property
    def receive_ns(self) -> int: ...


class Source(ABC):
    """Frames that can be iterated more than once; a context manager.

    Attributes:
        path: of the folder, image, bag or video.
        topic: topic of the bag; the file's name of a video, empty for a folder.
        start_ns: time of the first frame, on the clock of `Frame.receive_ns`.
        end_ns: time after the last frame.
        timed: whether frames have times; in a folder, each image counts as one second.
        wall_clock: whether times are since the epoch, so that two sources compare.
        rejected: bad frames so far.
        every_ns: minimum distance of two stamps of `images`.
    """

    timed = True
    wall_clock = False

    def __init__(self, path: Path, topic: str = "") -> None:
        """Set the path; entering the context opens it."""
        self.path, self.topic = path, topic
        self.start_ns = self.end_ns = 0
        self.rejected = Rejected()
        self._window = ALL  # of `Frame.receive_ns`, the end excluded
        self.every_ns = 0

    @abstractmethod
    def __enter__(self: Kind) -> Kind:
        """Open the source; SegNetError where it cannot be read."""

    def __exit__(self, *_: object) -> None:  # noqa: B027 - only a bag stays open
        """Close the source."""

    @abstractmethod
    def _read(self) -> Iterator[Frame]:
        """All frames from the start of the part on, or from before it."""

    @property
    def id(self) -> str:
        """The absolute path, as in manifests."""
        return str(self.path.resolve())

    def receive_ns_of(self, key: tuple[str, int, int]) -> int | None:
        """Time of reception of a frame of this source, by topic, stamp and reception."""
        return key[2]

    def is_complete(self) -> bool:
        """Whether nothing was cut off, and nothing is being added."""
        return True

    def part(
        self: Kind, start: float = 0.0, seconds: float | None = None, every: float = 0.0
    ) -> Kind:
        """A part of an open source; valid while that is open.

        Args:
            start: seconds to leave out at the start.
            seconds: length of the part; None for all.
            every: minimum distance of two stamps of `images`, in seconds.

        Raises:
            SettingsError: one is out of range, or the part begins after the end.
        """
        if not (0 <= start < inf and 0 <= every < inf and (seconds is None or seconds > 0)):
            raise SettingsError(
                f"start {start} and every {every} must be 0 or more, seconds {seconds} more than 0"
            )
        length = (self.end_ns - self.start_ns) / NANOSECONDS
        if start and start >= length:
            raise SettingsError(
                f"start {start} s is after the end of {self.path}, which is {length:.1f} s long"
            )
        result = copy(self)  # with the same open file, and the same count of bad frames
        begin = self.start_ns + round(start * NANOSECONDS) if start else -inf
        span = inf if seconds is None else round(min(seconds, MAX_SECONDS) * NANOSECONDS)
        result._window = (begin, max(begin, self.start_ns) + span)
        result.every_ns = round(every * NANOSECONDS)
        return result

    def between(self: Kind, begin_ns: float, end_ns: float) -> Kind:
        """The part of an open source from a time of reception on, to another, which is excluded."""
        result = copy(self)  # as in `part`
        result._window = (begin_ns, end_ns)
        return result

    def frames(self) -> Iterator[Frame]:
        """All frames of the part, not decoded, in the order of reception."""
        return self._in_part(self._read())

    def images(self) -> Iterator[tuple[Frame, np.ndarray]]:
        """Decode the frames of the part, at the distance `every`; bad frames are counted.

        Yields:
            A frame and its pixels, (H, W, 3) uint8 RGB, may be read-only.
        """
        filter_ = FrameFilter(self.every_ns)
        for frame in self.frames():
            image = None if filter_.is_early(frame.stamp_ns) else self.decode(frame)
            if image is not None:
                filter_.accept(frame.stamp_ns)
                yield frame, image

    def decode(self, frame: Frame) -> np.ndarray | None:
        """Decode a frame to (H, W, 3) uint8 RGB; None where it is bad, which is counted."""
        try:
            return frame.image()
        except ImageError as error:
            self.reject(error)
            return None

    def reject(self, error: Exception) -> None:
        """Count a bad frame; the first of each kind is logged."""
        if self.rejected.add(error):
            logger.warning("skipped an image of %s: %s", self.path, error)

    def check_used(self, count: int) -> None:
        """Raise an error where none of the frames was used.

        Raises:
            BagError: all of them were rejected.
            SettingsError: there are none, as the part holds no frame.
        """
        if count:
            return
        if len(self.rejected):
            on = f"on {self.topic} in" if self.topic else "in"
            raise BagError(f"no image {on} {self.path} can be used:\n{self.rejected}")
        if self._window != ALL:
            raise SettingsError(
                f"no image of {self.path} is in this part; give another --start, or more --seconds"
            )

    def share(self, frame: Frame) -> float:
        """Share of the part up to a frame, 0 to 1."""
        begin, end = max(self._window[0], self.start_ns), min(self._window[1], self.end_ns)
        # A bag that is being recorded has frames after its announced end.
        return min(1.0, max(0.0, (frame.receive_ns - begin) / max(1, end - begin)))

    def _in_part(self, items: Iterator[Received]) -> Iterator[Received]:
        """Items that were received within the part."""
        begin, end = self._window
        for item in items:
            if item.receive_ns >= end:
                return
            if item.receive_ns >= begin:
                yield item
