"""The node under demonstration, in a process that is never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ament_index_python import PackageNotFoundError, get_package_prefix

from segnet_ros.ros import fast_dds

STOP_TIMEOUT = 5.0  # seconds for the node to end by itself


@contextmanager
def node_process(log: Path, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the node `segmentation` for as long as the context lasts.

    Args:
        log: file for all that it prints.
        arguments: for the node, e.g. "-p", "weights:=…".
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*program(), "--ros-args", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, to be ended as a whole
        )
        try:
            yield process
        finally:
            _end(process)


def program() -> list[str]:
    """What starts the node: as installed, else from these sources."""
    with suppress(PackageNotFoundError):
        installed = Path(get_package_prefix("segnet_ros"), "lib", "segnet_ros", "segmentation")
        if installed.is_file():
            return [str(installed)]
    return [sys.executable, "-m", "segnet_ros.segmentation.node"]


def set_transport_profile() -> None:
    """Make room for large images in the middleware of this process and of its children.

    What the person set, or another middleware than Fast DDS, stays as it is.
    """
    with suppress(PackageNotFoundError):
        os.environ.update(fast_dds.environment(fast_dds.default_profile()))


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        _send(process, signal.SIGINT)
        process.wait(STOP_TIMEOUT)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass  # a second Ctrl-C is impatience, and no reason to leave anything behind
    finally:
        # Even where the node ended: it may have children that did not.
        _send(process, signal.SIGKILL)
        process.wait()


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
