"""Images and labels of a recording joined by their stamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from segnet_model.base.errors import BagError
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources import BagFrame

Time = tuple[int, int]  # how often the clock was set back before, and nanoseconds
Timed = tuple[Time, BagFrame]


def paired(
    frames: Iterator[BagFrame], labels: Iterator[BagFrame], tolerance_ns: int
) -> Iterator[tuple[BagFrame, BagFrame | None]]:
    """Join each image with the labels whose stamp is nearest, each labels at most once.

    Labels that are nearer to the next image are left to that one.

    Args:
        frames: images in the order of their stamps; the clock may be set back by more than a
            second, if the stamps of both topics show it.
        labels: likewise; of these only those around one image are held.
        tolerance_ns: between the stamps of an image and its labels, at most.

    Raises:
        BagError: the bag is damaged; all that came before is joined before.
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
    """Messages with their times, of which the next one can be looked at.

    Attributes:
        head: the next one; None at the end.
        error: what ended it early; raised once all that came before is joined.
    """

    def __init__(self, frames: Iterator[BagFrame]) -> None:
        self._frames = frames
        self._epoch, self._last = 0, 0
        self.error: BagError | None = None
        self.head = self._read()

    def pop(self) -> Timed | None:
        """Take the next one."""
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
        """The nearest labels that are not nearer to the image after this one."""
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
