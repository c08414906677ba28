"""The files of an annotation export: a folder, a file, or a zip that is not trusted.

A zip is never unpacked to disk: members are read into memory one at a time.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from segnet_model.base.errors import DatasetError

MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 2**27  # labelme's JSON may carry the whole image as text
# Label images shrink about 20-fold in a zip, a zip bomb 1000-fold and more. Small zips do no harm.
MAX_GROWTH = 200
HARMLESS_BYTES = 2**26
DOCUMENTS = (".json", ".xml", ".csv")  # some tools export one such file
PARTS = (".png", ".txt", ".yaml", ".yml")  # files of which an export has more than one
OTHERS = {  # first bytes of archives that are not read, and what unpacks them
    b"Rar!": "unrar x",
    b"7z\xbc\xaf": "7z x",
    b"\x1f\x8b": "tar xf",
    b"BZh": "tar xf",
    b"\xfd7zXZ": "tar xf",
    b"\x28\xb5\x2f\xfd": "tar xf",
}
ENCRYPTED = 0x1  # of the flag bits
# What Python's zip reader raises for damaged files, besides its own error.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError,
)  # fmt: skip


class ExportFiles(Protocol):
    """Files by name, with "/" between the parts."""

    names: tuple[str, ...]  # sorted; without hidden files

    def read(self, name: str) -> bytes:
        """Read one file; DatasetError, without its name, where that fails."""


@contextmanager
def open_export(path: Path) -> Iterator[ExportFiles]:
    """Open a folder, a zip, or a lone JSON, XML or CSV file.

    Raises:
        DatasetError: it is neither, or a damaged or malicious zip.
        OSError: it may not be read.
    """
    if path.is_dir():
        next(path.iterdir(), None)  # rglob passes over a folder that it may not list
        yield _Folder(path)
        return
    if path.is_file() and path.suffix.lower() in DOCUMENTS:
        yield _Folder(path.parent, path.name)
        return
    if not path.is_file():  # a pipe or a device might never end
        raise DatasetError(f"there is no {path}")
    if path.suffix.lower() in PARTS:
        raise DatasetError(f"{path} is one file of an export; name its folder: {path.parent}")
    for magic, line in OTHERS.items():
        if _begins_with(path, magic):
            raise DatasetError(f"{path} is no zip; unpack it and name the folder: {line}")
    try:
        archive = _BoundedZip(path)
    except PermissionError:
        raise
    except DAMAGE as error:
        raise DatasetError(
            f"{path} is neither a folder nor a whole zip ({error}); export it again"
        ) from None
    with archive:
        yield _Zip(path, archive)


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


class _BoundedZip(zipfile.ZipFile):
    """Zip file with a limit on the number of its entries."""

    @property
    def filelist(self) -> _Members:
        """The list to which `zipfile` appends each entry."""
        return self._members

    @filelist.setter
    def filelist(self, _empty: list[zipfile.ZipInfo]) -> None:
        self._members = _Members()


class _Members(list[zipfile.ZipInfo]):
    def append(self, member: zipfile.ZipInfo) -> None:
        if len(self) >= MAX_MEMBERS:
            raise DatasetError(f"it holds more than {MAX_MEMBERS} files; import it in parts")
        super().append(member)


class _Folder:
    def __init__(self, path: Path, only: str | None = None) -> None:
        self._path = path
        files = [path / only] if only else (each for each in path.rglob("*") if each.is_file())
        self.names = _visible(each.relative_to(path).as_posix() for each in files)

    def read(self, name: str) -> bytes:
        try:
            with (self._path / name).open("rb") as file:
                return _bounded(file.read(MAX_MEMBER_BYTES + 1))
        except OSError as error:
            raise DatasetError(f"cannot be read ({error})") from None


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        members = archive.infolist()
        for member in members:
            if reason := _reason(member):
                raise DatasetError(
                    f"{path} is refused: {member.orig_filename!r} {reason}; "
                    "zip the plain files anew"
                )
        files = [each.filename for each in members if not each.is_dir()]
        twice = [name for name, count in Counter(files).items() if count > 1]
        if twice:
            raise DatasetError(f"{path} is refused: it holds {twice[0]!r} twice; zip it anew")
        _check_growth(path, sum(each.file_size for each in members))
        self.names = _visible(files)

    def read(self, name: str) -> bytes:
        try:
            with self._archive.open(name) as file:
                return _bounded(file.read(MAX_MEMBER_BYTES + 1))
        except DAMAGE as error:
            raise DatasetError(f"damaged in the zip ({error}); copy the zip again") from None


def _reason(member: zipfile.ZipInfo) -> str | None:
    """The reason to refuse a member, or None."""
    name = member.orig_filename  # as in the zip; `filename` is corrected already
    if not name or "\0" in name or "\\" in name:
        return "has a name with a backslash or a zero in it"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return "points outside the zip"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if member.flag_bits & ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in an unusual way"
    return None


def _check_growth(path: Path, announced: int) -> None:
    """Compare with the zip's size, as members of a bomb may share their compressed bytes."""
    size = path.stat().st_size
    if announced > HARMLESS_BYTES and announced > MAX_GROWTH * size:
        raise DatasetError(
            f"{path} is refused: its {size} bytes would unpack to {announced}, more than "
            f"{MAX_GROWTH} times as many; no label images shrink that far"
        )


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_MEMBER_BYTES:
        raise DatasetError(f"longer than {MAX_MEMBER_BYTES} bytes; no labels are")
    return data


def _visible(names: Iterator[str] | list[str]) -> tuple[str, ...]:
    """Sorted names without hidden files."""
    hidden = ("__MACOSX", ".")
    return tuple(
        sorted(
            name for name in names if not any(part.startswith(hidden) for part in name.split("/"))
        )
    )
