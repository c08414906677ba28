"""Memory of images of many sizes, given back to the system.

The allocator keeps what it has freed in pieces of the sizes that were asked for. A camera has one
size, and gets the same pieces again; a stranger who sends another size with each image makes the
heap grow threefold. But what the C library gives back after each image, the system has to clear for
the next: of a large one that took a seventh of the whole time.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque
from contextlib import suppress

KEPT = 4  # sizes whose memory stays: of as many cameras
# Of glibc's mallopt: so many free bytes at the heap's end stay; larger blocks lie outside of it.
_TRIM_THRESHOLD, _FREE = -1, 128 << 20
_MMAP_THRESHOLD, _LARGE = -3, 32 << 20
_CHOICES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


class Heap:
    """Gives freed memory back when sizes come beyond the last few."""

    def __init__(self) -> None:
        """Know no size yet, and let the process keep freed memory for the next image."""
        keep()
        self._sizes: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def expect(self, size: tuple[int, int]) -> None:
        """Note the (height, width) of an image before its memory is asked for."""
        if size in self._sizes:
            return
        if len(self._sizes) == KEPT:
            trim()
        self._sizes.append(size)


def keep() -> None:
    """Keep freed memory, unless the environment says how much; nothing where it is not glibc."""
    if any(name in os.environ for name in _CHOICES):
        return
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_TRIM_THRESHOLD, _FREE)


def trim() -> None:
    """Give the heap's free pages back to the system; does nothing where the C library cannot."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
