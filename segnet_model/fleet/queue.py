"""The tasks that wait, with what is known of those that failed."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from segnet_model.fleet.job import Task

MOST_TRIES = 3
PAUSES = (1.0, 10.0)  # seconds after a first and a second failure: a store may be back by then


@dataclass
class Attempt:
    """A task with its failures so far.

    Attributes:
        task: the task.
        errors: of each try.
        nodes: where tries failed.
        not_before: time of the next try, in seconds of a monotonic clock.
    """

    task: Task
    errors: list[str] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    not_before: float = 0.0

    def fail(self, node: str, error: str, now: float) -> bool:
        """Note a failure; returns whether the task may be tried again."""
        self.errors.append(error)
        self.nodes.add(node)
        if len(self.errors) >= MOST_TRIES:
            return False
        self.not_before = now + PAUSES[len(self.errors) - 1]
        return True


class Queue:
    """Tasks in order; one that failed goes to another node, as long as there is one."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        """Queue all tasks."""
        self._waiting = deque(Attempt(task) for task in tasks)

    def __len__(self) -> int:
        """The number of tasks that wait."""
        return len(self._waiting)

    def put(self, attempt: Attempt) -> None:
        """Queue a task that failed, behind all others."""
        self._waiting.append(attempt)

    def take(self, node: str, nodes: Collection[str], now: float) -> Attempt | None:
        """Take the next task for a worker; None where none may run there now.

        Args:
            node: of the worker.
            nodes: those of all workers: a full disk or a damaged GPU fails every task, so that a
                task which failed on one node is kept for the others.
            now: seconds of a monotonic clock.
        """
        for attempt in self._waiting:
            elsewhere = set(nodes) - attempt.nodes
            if attempt.not_before <= now and (node not in attempt.nodes or not elsewhere):
                self._waiting.remove(attempt)
                return attempt
        return None
