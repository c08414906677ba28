"""PNG files written by several threads: encoding takes longer than reading a recording."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from types import TracebackType

MOST_THREADS = 8  # one thread reads, and does not keep more of them busy


class PngPool:
    """Does a bounded number of works at a time; a context manager that ends when all are done."""

    def __init__(self, threads: int | None = None) -> None:
        """Start threads; None takes one for each core."""
        count = threads or min(MOST_THREADS, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="png")
        self._bound = 2 * count
        self._works: deque[tuple[Future[None], Callable[[], None]]] = deque()

    def __enter__(self) -> PngPool:
        """Nothing to prepare."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for all works; their errors are raised unless one is on its way already."""
        try:
            if kind is None:
                self.drain()
        finally:
            while self._works:
                with suppress(Exception):
                    self._end_one()
            self._threads.shutdown()

    def put(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        """Have work done by a thread, and `then` by this one; waits while there is much to do.

        Raises:
            SegNetError: of an earlier work.
        """
        while len(self._works) >= self._bound:
            self._end_one()
        self._works.append((self._threads.submit(work), then))

    def drain(self) -> None:
        """Wait for all works; raises their errors."""
        while self._works:
            self._end_one()

    def _end_one(self) -> None:
        future, then = self._works[0]
        wait([future])  # apart from the result, so that Ctrl-C while waiting loses no work
        self._works.popleft()
        future.result()
        then()
