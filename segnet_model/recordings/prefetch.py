"""Items made in a thread while the last one is still in use."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
POLL_S = 0.1  # between two checks for a stop, while the queue is full
THREAD_NAME = "prefetch"


def prefetch(items: Iterator[T], count: int = 2) -> Generator[T, None, None]:
    """Make items in a thread, up to `count` before they are used.

    An error in the thread is raised in place of the item. Closing this generator, or an error that
    leaves it, ends the thread first.

    Args:
        items: used by the thread alone from now on.
        count: size of the queue.
    """
    producer = _Producer(items, count)
    producer.start()
    try:
        while (item := producer.take()) is not None:
            yield item.value
    finally:
        producer.stop()


class _Item(Generic[T]):
    """An item, which may be None itself."""

    def __init__(self, value: T) -> None:
        self.value = value


class _Producer(Thread, Generic[T]):
    def __init__(self, items: Iterator[T], count: int) -> None:
        super().__init__(name=THREAD_NAME, daemon=True)
        self._items = items
        self._queue: Queue[_Item[T] | BaseException | None] = Queue(count)
        self._stopped = Event()

    def run(self) -> None:
        """Make items until there are no more, or `stop` is called."""
        try:
            for item in self._items:
                self._put(_Item(item))
                if self._stopped.is_set():
                    break
            end = None
        except BaseException as error:
            end = error
        finally:
            if hasattr(self._items, "close"):
                self._items.close()
        self._put(end)

    def _put(self, item: _Item[T] | BaseException | None) -> None:
        while not self._stopped.is_set():
            with suppress(Full):
                self._queue.put(item, timeout=POLL_S)
                return

    def take(self) -> _Item[T] | None:
        """The next item; None at the end."""
        item = self._queue.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """Wait for the thread to end, and drop what it made."""
        self._stopped.set()
        self.join()
        with suppress(Empty):  # items may be large
            while True:
                self._queue.get_nowait()
