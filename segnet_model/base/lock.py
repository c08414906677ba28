"""Lock of an output folder, so that a second process does not undo the work of the first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from segnet_model.base.errors import SettingsError
from segnet_model.base.undo import make_folders

LOCK_FILE = ".segnet.lock"


@contextmanager
def locked(folder: Path, work: str) -> Iterator[None]:
    """Lock a folder, created if missing, while the context lasts.

    Args:
        folder: to lock.
        work: for the error of the second process, e.g. "training".

    The system releases the lock when the process ends, however it ends. Folders that were created
    and stayed empty, as when the data set's name was wrong, are removed.

    Raises:
        SettingsError: another process holds the lock, or the folder cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    with _acquire(folder, work):
        try:
            yield
        finally:
            _release(folder, missing)


def _acquire(folder: Path, work: str) -> TextIO:
    """Open the lock file and lock it."""
    path = folder / LOCK_FILE
    while True:
        try:
            make_folders(folder)
            file = path.open("w")
        except OSError as error:
            raise SettingsError(f"cannot write to {folder}: {error}; name another folder") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise SettingsError(
                f"another {work} is writing to {folder}; wait for it, stop it, or name another "
                "folder"
            ) from None
        except OSError as error:
            file.close()
            raise SettingsError(
                f"cannot lock {path}: {error}; name a folder on another disk"
            ) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # its owner removed it while it was being opened


def _release(folder: Path, missing: list[Path]) -> None:
    """Remove the lock file, and the folders that were missing if they hold nothing else."""
    with suppress(OSError):  # not empty, or removed already
        (folder / LOCK_FILE).unlink()
        for each in missing:
            each.rmdir()
