"""The writer of every file: whole or not at all, and never over a file of somebody else.

A link is followed, and a device or a pipe is written into. Each file is flushed to the disk before
it takes its place, and its folder after that.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from tempfile import TemporaryDirectory

from segnet_model.base.errors import SettingsError
from segnet_model.base.leftovers import remove_leftovers, temporary_path
from segnet_model.base.marks import is_marked, set_mark

STREAMS = ("/dev/stdout", "/dev/stderr")


@dataclass(frozen=True)
class _Rules:
    """What this process must not write over."""

    inputs: tuple[Path, ...] = ()
    overwrite: bool = False


_rules = _Rules()


@contextmanager
def write_rules(inputs: Sequence[Path] = (), *, overwrite: bool = False) -> Iterator[None]:
    """Set the rules of `whole_file` in this process, for all threads.

    Args:
        inputs: files that are never written over, and folders whose files are not, unless segnet
            wrote them. Files of their subfolders are no inputs.
        overwrite: replace files that segnet did not write.
    """
    global _rules
    before, _rules = _rules, _Rules(tuple(each for each in inputs if each.exists()), overwrite)
    try:
        yield
    finally:
        _rules = before


@contextmanager
def whole_file(path: str | Path, *, known: bool = False, flush: bool = True) -> Iterator[Path]:
    """Yield a temporary path to write to; without an error, it then replaces path.

    A full disk or a crash leaves the old file unchanged, and no partial one.

    Args:
        path: of the file.
        known: the old file has been read, or is meant to be replaced.
        flush: wait for the disk; without, a power cut may cost the file.

    Raises:
        OSError: it cannot be written.
        SettingsError: see `check_output`.
    """
    path = Path(path)
    if _is_stream(path):
        with TemporaryDirectory() as folder:
            yield (temporary := Path(folder) / path.name)
            _send(temporary, path)
        return
    if not known:
        check_output(path)
    path = _followed(path)
    temporary = temporary_path(path)
    remove_leftovers(path.parent)
    try:
        yield temporary
        set_mark(temporary)
        if path.exists():
            shutil.copymode(path, temporary)
        if flush:
            flush_to_disk(temporary)
        temporary.replace(path)
        if flush:
            flush_to_disk(path.parent)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error  # as of a full disk
    finally:
        temporary.unlink(missing_ok=True)


def check_output(path: str | Path) -> None:
    """Raise SettingsError unless path is free, or a file that segnet wrote and nobody changed."""
    path = Path(path)
    if not path.exists() or _is_stream(path):
        return
    status = path.stat()
    if S_ISDIR(status.st_mode):
        raise SettingsError(f"{path} is a folder; give the name of a file")
    own = not status.st_size or is_marked(path)
    folder = _followed(path).parent
    for each in _rules.inputs:
        if path.samefile(each) or (not own and folder == each.resolve()):
            raise SettingsError(f"{path} is an input of this command; give another name")
    if not own and not _rules.overwrite:
        raise SettingsError(
            f"{path} was not written by segnet, or was changed since; give another name, move it "
            "away, or replace it with --overwrite"
        )


def is_same_file(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file that exists."""
    return path.exists() and other.exists() and path.samefile(other)


def flush_to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError:
        if not path.is_dir():  # not every file system flushes folders
            raise
    finally:
        os.close(file)


def _followed(path: Path) -> Path:
    """The file that a link leads to, however long the way."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, "links that lead to each other", str(path))
    return target


def _is_stream(path: Path) -> bool:
    """Whether this is a device, a pipe or an open file of this process, to be written into."""
    if not path.exists():
        return False
    mode = path.stat().st_mode
    is_open_file = str(path) in STREAMS or os.path.realpath(path.parent).startswith("/proc/")
    return is_open_file or not (S_ISREG(mode) or S_ISDIR(mode))


def _send(source: Path, stream: Path) -> None:
    opened = os.open(stream, os.O_WRONLY | os.O_APPEND)
    with source.open("rb") as file, os.fdopen(opened, "wb") as target:
        shutil.copyfileobj(file, target)
