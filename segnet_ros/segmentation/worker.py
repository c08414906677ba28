"""One thread with a slot for each source: the newest item waits, what it pushes out is counted."""

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


class Slot(Generic[T]):
    """Where the newest item of one source waits, and what became of all of that source."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: list[T] = []  # empty, or the one that waits
        self._received = self._processed = self._dropped = 0
        self._reasons: Counter[str] = Counter()

    def put(self, item: T, closed: bool) -> None:
        """Leave an item in place of the one that waits; where closed, it is dropped itself."""
        self._received += 1
        self.empty()
        if closed:
            self._dropped += 1
        else:
            self._waiting.append(item)

    def take(self) -> list[T]:
        """What waits, if anything does, which then waits no more."""
        taken, self._waiting = self._waiting, []
        return taken

    def empty(self) -> None:
        """Drop what waits."""
        self._dropped += len(self.take())

    def done(self, reason: str | None) -> None:
        """Count an item that was taken, by the reason for which it failed, None if it did not."""
        if reason is None:
            self._processed += 1
            return
        known = reason in self._reasons or len(self._reasons) < MAX_REASONS
        self._reasons[reason if known else OTHER] += 1

    @property
    def waits(self) -> bool:
        """Whether there is an item."""
        return bool(self._waiting)

    def counts(self) -> Counts:
        """What became of the items until now."""
        return Counts(self._received, self._processed, self._dropped, dict(self._reasons))


class Worker(Generic[T]):
    """Does a job for the newest item of each source, in a thread of its own.

    A queue would add its length to the delay and still drop: a robot wants the newest image. What
    waits of several sources is done together, and none waits for another's next item.
    """

    def __init__(
        self,
        job: Callable[[Mapping[str, T]], Mapping[str, Exception]],
        on_error: Callable[[str, Exception], None],
        reason: Callable[[Exception], str] = lambda error: type(error).__name__,
        sources: tuple[str, ...] = ("",),
    ) -> None:
        """Start the thread.

        Args:
            job: called in the thread with an item of each source that has one; returns what went
                wrong with single ones. What it raises went wrong with all of them.
            on_error: called in the thread with each source and exception; the thread goes on.
            reason: the name under which an exception is counted.
            sources: their names.
        """
        self._job = job
        self._on_error = on_error
        self._reason = reason
        self._changed = Condition()
        self._slots: dict[str, Slot[T]] = {source: Slot() for source in sources}
        self._stopped = False
        # A daemon, so that a job that hangs in a driver cannot keep the process from ending.
        self._thread = Thread(target=self._run, name="segmentation", daemon=True)
        self._thread.start()

    def submit(self, item: T, source: str = "") -> None:
        """Leave an item for the thread, in place of the source's that waits; never blocks."""
        with self._changed:
            self._slots[source].put(item, self._stopped)
            self._changed.notify()

    def counts(self, source: str = "") -> Counts:
        """What became of a source's items until now."""
        with self._changed:
            return self._slots[source].counts()

    def stop(self, timeout: float | None = None) -> bool:
        """Drop what waits, let the running job end, and end the thread.

        Args:
            timeout: seconds to wait for the running job; None waits for ever.

        Returns:
            Whether the thread has ended.
        """
        with self._changed:
            self._stopped = True
            for slot in self._slots.values():
                slot.empty()
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while items := self._take():
            self._do(items)

    def _take(self) -> dict[str, T]:
        """Wait for items: those that there are by source, or none when it is time to end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or any(slot.waits for slot in self._slots.values())
            )
            taken = {source: slot.take() for source, slot in self._slots.items()}
            return {source: items[0] for source, items in taken.items() if items}

    def _do(self, items: dict[str, T]) -> None:
        try:
            errors: Mapping[str, Exception] = self._job(items)
        except Exception as error:  # a thread that died would look like a scene where all stands
            errors = dict.fromkeys(items, error)
        reasons = {source: self._reason(each) for source, each in errors.items()}
        with self._changed:
            for source in items:
                self._slots[source].done(reasons.get(source))
        for source, each in errors.items():
            with suppress(Exception):  # it is counted, and there is nobody left to tell
                self._on_error(source, each)
