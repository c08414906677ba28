"""A worker thread with a slot for each source, which holds the newest item."""

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
    """Counts of items: received = processed + dropped + failed + those not done yet."""

    received: int = 0
    processed: int = 0
    dropped: int = 0  # a newer one came, or the worker was stopped, before their turn
    reasons: Mapping[str, int] = field(default_factory=dict)  # failed items by reason

    @property
    def failed(self) -> int:
        """Number of items that raised an exception."""
        return sum(self.reasons.values())


class Slot(Generic[T]):
    """The newest item of one source, and the counts of that source."""

    def __init__(self) -> None:
        """Create an empty slot."""
        self._waiting: list[T] = []  # empty, or the newest item
        self._received = self._processed = self._dropped = 0
        self._reasons: Counter[str] = Counter()

    def put(self, item: T, closed: bool) -> None:
        """Replace the waiting item; a closed slot drops the new one too."""
        self._received += 1
        self.empty()
        if closed:
            self._dropped += 1
        else:
            self._waiting.append(item)

    def take(self) -> list[T]:
        """Remove the waiting item, if there is one, and return it."""
        taken, self._waiting = self._waiting, []
        return taken

    def empty(self) -> None:
        """Drop the waiting item."""
        self._dropped += len(self.take())

    def done(self, reason: str | None) -> None:
        """Count an item that was taken; reason is why it failed, None where it did not."""
        if reason is None:
            self._processed += 1
            return
        known = reason in self._reasons or len(self._reasons) < MAX_REASONS
        self._reasons[reason if known else OTHER] += 1

    @property
    def waits(self) -> bool:
        """Whether an item waits."""
        return bool(self._waiting)

    def counts(self) -> Counts:
        """Counts until now."""
        return Counts(self._received, self._processed, self._dropped, dict(self._reasons))


class Worker(Generic[T]):
    """Runs a job on the newest item of each source, in a thread of its own.

    A queue would add its length to the latency and still drop items: a robot needs the newest
    image. Waiting items of several sources are done in one call; no source waits for another.
    """

    def __init__(
        self,
        job: Callable[[Mapping[str, T]], Mapping[str, Exception]],
        on_error: Callable[[str, Exception], None],
        reason: Callable[[Exception], str] = lambda error: type(error).__name__,
        sources: tuple[str, ...] = ("",),
        name: str = "segmentation",
    ) -> None:
        """Start the thread.

        Args:
            job: called in the thread with the waiting items by source; returns the errors by
                source. An exception counts as the error of all of them.
            on_error: called in the thread with each source and exception; the thread goes on.
            reason: the text under which an exception is counted.
            sources: names of the sources.
            name: of the thread.
        """
        self._job = job
        self._on_error = on_error
        self._reason = reason
        self._changed = Condition()
        self._slots: dict[str, Slot[T]] = {source: Slot() for source in sources}
        self._stopped = False
        # A daemon, so that a hung driver cannot keep the process from ending.
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: T, source: str = "") -> None:
        """Replace the waiting item of a source; never blocks."""
        with self._changed:
            self._slots[source].put(item, self._stopped)
            self._changed.notify()

    def counts(self, source: str = "") -> Counts:
        """Counts of a source until now."""
        with self._changed:
            return self._slots[source].counts()

    def stop(self, timeout: float | None = None) -> bool:
        """Drop the waiting items, and end the thread after the running job.

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
        while self._do_next():
            pass

    def _do_next(self) -> bool:
        """Do what waits next; False where stopped. No item is kept while the thread waits."""
        if items := self._take():
            self._do(items)
        return bool(items)

    def _take(self) -> dict[str, T]:
        """Wait for items; returns them by source, or none where the worker was stopped."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or any(slot.waits for slot in self._slots.values())
            )
            taken = {source: slot.take() for source, slot in self._slots.items()}
            return {source: items[0] for source, items in taken.items() if items}

    def _do(self, items: dict[str, T]) -> None:
        try:
            errors: Mapping[str, Exception] = self._job(items)
        except Exception as error:  # a dead thread would look like a scene without motion
            errors = dict.fromkeys(items, error)
        reasons = {source: self._reason(each) for source, each in errors.items()}
        with self._changed:
            for source in items:
                self._slots[source].done(reasons.get(source))
        for source, each in errors.items():
            with suppress(Exception):  # the error itself is counted
                self._on_error(source, each)
