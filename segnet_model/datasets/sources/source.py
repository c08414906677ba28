"""What folders, bags and videos have in common: frames in their order, a part of them, progress."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from math import inf
from pathlib import Path
from typing import TypeVar

import numpy as np

from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame
from segnet_model.datasets.sources.thinning import Thinning

LONGEST = 1e9  # seconds
logger = logging.getLogger(__name__)
Kind = TypeVar("Kind", bound="Source")


class Source(ABC):
    """Frames, which can be gone through more than once; a context manager.

    Attributes:
        path: of the folder, image, bag or video.
        topic: of the bag; the file's name of a video, empty for a folder.
        start_ns: time of the first frame, on the clock of `Frame.receive_ns`.
        end_ns: after the last frame.
        timed: whether frames have times; in a folder, an image counts as a second.
        shares_clock: whether frames of another source may be of the same time.
        rejected: the bad frames so far.
        every_ns: least nanoseconds between two stamps of `images`.
    """

    timed = True
    shares_clock = False

    def __init__(self, path: Path, topic: str = "") -> None:
        """Name it; entering the context opens it."""
        self.path, self.topic = path, topic
        self.start_ns = self.end_ns = 0
        self.rejected = Rejected()
        self._window = (-inf, inf)  # of `Frame.receive_ns`, the end excluded
        self.every_ns = 0

    @abstractmethod
    def __enter__(self: Kind) -> Kind:
        """Open it; a SegNetError says what is wrong with it."""

    def __exit__(self, *_: object) -> None:  # noqa: B027 - only a bag stays open
        """Close it."""

    @abstractmethod
    def _read(self) -> Iterator[Frame]:
        """All frames from the begin of the window on, or from before."""

    @property
    def id(self) -> str:
        """The absolute path, by which manifests know it."""
        return str(self.path.resolve())

    @property
    def limits(self) -> tuple[int, int]:
        """When its part begins and when it has ended, in nanoseconds."""
        begin, end = self._window
        return int(max(begin, self.start_ns)), int(min(end, self.end_ns))

    def place(self, key: tuple[str, int, int]) -> int | None:
        """When a frame that came from here was received, by topic, stamp and reception."""
        return key[2]

    def is_whole(self) -> bool:
        """Whether all of it is there, and nothing is being added."""
        return True

    def part(
        self: Kind, start: float = 0.0, seconds: float | None = None, every: float = 0.0
    ) -> Kind:
        """A part of an open source, which stays open as long as that is.

        Args:
            start: seconds to leave out at the begin.
            seconds: length of the part; None for all.
            every: least seconds between two stamps of `images`.

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
        span = inf if seconds is None else round(min(seconds, LONGEST) * NANOSECONDS)
        result._window = (begin, max(begin, self.start_ns) + span)
        result.every_ns = round(every * NANOSECONDS)
        return result

    def frames(self) -> Iterator[Frame]:
        """Every frame of the part, not decoded, in the order in which they were received."""
        begin, end = self._window
        for frame in self._read():
            if frame.receive_ns >= end:
                return
            if frame.receive_ns >= begin:
                yield frame

    def images(self) -> Iterator[tuple[Frame, np.ndarray]]:
        """The frames of the part, as far apart as it says, with their images; bad ones are counted.

        Yields:
            A frame and its pixels, (H, W, 3) uint8 RGB, maybe read-only.
        """
        thinning = Thinning(self.every_ns)
        for frame in self.frames():
            image = None if thinning.is_early(frame.stamp_ns) else self.image_of(frame)
            if image is not None:
                thinning.take(frame.stamp_ns)
                yield frame, image

    def image_of(self, frame: Frame) -> np.ndarray | None:
        """A frame's pixels, (H, W, 3) uint8 RGB; None where it is bad, which is counted."""
        try:
            return frame.image()
        except ImageError as error:
            self.reject(error)
            return None

    def reject(self, error: Exception) -> None:
        """Count a bad frame; the first of each kind is logged."""
        if self.rejected.add(error):
            logger.warning("skipped an image of %s: %s", self.path, error)

    def share(self, frame: Frame) -> float:
        """How much of the part is done with a frame: 0 to 1."""
        begin, end = self.limits
        # What grows has frames after what it called its end.
        return min(1.0, max(0.0, (frame.receive_ns - begin) / max(1, end - begin)))
