"""Images and labels of a recording, paired by stamp."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from segnet_model.base.errors import BagError
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources import BagFrame

Time = tuple[int, int]  # number of clock resets so far, and nanoseconds
Timed = tuple[Time, BagFrame]


def pair_labels(
    frames: Iterator[BagFrame], labels: Iterator[BagFrame], tolerance_ns: int
) -> Iterator[tuple[BagFrame, BagFrame | None]]:
    """Pair each image with the labels of the nearest stamp; labels are used at most once.

    Labels that are nearer to the next image are kept for that one.

    Args:
        frames: images in the order of their stamps; the clock may be set back by more than a
            second, if the stamps of both topics show it.
        labels: labels in the same order; only those around one image are held in memory.
        tolerance_ns: maximum distance of an image's stamp and its labels'.

    Raises:
        BagError: the bag is damaged; all pairs before the damage come first.
    """
    coming = _Stream(frames)
    window = _Window(_Stream(labels))
    here = coming.pop()
    while here is not None:
        yield here[1], window.take(here[0], coming.head, tolerance_ns)
        here = coming.pop()
    for stream in (coming, window.coming):
        if stream.error is not None:
            raise stream.error


class _Stream:
    """Frames with their times, and a look at the next one.

    Attributes:
        head: the next frame; None at the end.
        error: error that ended the stream early; raised after the last pair.
    """

    def __init__(self, frames: Iterator[BagFrame]) -> None:
        self._frames = frames
        self._epoch, self._last = 0, 0
        self.error: BagError | None = None
        self.head = self._read()

    def pop(self) -> Timed | None:
        """Return the next frame and read the one after it."""
        head = self.head
        self.head = self._read() if head else None
        return head

    def _read(self) -> Timed | None:
        try:
            frame = next(self._frames, None)
        except BagError as error:
            self.error, frame = error, None
        if frame is None:
            return None
        if frame.stamp_ns < self._last - NANOSECONDS:
            self._epoch += 1
        self._last = frame.stamp_ns
        return (self._epoch, frame.stamp_ns), frame


class _Window:
    """Labels around an image."""

    def __init__(self, labels: _Stream) -> None:
        self.coming = labels
        self._held: deque[Timed] = deque()

    def take(self, time: Time, after: Timed | None, tolerance: int) -> BagFrame | None:
        """Pop the nearest labels that are not nearer to the next image."""
        epoch, now = time
        while self.coming.head and self.coming.head[0] <= (epoch, now + tolerance):
            labels = self.coming.pop()
            if labels and labels[0] >= (epoch, now - tolerance):
                self._held.append(labels)
        while self._held and self._held[0][0] < (epoch, now - tolerance):
            self._held.popleft()
        best = min(
            (each for each in self._held if _is_nearer(each[0], time, after)),
            key=lambda each: abs(each[0][1] - now),
            default=None,
        )
        if best is None:
            return None
        self._held.remove(best)
        return best[1]


def _is_nearer(labels: Time, here: Time, after: Timed | None) -> bool:
    if after is None or after[0][0] != here[0]:
        return True
    return abs(labels[1] - here[1]) <= abs(after[0][1] - labels[1])
