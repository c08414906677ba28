"""Work that is done in a thread while the last result is still in use."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
PATIENCE = 0.1  # seconds between two looks whether anybody still wants the items
THREAD_NAME = "ahead"


def ahead(items: Iterator[T], count: int = 2) -> Generator[T, None, None]:
    """The same items, made in a thread of their own, so many of them ahead of their use.

    An error in the thread is raised where the item would have come. When the caller closes this
    iterator, or an error leaves it, the thread has ended.

    Args:
        items: what the thread makes; nobody else may use it any more.
        count: how many may wait.
    """
    producer = _Producer(items, count)
    producer.start()
    try:
        while (item := producer.take()) is not None:
            yield item.value
    finally:
        producer.stop()


class _Item(Generic[T]):
    """Holds an item, which may be None itself."""

    def __init__(self, value: T) -> None:
        self.value = value


class _Producer(Thread, Generic[T]):
    def __init__(self, items: Iterator[T], count: int) -> None:
        super().__init__(name=THREAD_NAME, daemon=True)
        self._items = items
        self._made: Queue[_Item[T] | BaseException | None] = Queue(count)
        self._unwanted = Event()

    def run(self) -> None:
        """Make items until there are no more, or nobody wants them."""
        try:
            for item in self._items:
                self._hand_over(_Item(item))
                if self._unwanted.is_set():
                    break
            end = None
        except BaseException as error:
            end = error
        finally:
            if hasattr(self._items, "close"):
                self._items.close()
        self._hand_over(end)

    def _hand_over(self, item: _Item[T] | BaseException | None) -> None:
        handed = False
        while not handed and not self._unwanted.is_set():
            with suppress(Full):
                self._made.put(item, timeout=PATIENCE)
                handed = True

    def take(self) -> _Item[T] | None:
        """The next item, or None at the end."""
        item = self._made.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """Wait for the thread to end; what it still makes is lost."""
        self._unwanted.set()
        self.join()
        while True:  # items may be large
            try:
                self._made.get_nowait()
            except Empty:
                return
