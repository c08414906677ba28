"""Memory of images of many sizes, given back to the system.

The allocator keeps what it has freed in pieces of the sizes that were asked for. A camera has one
size, and gets the same pieces again; a stranger who sends another size with each image makes the
heap grow threefold.
"""

from __future__ import annotations

import ctypes
from collections import deque
from contextlib import suppress

KEPT = 4  # sizes whose memory stays: of as many cameras


class Heap:
    """Gives freed memory back when sizes come beyond the last few."""

    def __init__(self) -> None:
        """Know no size yet."""
        self._sizes: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def expect(self, size: tuple[int, int]) -> None:
        """Note the (height, width) of an image before its memory is asked for."""
        if size in self._sizes:
            return
        if len(self._sizes) == KEPT:
            trim()
        self._sizes.append(size)


def trim() -> None:
    """Give the heap's free pages back to the system; does nothing where the C library cannot."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
