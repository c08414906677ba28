"""One training a folder: a second one would overwrite the first one's files."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segnet_model.errors import SettingsError

LOCK_FILE = ".training.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it is missing, for as long as the context lasts.

    The system lets go of it when the process ends, however it ends.

    Raises:
        SettingsError: another process holds it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("w")
    except OSError as error:
        raise SettingsError(f"cannot write to {folder}: {error}; name another folder") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError(
                f"another training is writing to {folder}; stop it, or name another folder"
            ) from None
        yield
