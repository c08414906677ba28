"""Compressed files, chunks and messages, unpacked within limits.

A megabyte of zstd may become thirty gigabytes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from lz4.frame import LZ4FrameDecompressor  # type: ignore[import-untyped]

from segnet_model.bags.kinds import PACKED, ZSTD, first_bytes
from segnet_model.base.errors import BagError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_METADATA = 1 << 20  # bytes of metadata.yaml: a thousand topics, and ten seconds of reading
MAX_MESSAGE = (1 << 28) + (1 << 16)  # bytes; `image_size.MAX_PIXELS` of eight bytes each
MAX_CHUNK = 1 << 29  # bytes; recorders make them of about one megabyte
MAX_GROWTH = 1000  # black images shrink 1000-fold, a bomb 30,000-fold
ALWAYS_ALLOWED = 1 << 26  # bytes that a file may unpack to, however small it is
SPARE = 1 << 30  # bytes of the disk that stay free
# None is a chunk that is not compressed.
UNPACKERS: dict[str, Callable[[], Any] | None] = {
    "": None, "zstd": zstd.ZstdDecompressor, "lz4": LZ4FrameDecompressor,
}  # fmt: skip


def unpack_chunk(compression: str, data: bytes, size: int) -> bytes:
    """Unpack a chunk of an MCAP file; BagError if its size is not `size`, or that is absurd."""
    if size > MAX_CHUNK:
        raise BagError(f"a chunk of {size} bytes, of {MAX_CHUNK} at most; record smaller ones")
    if compression not in UNPACKERS:
        raise BagError(
            f"its chunks are compressed with {compression[:40]!r}; make them anew with "
            "`mcap compress`"
        )
    new = UNPACKERS[compression]
    whole = data if new is None else _unpack(new, data, size, "a chunk")
    if len(whole) != size:
        raise BagError(f"a chunk has {len(whole)} bytes, not {size}; it was damaged")
    return whole


def unpack_message(data: bytes) -> bytes:
    """The bytes of a message, unpacked where they are zstd; BagError if longer than any image."""
    if not data.startswith(ZSTD):  # CDR begins with a zero
        return data
    return _unpack(zstd.ZstdDecompressor, data, MAX_MESSAGE, "a message")


@contextmanager
def unpacked_files(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield the same files, those of zstd unpacked to a temporary folder.

    Raises:
        BagError: one is much larger than it may be, or than the disk.
    """
    with TemporaryDirectory() as folder:
        yield [_unpacked(file, Path(folder)) for file in files]


def _unpacked(file: Path, folder: Path) -> Path:
    if not first_bytes(file).startswith(ZSTD):
        return file
    result = folder / file.name.removesuffix(PACKED)
    with file.open("rb") as packed, _BoundedFile(packed) as source, result.open("wb") as target:
        shutil.copyfileobj(source, target)
    return result


def _unpack(new: Callable[[], Any], data: bytes, most: int, what: str) -> bytes:
    whole = bytearray()
    while data:  # one frame after the other
        frame = new()
        whole += frame.decompress(data, most - len(whole) + 1)
        if len(whole) > most:
            raise BagError(f"{what} unpacks to more than {most} bytes; it was damaged")
        if not frame.eof:
            raise BagError(f"{what} of {len(data)} bytes is cut")
        data = frame.unused_data
    return bytes(whole)


class _BoundedFile:
    """A compressed file with a limit on its unpacked size."""

    def __init__(self, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size
        free = shutil.disk_usage(tempfile.gettempdir()).free - SPARE
        self._left = self._most = min(max(ALWAYS_ALLOWED, MAX_GROWTH * size), free)
        self._file = zstd.ZstdFile(file)

    def __enter__(self) -> _BoundedFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, length: int = -1, /) -> bytes:
        data = self._file.read(length)
        self._left -= len(data)
        if self._left < 0:
            raise BagError(
                f"a file unpacks to more than {self._most} bytes; if it is no bomb, unpack it with "
                "`zstd -d` and free some disk"
            )
        return data
