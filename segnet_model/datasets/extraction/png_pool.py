"""Threads that write PNG files, since encoding takes longer than reading a recording."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from types import TracebackType

MAX_THREADS = 8  # one reading thread keeps no more busy


class PngPool:
    """Thread pool with a bounded queue; a context manager that waits for all tasks."""

    def __init__(self, threads: int | None = None) -> None:
        """Start threads; None takes as many as OpenMP, else one for each core."""
        count = threads or min(MAX_THREADS, _thread_count())
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="png")
        self._bound = 2 * count
        self._tasks: deque[tuple[Future[None], Callable[[], None]]] = deque()

    def __enter__(self) -> PngPool:
        """Nothing to prepare."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for all tasks; raise their error unless another one is being raised."""
        try:
            if kind is None:
                self.drain()
        finally:
            while self._tasks:
                with suppress(Exception):
                    self._end_one()
            self._threads.shutdown()

    def put(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        """Run `work` in a thread, then `then` in this one; blocks while the queue is full.

        Raises:
            SegNetError: an earlier task failed.
        """
        while len(self._tasks) >= self._bound:
            self._end_one()
        self._tasks.append((self._threads.submit(work), then))

    def drain(self) -> None:
        """Wait for all tasks; raises their errors."""
        while self._tasks:
            self._end_one()

    def _end_one(self) -> None:
        future, then = self._tasks[0]
        wait([future])  # before popleft, so that Ctrl-C while waiting loses no task
        self._tasks.popleft()
        future.result()
        then()


def _thread_count() -> int:
    """The threads that this process may use: Ray, too, limits a worker's by OpenMP's variable."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else os.cpu_count() or 1
