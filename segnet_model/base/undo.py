"""What a command made before it failed, and takes back: empty folders, files that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class _Made:
    """Folders and files, each with its output and the number of files that lay below that."""

    folders: dict[Path, tuple[Path, int]] = field(default_factory=dict)
    files: dict[Path, tuple[Path, int]] = field(default_factory=dict)


_made: _Made | None = None  # None outside of `undone_on_error`


@contextmanager
def undone_on_error() -> Iterator[None]:
    """Take back what `make_folders` and `provisional` know, where an error leaves it useless."""
    global _made
    before, _made = _made, _Made()
    try:
        yield
    except BaseException:  # Ctrl-C too
        _undo(_made)
        raise
    finally:
        _made = before


def make_folders(path: Path, output: Path | None = None) -> None:
    """Make a folder and those above it; they are removed where an error leaves them empty.

    Args:
        path: of the folder.
        output: a folder above it whose folders all stay once it has got a file; None for path.

    Raises:
        OSError: they cannot be made.
    """
    output = output or path
    missing = [each for each in (path, *path.parents) if not each.exists()]
    if _made is not None and missing:  # counting the files of a large data set takes long
        _made.folders |= dict.fromkeys(reversed(missing), (output, _count(output)))
    path.mkdir(parents=True, exist_ok=True)


def provisional(path: Path) -> None:
    """Remember a file that is about to be made, and is of no use without others below its folder.

    It is removed where an error leaves no others.
    """
    if _made is not None and not path.exists():
        _made.files[path] = path.parent, _count(path.parent)


def _undo(made: _Made) -> None:
    for path, (output, before) in made.files.items():
        others = _count(output) - sum(each.exists() for each in made.files)
        if others <= before:
            path.unlink(missing_ok=True)
    for folder, (output, before) in reversed(made.folders.items()):
        if _count(output) <= before:
            with suppress(OSError):  # not empty, or removed already
                folder.rmdir()


def _count(folder: Path) -> int:
    """Files below a folder, but for hidden ones such as locks."""
    return sum(each.is_file() and not each.name.startswith(".") for each in folder.rglob("*"))
