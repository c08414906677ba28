"""One thread with one slot: the newest item waits, and what it pushes out is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

# Reasons are made from strangers' input; without a bound they could fill the memory.
MAX_REASONS = 32
OTHER = "other reasons"


@dataclass(frozen=True)
class Counts:
    """What became of the items: received = processed + dropped + failed + those not done yet."""

    received: int = 0
    processed: int = 0
    dropped: int = 0  # a newer one came, or the worker was stopped, before their turn
    reasons: Mapping[str, int] = field(default_factory=dict)  # failed ones by reason

    @property
    def failed(self) -> int:
        """How many raised an exception."""
        return sum(self.reasons.values())


class Worker(Generic[T]):
    """Does a job for the newest item in a thread of its own.

    A queue would add its length to the delay and still drop: a robot wants the newest image.
    """

    def __init__(
        self,
        job: Callable[[T], None],
        on_error: Callable[[Exception], None],
        reason: Callable[[Exception], str] = lambda error: type(error).__name__,
    ) -> None:
        """Start the thread.

        Args:
            job: called in the thread with one item at a time.
            on_error: called in the thread with each exception of the job; the thread goes on.
            reason: the name under which an exception is counted.
        """
        self._job = job
        self._on_error = on_error
        self._reason = reason
        self._changed = Condition()
        self._slot: list[T] = []  # empty, or the one that waits
        self._stopped = False
        self._received = self._processed = self._dropped = 0
        self._reasons: Counter[str] = Counter()
        # A daemon, so that a job that hangs in a driver cannot keep the process from ending.
        self._thread = Thread(target=self._run, name="segmentation", daemon=True)
        self._thread.start()

    def submit(self, item: T) -> None:
        """Leave an item for the thread, in place of the one that waits; never blocks."""
        with self._changed:
            self._received += 1
            self._empty_slot()
            if self._stopped:
                self._dropped += 1
                return
            self._slot.append(item)
            self._changed.notify()

    def counts(self) -> Counts:
        """What became of the items until now."""
        with self._changed:
            return Counts(self._received, self._processed, self._dropped, dict(self._reasons))

    def stop(self, timeout: float | None = None) -> bool:
        """Drop what waits, let the running job end, and end the thread.

        Args:
            timeout: seconds to wait for the running job; None waits for ever.

        Returns:
            Whether the thread has ended.
        """
        with self._changed:
            self._stopped = True
            self._empty_slot()
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _empty_slot(self) -> None:
        self._dropped += len(self._slot)
        self._slot.clear()

    def _run(self) -> None:
        while waiting := self._take():
            self._do(waiting[0])

    def _take(self) -> list[T]:
        """Wait for an item: a list of it, or an empty list when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot or self._stopped)
            taken, self._slot = self._slot, []
            return taken

    def _do(self, item: T) -> None:
        try:
            self._job(item)
        except Exception as error:  # a thread that died would look like a scene where all stands
            self._count(error)
        else:
            with self._changed:
                self._processed += 1

    def _count(self, error: Exception) -> None:
        reason = self._reason(error)
        with self._changed:
            known = reason in self._reasons or len(self._reasons) < MAX_REASONS
            self._reasons[reason if known else OTHER] += 1
        with suppress(Exception):  # it is counted, and there is nobody left to tell
            self._on_error(error)
