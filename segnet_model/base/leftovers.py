"""Temporary names beside an output, and what killed processes left under them."""

from __future__ import annotations

import logging
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

logger = logging.getLogger(__name__)
# Where several machines or containers share a folder, each knows its own processes alone.
HOST = re.sub("[^A-Za-z0-9]", "", platform.node())[:16]
FILE, FOLDER = "tmp", "part"
_LEFTOVER = re.compile(rf"\..+\.{HOST}-([0-9]+)\.({FILE}|{FOLDER})", re.DOTALL)
_swept: set[Path] = set()  # by this process


def temporary_path(path: Path, ending: str = FILE) -> Path:
    """A hidden path beside an output, for this process alone.

    Args:
        path: of the output.
        ending: `FILE`, or `FOLDER` of a folder whose content can be made again.
    """
    return path.with_name(f".{path.name}.{HOST}-{os.getpid()}.{ending}")


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Make a hidden folder beside path, and remove it in the end."""
    remove_leftovers(path.parent)
    folder = temporary_path(path, FOLDER)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files and folders of dead processes, and name them; once in each folder."""
    if folder not in _swept:
        _swept.add(folder)
        sweep(folder)


def sweep(folder: Path) -> None:
    """As `remove_leftovers`, also in a folder where this process has looked before."""
    for path in folder.iterdir() if folder.is_dir() else ():
        found = _LEFTOVER.fullmatch(path.name)
        if not found or path.is_dir() != (found[2] == FOLDER) or is_alive(int(found[1])):
            continue
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            logger.warning("removed %s, which a process left that was killed", path)


def is_alive(process: int) -> bool:
    """Whether a process of this machine still works; one that nobody waited for has ended, too.

    In a container without an init, a process whose parent was killed keeps its number to the end.
    """
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # of another user
        return True
    with suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0]
        return state != b"Z"
    return True
