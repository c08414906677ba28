"""Something in use that may be replaced, but only between two uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """Lets one thread use a thing again and again, and another replace it.

    Nobody waits for anybody: what is replaced while in use is taken over when that use ends, by
    the thread that used it. A lock around each use would let a busy user starve who replaces.
    """

    def __init__(self, first: T, on_taken: Callable[[T], None]) -> None:
        """Begin with a thing.

        Args:
            first: in use until it is replaced.
            on_taken: called with each later one before its first use; it must not wait.
        """
        self._current = first
        self._next: list[T] = []  # empty, or the one that waits for the end of a use
        self._in_use = False
        self._on_taken = on_taken
        self._lock = Lock()

    @property
    def current(self) -> T:
        """The one that is in use; between two uses, the one of the next."""
        return self._current

    @property
    def newest(self) -> T:
        """The one that the next use will get."""
        with self._lock:
            return self._next[0] if self._next else self._current

    def replace(self, new: T) -> None:
        """Let the next use get another one."""
        with self._lock:
            self._next = [new]
            if not self._in_use:
                self._take()

    @contextmanager
    def use(self) -> Iterator[T]:
        """Use the current one, which stays the same until the end; one use at a time."""
        with self._lock:
            self._in_use = True
        try:
            yield self._current
        finally:
            with self._lock:
                self._in_use = False
                self._take()

    def _take(self) -> None:
        if self._next:
            self._current = self._next.pop()
            self._on_taken(self._current)
