"""The workers of a fleet on Ray, and the loop that gives them tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from segnet_model.base.errors import SegNetError, SettingsError
from segnet_model.base.optional import require
from segnet_model.base.version import version
from segnet_model.fleet.job import Job, Outcome, Task
from segnet_model.fleet.queue import Attempt, Queue
from segnet_model.fleet.records import record_failed
from segnet_model.fleet.storage import Output
from segnet_model.fleet.worker import PROOF, Ready, Tried, Worker

MOST_STARTS = 3  # failures to start a worker, one after the other, that end the fleet
PERIOD = 1.0  # seconds between two looks at the workers
MOST_LOOKS = 100  # workers that are asked in a period; more of them are asked less often


@dataclass(frozen=True)
class Size:
    """How many workers, and what each of them gets.

    Attributes:
        workers: number of workers; None for as many as the cluster has room for.
        cpus: cores of each, and its threads.
        gpus: GPUs of each, as 0.25 where four share one.
    """

    workers: int | None = None
    cpus: int = 1
    gpus: float = 0.0


@dataclass
class Member:
    """A worker.

    Attributes:
        actor: its handle.
        ready: where it runs; None until it has loaded its job.
        attempt: its task.
        share: of the task that is done.
    """

    actor: Any
    ready: Ready | None = None
    attempt: Attempt | None = None
    share: float = 0.0


class Watcher(Protocol):
    """Shows how the fleet is getting on."""

    def look(self, members: Sequence[Member], waiting: int) -> None:
        """Show the workers, about once a second."""

    def done(self, task: Task, outcome: Outcome) -> None:
        """Count a task that is done."""

    def failed(self, task: Task, error: str, last: bool) -> None:
        """Note a failed try; after the last one, the task is set aside."""


class Pool:
    """Workers on an initialized Ray, for one job; a context manager that ends them."""

    def __init__(self, job: Job, out: Output, size: Size) -> None:
        """Set what the workers do; they start with the first tasks."""
        self._ray: Any = require("ray", "fleet")
        self._out, self._size = out, size
        self._members: list[Member] = []
        self._refs: dict[Any, Member] = {}  # results that are waited for
        self._looks: dict[Any, Member] = {}
        self._failed_starts = 0
        options = {"num_cpus": size.cpus, "num_gpus": size.gpus, "max_restarts": 0}
        actor = self._ray.remote(concurrency_groups={"watch": 1})(Worker)
        self._new: Callable[[], Any] = lambda: actor.options(**options).remote(job, out.address)

    def __enter__(self) -> Pool:
        """Write the proof that a folder is shared."""
        self._proof = str(time.time_ns())
        self._out.write(self._proof.encode(), PROOF)
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        for member in self._members:
            self._ray.kill(member.actor)
        self._members, self._refs = [], {}
        self._out.remove(PROOF)
        self._out.sweep()

    def run(self, tasks: Sequence[Task], watcher: Watcher) -> None:
        """Do the tasks, or set them aside.

        Raises:
            SettingsError: workers cannot start.
        """
        queue = Queue(tasks)
        left = len(tasks)
        looked = 0.0
        while left:
            self._fill(min(left, self._most()))
            self._give(queue)
            if time.monotonic() - looked > PERIOD * max(1, len(self._members) / MOST_LOOKS):
                self._look()
                watcher.look(self._members, len(queue))
                looked = time.monotonic()
            for member, result in self._results():
                left -= self._settle(member, result, queue, watcher)

    def _most(self) -> int:
        """The number of workers to have: those asked for, or all that fit now."""
        if self._size.workers is not None:
            return self._size.workers
        alive = (node["Resources"] for node in self._ray.nodes() if node["Alive"])
        fit = sum(map(self._fit, alive))
        if not fit and not self._members:
            raise SettingsError(
                f"no machine of the cluster has {self._size.cpus} cores and {self._size.gpus:g} "
                "GPUs; give less with --cpus and --gpus, or the number of --workers to wait for"
            )
        return max(fit, 1)

    def _fit(self, has: Mapping[str, float]) -> int:
        """The number of workers that a machine with these resources has room for."""
        fit = int(has.get("CPU", 0) // self._size.cpus)
        if self._size.gpus:
            fit = min(fit, int(has.get("GPU", 0) / self._size.gpus + 1e-6))
        return fit

    def _fill(self, count: int) -> None:
        """Start workers up to a number."""
        while len(self._members) < count:
            member = Member(self._new())
            self._members.append(member)
            about = (version(), self._proof, str(Path.cwd()), self._size.cpus)
            self._refs[member.actor.start.remote(*about)] = member

    def _give(self, queue: Queue) -> None:
        """Give idle workers a task each."""
        nodes = {each.ready.node for each in self._members if each.ready}
        for member in self._members:
            if member.ready is None or member.attempt is not None:
                continue
            member.attempt = queue.take(member.ready.node, nodes, time.monotonic())
            if member.attempt is not None:
                task = member.attempt.task
                named = member.actor.work.options(name=task.name)  # in Ray's dashboard
                self._refs[named.remote(task)] = member

    def _results(self) -> Iterator[tuple[Member, Any]]:
        """Results that came within the period, or the error of a lost worker."""
        if not self._refs:
            time.sleep(PERIOD / 10)  # all tasks wait for a later try
            return
        done, _ = self._ray.wait(list(self._refs), num_returns=1, timeout=PERIOD)
        for ref in done:
            member = self._refs.pop(ref)
            try:
                yield member, self._ray.get(ref)
            except self._ray.exceptions.RayError as error:
                yield member, error

    def _settle(self, member: Member, result: Any, queue: Queue, watcher: Watcher) -> bool:
        """Take a result; returns whether a task has ended."""
        if isinstance(result, Ready):
            member.ready, self._failed_starts = result, 0
            return False
        if member.ready is None:
            self._lose(member)
            self._failed_starts += 1
            if self._failed_starts >= MOST_STARTS or _is_refusal(result):
                raise SettingsError(f"workers do not start: {_text(result)}")
            return False
        attempt, member.attempt, member.share = member.attempt, None, 0.0
        assert attempt is not None
        if not isinstance(result, Tried):  # killed, out of memory, or its node is gone
            self._lose(member)
            result = Tried(None, f"its worker was lost: {_text(result)}")
        if result.outcome is not None:
            watcher.done(attempt.task, result.outcome)
            return True
        again = attempt.fail(member.ready.node, result.error, time.monotonic())
        watcher.failed(attempt.task, result.error, not again)
        if again:
            queue.put(attempt)
            return False
        record_failed(self._out, attempt.task, attempt.errors)
        return True

    def _lose(self, member: Member) -> None:
        self._members.remove(member)
        self._ray.kill(member.actor)

    def _look(self) -> None:
        """Ask the workers for the share of their task; an answer may come at the next look."""
        asked = list(self._looks)
        ready = self._ray.wait(asked, num_returns=len(asked), timeout=0)[0] if asked else ()
        for ref in ready:
            member = self._looks.pop(ref)
            share = _quietly(self._ray.get, ref)
            member.share = share if member.attempt and share else member.share
        waiting = list(self._looks.values())
        for member in self._members:
            if member.attempt is not None and member not in waiting:
                question = member.actor.share.options(concurrency_group="watch").remote()
                self._looks[question] = member


def _quietly(get: Callable[[Any], Any], ref: Any) -> Any:
    try:
        return get(ref)
    except Exception:  # of a worker that is lost; its task says so
        return None


def _is_refusal(error: Any) -> bool:
    """Whether a worker said why it does not start; any other would say the same."""
    return isinstance(getattr(error, "cause", None), SegNetError)


def _text(error: Any) -> str:
    cause = getattr(error, "cause", None)
    return str(cause or error).strip()
