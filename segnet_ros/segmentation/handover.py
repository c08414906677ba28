"""An object in use that another thread may replace, between two uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """Holds an object that one thread uses again and again and another replaces.

    Neither thread waits: a replacement during a use is taken over at the end of the use, by the
    thread that used it. With a lock around each use, a busy user would starve the other thread.
    """

    def __init__(self, first: T, on_switch: Callable[[T], None]) -> None:
        """Hold the first object.

        Args:
            first: in use until it is replaced.
            on_switch: called with each later object before its first use; it must not wait.
        """
        self._current = first
        self._next: list[T] = []  # empty, or the object that waits for the end of a use
        self._in_use = False
        self._on_switch = on_switch
        self._lock = Lock()

    @property
    def current(self) -> T:
        """The object of the present use, or else of the next."""
        return self._current

    @property
    def newest(self) -> T:
        """The object of the next use."""
        with self._lock:
            return self._next[0] if self._next else self._current

    def replace(self, new: T) -> None:
        """Set the object of the next use."""
        with self._lock:
            self._next = [new]
            if not self._in_use:
                self._switch()

    @contextmanager
    def use(self) -> Iterator[T]:
        """Use the current object, which stays the same until the end; one use at a time."""
        with self._lock:
            self._in_use = True
        try:
            yield self._current
        finally:
            with self._lock:
                self._in_use = False
                self._switch()

    def _switch(self) -> None:
        if self._next:
            self._current = self._next.pop()
            self._on_switch(self._current)
