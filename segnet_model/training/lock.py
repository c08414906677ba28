"""The lock of an output folder: a second training would overwrite the files of the first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from segnet_model.base.errors import SettingsError

LOCK_FILE = ".training.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it is missing, for as long as the context lasts.

    The system releases it when the process ends, however it ends. A folder to which nothing was
    written, as when the data set's name was wrong, is left as it was found.

    Raises:
        SettingsError: another process holds it, or it cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    with _hold(folder):
        try:
            yield
        finally:
            _leave(folder, missing)


def _hold(folder: Path) -> TextIO:
    """The lock's file, open and held."""
    path = folder / LOCK_FILE
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = path.open("w")
        except OSError as error:
            raise SettingsError(f"cannot write to {folder}: {error}; name another folder") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise SettingsError(
                f"another training is writing to {folder}; stop it, or name another folder"
            ) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # its owner removed it while it was being opened


def _leave(folder: Path, missing: list[Path]) -> None:
    """Take away the lock, and the folders that were missing, where there is nothing else."""
    with suppress(OSError):  # not empty, or not there any more
        if [each.name for each in folder.iterdir()] == [LOCK_FILE]:
            (folder / LOCK_FILE).unlink()
        for each in missing:
            each.rmdir()
