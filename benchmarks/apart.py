"""Processes of their own for parts of the work, with a limit of time for each."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@contextmanager
def apart(command: Sequence[str], grace: float, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a program during the context; in the end it and all that it started are stopped.

    Args:
        command: the program and its arguments.
        grace: seconds that it has to end after Ctrl-C.
        options: further ones of `subprocess.Popen`.
    """
    process = subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            _signal(process, signal.SIGINT)
            ended(process, grace)
        _signal(process, signal.SIGKILL)  # what it left behind, too
        process.wait()


def ended(process: subprocess.Popen[str], seconds: float) -> bool:
    """Whether a process ends within a time."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is not None


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """Send a signal to a process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
