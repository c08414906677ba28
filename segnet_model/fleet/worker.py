"""The worker: a process that loads a job once, and works on one task after the other."""

from __future__ import annotations

import os
import platform
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace

from segnet_model.base.errors import SegNetError, SettingsError, system_reason
from segnet_model.base.version import version
from segnet_model.fleet.job import Job, Outcome, Task, Work
from segnet_model.fleet.records import record_done
from segnet_model.fleet.storage import Output, local_copy
from segnet_model.threads import use_threads

PROOF = ".shared"  # a file by which workers see that an output's folder is the driver's


@dataclass(frozen=True)
class Ready:
    """What a worker says when it has loaded its job."""

    host: str
    node: str  # of Ray


@dataclass(frozen=True)
class Tried:
    """The end of a try.

    Attributes:
        outcome: of the task; None where it failed.
        error: why it failed, with the host.
    """

    outcome: Outcome | None
    error: str = ""


class Worker:
    """Becomes an actor of Ray; `share` runs beside `work`, in a thread of its own."""

    def __init__(self, job: Job, address: str) -> None:
        """Keep the job, and where outputs go."""
        self._job, self._out = job, Output(address)
        self._work: Work | None = None
        self._share = 0.0

    def start(self, node_version: str, proof: str, folder: str, threads: int) -> Ready:
        """Load the job.

        Args:
            node_version: of segnet on the driver's machine.
            proof: what the driver wrote to the output's `PROOF`.
            folder: of the driver, from which the paths of options go; ignored where it is missing.
            threads: of the network and of image operations.

        Raises:
            SettingsError: this machine has another segnet, or does not see the output's folder.
        """
        import ray

        host = platform.node()
        if version() != node_version:
            raise SettingsError(
                f"{host} has segnet {version()}, and the fleet was started with {node_version}; "
                "install one version on all machines"
            )
        if self._out.local and not self._sees(proof):
            raise SettingsError(
                f"{host} does not see {self._out.address} as the other machines do; give a folder "
                "that all of them mount, or an object store"
            )
        with suppress(OSError):
            os.chdir(folder)
        use_threads(threads)
        self._work = self._job.open()
        return Ready(host, ray.get_runtime_context().get_node_id())

    def work(self, task: Task) -> Tried:
        """Work on a task: make its output, and then write its record."""
        assert self._work is not None, "start comes first"
        self._share, began, cpu_began = 0.0, time.monotonic(), time.process_time()
        try:
            with local_copy(task.input.address) as source, self._out.new_folder(task.name) as made:
                found = self._work(task, source, made, self._see)
                outcome = replace(found, text=found.text.replace(str(made), task.name))
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu_began
            record_done(self._out, task, outcome, seconds, cpu)
        except Exception as error:
            return Tried(None, f"{_reason(error)} (on {platform.node()}, process {os.getpid()})")
        return Tried(outcome)

    def share(self) -> float:
        """The share of the task that is done, 0 to 1."""
        return self._share

    def _sees(self, proof: str) -> bool:
        try:
            return self._out.read(PROOF) == proof.encode()
        except OSError:
            return False

    def _see(self, share: float) -> None:
        self._share = share


def _reason(error: Exception) -> str:
    if isinstance(error, SegNetError):
        return str(error)
    if isinstance(error, OSError):
        return system_reason(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.filename}, line {last.lineno}: {error}"
