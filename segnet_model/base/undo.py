"""What a command made before it failed, and takes back: empty folders, files that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class _Made:
    """Folders, and files with the number of files that lay below their folders before them."""

    folders: list[Path] = field(default_factory=list)
    files: dict[Path, int] = field(default_factory=dict)


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


def make_folders(path: Path) -> None:
    """Make a folder and those above it; they are removed where an error leaves them empty.

    Raises:
        OSError: they cannot be made.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    if _made is not None:
        _made.folders += reversed(missing)


def provisional(path: Path) -> None:
    """Remember a file that is about to be made, and is of no use without others below its folder.

    It is removed where an error leaves no others.
    """
    if _made is not None and not path.exists():
        _made.files[path] = _count(path.parent)


def _undo(made: _Made) -> None:
    for path, before in made.files.items():
        others = _count(path.parent) - sum(each.exists() for each in made.files)
        if others <= before:
            path.unlink(missing_ok=True)
    for folder in reversed(made.folders):
        with suppress(OSError):  # not empty, or removed already
            folder.rmdir()


def _count(folder: Path) -> int:
    """Files below a folder, but for hidden ones such as locks."""
    return sum(each.is_file() and not each.name.startswith(".") for each in folder.rglob("*"))
