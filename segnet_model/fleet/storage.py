"""Inputs and outputs on disks and in object stores, by fsspec."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from segnet_model.base.atomic import flush_to_disk, whole_file
from segnet_model.base.errors import SettingsError
from segnet_model.base.leftovers import sweep, temporary_folder
from segnet_model.base.optional import require
from segnet_model.fleet.job import Input

LOCAL = "file"


def open_storage(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        SettingsError: no library knows it, or only one process would see it.
    """
    core = require("fsspec.core", "fleet")
    try:
        files, path = core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise SettingsError(
            f"cannot use {address}: {error}; install the library of this storage on all machines, "
            "as s3fs or gcsfs, or give a folder"
        ) from None
    if "memory" in _protocols(files):
        raise SettingsError(
            f"{address} is in the memory of one process, which no worker sees; give a folder, or "
            "an object store"
        )
    return files, path


def is_local(files: Any) -> bool:
    """Whether these are the files of this machine, or mounted here."""
    return LOCAL in _protocols(files)


def find_inputs(patterns: Sequence[str]) -> list[Input]:
    """The files and folders that match any pattern, each once, sorted by address.

    Raises:
        SettingsError: a pattern matches none, or cannot be used.
    """
    found = {}
    for pattern in patterns:
        files, path = open_storage(pattern)
        matching = files.glob(path, detail=True)
        if not matching:
            raise SettingsError(
                f"nothing matches {pattern}; give files or folders, and ** for any folders between"
            )
        for each, info in matching.items():
            address = each if is_local(files) else files.unstrip_protocol(each)
            folder = info["type"] == "directory" or (info.get("islink") and files.isdir(each))
            found[address] = Input(address, files.du(each) if folder else info["size"])
    return [found[address] for address in sorted(found)]


@contextmanager
def local_copy(address: str) -> Iterator[Path]:
    """The local path of an input; that of an object store is fetched, and removed in the end."""
    files, path = open_storage(address)
    if is_local(files):
        yield Path(path)
        return
    with temporary_folder(Path(tempfile.gettempdir()) / "segnet_fleet_in") as folder:
        target = folder / PurePosixPath(path).name
        if files.isdir(path):
            _fetch(files, path, target)
        else:
            files.get_file(path, str(target))
        yield target


class Output:
    """A folder of outputs, on a disk or in an object store.

    Attributes:
        address: as it was given; absolute for a local one.
        local: its path; None in an object store.
    """

    def __init__(self, address: str) -> None:
        """Open the storage; SettingsError where that cannot be."""
        self._files, self._root = open_storage(address)
        self.local = Path(self._root) if is_local(self._files) else None
        self.address = self._root if self.local else address

    def path(self, *names: str) -> str:
        """A path below the folder, on its storage."""
        return "/".join([self._root.rstrip("/"), *names])

    def below(self, folder: str) -> Output:
        """A folder below, as an output of its own."""
        return Output(self.path(folder) if self.local else f"{self.address.rstrip('/')}/{folder}")

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder below; none where it is missing."""
        self._files.invalidate_cache()  # others write here too
        with suppress(FileNotFoundError):
            found = self._files.ls(self.path(folder), detail=False)
            return [PurePosixPath(each).name for each in found]
        return []

    def read(self, *names: str) -> bytes:
        """The content of a file."""
        data: bytes = self._files.cat_file(self.path(*names))
        return data

    def write(self, data: bytes, *names: str) -> None:
        """Write a small file, whole or not at all: an object store puts a file in one step."""
        path = self.path(*names)
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        if self.local is None:
            self._files.pipe_file(path, data)
            return
        with whole_file(path, known=True) as temporary:
            temporary.write_bytes(data)

    def fetch(self, target: Path, skip: str | None = None) -> None:
        """Copy the folder to a new local one, without one that lies directly in it.

        Raises:
            SettingsError: it is a file, or has names that no folder can have.
        """
        if self._files.isfile(self._root):
            raise SettingsError(f"{self.address} is a file; give the name of a folder")
        _fetch(self._files, self._root, target, skip)

    def put(self, file: Path, name: str) -> None:
        """Copy a local file to its place below the folder, in one step."""
        path = self.path(name)
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._files.put_file(str(file), path)

    def remove(self, *names: str) -> None:
        """Remove a file, or a folder with all that is in it, if it is there."""
        with suppress(FileNotFoundError):
            self._files.rm(self.path(*names), recursive=True)

    def sweep(self) -> None:
        """Remove what workers of this machine left that were killed."""
        if self.local:
            sweep(self.local)

    @contextmanager
    def new_folder(self, name: str) -> Iterator[Path]:
        """A path of this name for a folder to make, which then goes to its place.

        On a disk, it goes there in one step. In an object store, a file after the other: it is
        whole when its record is written, see `segnet_model.fleet.records`.
        """
        near = self.local or Path(tempfile.gettempdir())
        near.mkdir(parents=True, exist_ok=True)
        with temporary_folder(near / name) as folder:
            made = folder / name
            self.remove(name)  # without a record, it counts as not made
            yield made
            if self.local is None:
                self._put(made, name)
            else:
                _move(made, self.local / name)

    def _put(self, folder: Path, name: str) -> None:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            self.put(file, f"{name}/{file.relative_to(folder).as_posix()}")


def _move(made: Path, place: Path) -> None:
    try:
        made.rename(place)
        flush_to_disk(place.parent)  # before its record is
    except OSError:
        if not place.is_dir():
            raise
        shutil.rmtree(made)  # another worker was quicker, and has made the same


def _fetch(files: Any, root: str, target: Path, skip: str | None = None) -> None:
    """Copy a folder of a storage to a new local one; SettingsError where a name leads out of it."""
    files.invalidate_cache()  # others write here too
    sources, targets = [], []
    target.mkdir()
    for path, info in files.find(root, withdirs=True, detail=True).items():
        name = PurePosixPath(path).relative_to(root)
        if ".." in name.parts:  # which a store takes for a name as any other
            raise SettingsError(f"{path} leads out of {root}; rename it")
        if name.parts[:1] == (skip,):
            continue
        folder = info["type"] == "directory"
        (target / name if folder else (target / name).parent).mkdir(parents=True, exist_ok=True)
        if not folder:
            sources.append(path)
            targets.append(str(target / name))
    if sources:
        files.get(sources, targets)  # many at once, where the library can


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)
