"""Programs under test: each in a process of its own that ends with pytest, however that ends."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import IO

SERVER = Path(__file__).with_name("fork_server.py")
ROOT = Path(__file__).parents[2]


def kill_all(processes: Iterable[int]) -> None:
    """Kill these process ids; some may have ended since they were listed."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


class Program:
    """A process of the fork server's, with what the tests use of `subprocess.Popen`.

    Output and errors are one text: `stdout`, or the file that was given for them.
    """

    def __init__(self, pid: int, status: int, stdout: IO[str] | None) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int(os.read(self._status, 16) or -signal.SIGKILL)
            os.close(self._status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended just now, as in subprocess
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """The rest of the output, once the process has ended."""
        assert self.stdout is not None
        until = time.monotonic() + (timeout or 1e6)
        texts: list[str] = []
        reader = Thread(target=lambda: texts.append(self.stdout.read()), daemon=True)
        reader.start()
        reader.join(until - time.monotonic())
        if reader.is_alive():
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        self.wait(until - time.monotonic())
        return texts[0], None

    def end(self) -> None:
        """Kill its process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        if self.stdout is not None:
            self.stdout.close()


class Programs:
    """Starts programs in sessions of their own."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, str(SERVER), str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path(), "OPENBLAS_NUM_THREADS": "1"},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._jobs = ours

    def fork(
        self, module: str, *arguments: str, before: str = "", output: IO | None = None
    ) -> Program:
        """Run `main` of a module with arguments as `python -m` does, after some other Python."""
        return self._start(module, [module, *arguments], before, output)

    def execute(self, *arguments: str, output: IO | None = None, **environment: str) -> Program:
        """Run any program, with some more environment variables."""
        return self._start(None, arguments, "", output, environment)

    def _start(
        self,
        module: str | None,
        arguments: Sequence[str],
        before: str,
        output: IO | None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Program:
        job = {"module": module, "arguments": arguments, "before": before, "folder": str(ROOT),
               "environment": {**os.environ, **environment}}  # fmt: skip
        read, write = os.pipe()
        status, report = os.pipe()
        out = write if output is None else output.fileno()
        with Path(os.devnull).open() as nothing:
            files = [nothing.fileno(), out, out, report]
            socket.send_fds(self._jobs, [json.dumps(job).encode()], files)
        os.close(write)
        os.close(report)
        pid = int(self._jobs.recv(16))
        if output is None:
            return Program(pid, status, os.fdopen(read))
        os.close(read)
        return Program(pid, status, None)

    def close(self) -> None:
        """End the server, and all that it started."""
        self._jobs.close()
        self._server.wait()


def path() -> str:
    """PYTHONPATH by which these sources are found first."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
