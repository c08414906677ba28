"""The fork server: starts the tests' programs, and leaves none of them behind.

To import PyTorch and ROS takes 2.6 s of a processor. The server imports both once, ROS where it is
installed, and a program of this package is then a fork of it; any other program is executed. The
server ends when its socket closes, also where pytest was killed, and ends all that it started and
all that they started.

    python fork_server.py SOCKET
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

PROGRAMS = (
    "segnet_ros.segmentation.node",
    "segnet_ros.trainer.node",
    "segnet_ros.bags.player",
    "segnet_ros.bags.recorder",
    "segnet_ros.live.program",
    "segnet_ros.demo.__main__",
)
# Modules that they import late, and in each of many tests.
LATER = (
    "segnet_model.commands.train",
    "segnet_model.training.trainer",
    "segnet_model.training.events",
    "torch._dynamo",
    "geometry_msgs.msg",
    "lark",
)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
LONGEST = 1 << 20  # bytes of a job


def die_with_parent() -> None:
    """Let the kernel kill this process as soon as its parent has ended."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel knew
        os._exit(1)


class Server:
    """Forks a child for each job, and reports its exit status."""

    def __init__(self, jobs: socket.socket) -> None:
        self.jobs = jobs
        self.children: dict[int, tuple[int, int]] = {}  # process id and status pipe, by pidfd

    def serve(self) -> dict[str, Any] | None:
        """The job to do, in a child; nothing in the server, once its socket is closed."""
        while True:
            for ready in select.select([self.jobs, *self.children], [], [])[0]:
                if ready is not self.jobs:
                    self._reap(ready)
                    continue
                data, files, *_ = socket.recv_fds(self.jobs, LONGEST, 4)
                if not data:
                    return None
                if self._fork(files):
                    return {**json.loads(data), "files": files[:3]}

    def _fork(self, files: list[int]) -> bool:
        """Whether this is the child."""
        with warnings.catch_warnings():  # of the threads of LTTng, which do nothing
            warnings.simplefilter("ignore")
            child = os.fork()
        if not child:
            die_with_parent()
            os.setsid()
            self.jobs.send(str(os.getpid()).encode())  # not sooner: it may be killed by its group
            self.jobs.close()
            for pidfd, (_, status) in self.children.items():
                os.close(pidfd)
                os.close(status)
            os.close(files[3])
            return True
        for file in files[:3]:
            os.close(file)
        os.set_inheritable(files[3], False)
        self.children[os.pidfd_open(child)] = child, files[3]
        return False

    def _reap(self, pidfd: int) -> None:
        child, status = self.children.pop(pidfd)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(status, str(code).encode())
        os.close(status)
        os.close(pidfd)


def end_all() -> None:
    """Kill all descendants: those whose parents end become this process's own children."""
    while True:
        for child in children():
            os.kill(child, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def children() -> list[int]:
    """Process ids of this process's children."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:  # it ended meanwhile
            continue
        if int(parent) == os.getpid():
            found.append(int(process.name))
    return found


def work(job: dict[str, Any]) -> int:
    """Do a job in a child, as if it were a program that was started by itself."""
    for number, file in enumerate(job["files"]):
        os.dup2(file, number)
        os.close(file)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    if job["module"] is None:
        os.execvp(job["arguments"][0], job["arguments"])
    sys.argv = job["arguments"]
    if threads := os.environ.get("OMP_NUM_THREADS"):  # which OpenMP read long ago
        importlib.import_module("torch").set_num_threads(int(threads))
    exec(job["before"], {})
    return importlib.import_module(job["module"]).main()


def end(code: int) -> NoReturn:
    """End a child without tearing all modules down, which takes longer than many a test.

    The programs that are executed end as they do elsewhere.
    """
    threading._shutdown()  # waits for threads, as Python does
    gc.collect()  # with the last of a node, the others learn that it has gone
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Serve until the socket closes."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for name in (*PROGRAMS, *LATER):
        with suppress(ImportError):  # without ROS or an extra; a program that needs it says so
            importlib.import_module(name)
    gc.freeze()  # so that children share these pages
    job = Server(socket.socket(fileno=int(sys.argv[1]))).serve()
    if job is None:
        end_all()
        return
    try:
        code = work(job)
    except KeyboardInterrupt:  # as Python ends
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except SystemExit as error:
        code = error.code or 0
    except Exception:
        traceback.print_exc()
        code = 1
    end(code)


if __name__ == "__main__":
    main()
