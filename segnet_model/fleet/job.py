"""A job: the same work for each of many inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from segnet_model.base.progress import ShareDone


@dataclass(frozen=True)
class Input:
    """A recording or a folder to work on.

    Attributes:
        address: absolute path, or address as "s3://bucket/drive.mcap".
        size: bytes of all its files.
    """

    address: str
    size: int


@dataclass(frozen=True)
class Task:
    """The work on one input.

    Attributes:
        name: of the folder that the work makes; see `segnet_model.fleet.naming`.
        input: what it is made of.
        extra: what the job needs besides, of this input alone.
    """

    name: str
    input: Input
    extra: Any = None


@dataclass(frozen=True)
class Outcome:
    """The end of a task that was done.

    Attributes:
        text: for people.
        faulty: whether something is wrong with the input, as `segnet check` finds it.
    """

    text: str
    faulty: bool = False


# Works on a task, with the local path of its input and the path of the folder to make.
Work = Callable[[Task, Path, Path, ShareDone], Outcome]


class Job(Protocol):
    """The work of all tasks; goes to each worker, pickled."""

    def open(self) -> Work:
        """Load what the tasks share, as a network."""
