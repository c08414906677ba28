"""The part that all works of `segnet fleet` share: what is missing is made, and counted."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from segnet_model.base.optional import NETWORK_PACKAGES
from segnet_model.commands.fleet_jobs import CommandJob
from segnet_model.engines.engine import WEIGHTS
from segnet_model.fleet import records
from segnet_model.fleet.board import board
from segnet_model.fleet.cluster import cluster
from segnet_model.fleet.job import Task
from segnet_model.fleet.pool import Pool, Size
from segnet_model.fleet.storage import Output
from segnet_model.weights.shipped import find_weights


@dataclass(frozen=True)
class Made:
    """What became of the tasks of a job.

    Attributes:
        total: number of tasks.
        there: number of outputs that were there before.
        faulty: number of inputs with something wrong in them.
        set_aside: the last error of each task that is set aside, by its input's address.
    """

    total: int
    there: int
    faulty: int
    set_aside: dict[str, str] = field(default_factory=dict)

    @property
    def new(self) -> int:
        """Number of outputs that were made now."""
        return self.total - self.there - len(self.set_aside)

    def print_set_aside(self) -> None:
        """Name what is set aside."""
        for address, error in self.set_aside.items():
            print(f"set aside {address}: {error}")
        if self.set_aside:
            print("the same command tries them again")


class FleetRun:
    """Completes jobs on a cluster, which is connected when it is first needed."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Take the arguments of `segnet fleet`."""
        self._args, self._stack, self._connected = args, ExitStack(), False

    def __enter__(self) -> FleetRun:
        """Nothing is connected yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster."""
        self._stack.close()

    def complete(self, job: CommandJob, out: Output, tasks: Sequence[Task]) -> Made:
        """Do those tasks that have no output yet."""
        out.sweep()
        states = records.read_states(out)
        before = [states.get(task.name) for task in tasks]
        faulty = before.count(records.FAULTY)
        there = faulty + before.count(records.DONE)
        missing = [
            task for task, state in zip(tasks, before, strict=True)
            if state not in (records.DONE, records.FAULTY)
        ]  # fmt: skip
        if not missing:
            return Made(len(tasks), there, faulty)
        self._connect(job)
        size = Size(self._args.workers, self._args.cpus, self._args.gpus)
        with Pool(job, out, size) as pool, board(self._args.work, len(missing)) as shown:
            pool.run(missing, shown)
        return Made(len(tasks), there, faulty + shown.faulty, shown.set_aside)

    def _connect(self, job: CommandJob) -> None:
        """Connect once; ModuleNotFoundError where weights run here and there is no PyTorch."""
        here = job.network and self._args.address is None
        needs_torch = here and find_weights(self._args.weights).suffix == WEIGHTS  # exports do not
        for name in NETWORK_PACKAGES if needs_torch else ():
            if importlib.util.find_spec(name) is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if not self._connected:
            self._stack.enter_context(cluster(self._args.address))
            self._connected = True
