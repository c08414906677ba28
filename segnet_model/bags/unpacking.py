"""Limits on the files that `rosbags` unpacks and parses.

It trusts the sizes in a file: a megabyte of zstd may become thirty gigabytes, and a few lines of
YAML may take hours. It has no options for limits, so its functions are replaced.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from lz4.frame import LZ4FrameDecompressor  # type: ignore[import-untyped]
from rosbags.rosbag2 import metadata, reader, storage_mcap
from ruamel.yaml import YAML

from segnet_model.base.documents import check_yaml
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


def bound_rosbags() -> None:
    """Replace the unpackers and YAML parsers of `rosbags`, for the whole process."""
    vars(metadata).update(YAML=_BoundedYaml)
    unpack = SimpleNamespace(open=_BoundedFile, decompress=unpack_message)
    vars(reader).update(YAML=_BoundedYaml, zstd=unpack)
    storage_mcap.DECOMPRESSORS.update(
        zstd=lambda data, size: unpack_chunk(zstd.ZstdDecompressor, data, size),
        lz4=lambda data, size: unpack_chunk(LZ4FrameDecompressor, data, size),
    )


def unpack_chunk(new: Callable[[], Any], data: bytes, size: int) -> bytes:
    """Unpack a chunk of an MCAP file; BagError if it exceeds `size`, or size is absurd."""
    if size > MAX_CHUNK:
        raise BagError(f"a chunk of {size} bytes, of {MAX_CHUNK} at most; record smaller ones")
    return _unpack(new, data, size, "a chunk")


def unpack_message(data: bytes) -> bytes:
    """Unpack a message; BagError if it is larger than any image."""
    return _unpack(zstd.ZstdDecompressor, data, MAX_MESSAGE, "a message")


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


class _BoundedYaml(YAML):
    """A YAML parser with limits."""

    def load(self, stream: Any) -> Any:
        check_yaml(stream, MAX_METADATA)
        return super().load(stream)


class _BoundedFile:
    """A compressed file with a limit on its unpacked size."""

    def __init__(self, file: Any, _mode: str) -> None:
        size = os.fstat(file.fileno()).st_size
        free = shutil.disk_usage(tempfile.gettempdir()).free - SPARE
        self._left = self._most = min(max(ALWAYS_ALLOWED, MAX_GROWTH * size), free)
        self._file = zstd.ZstdFile(file)

    def __enter__(self) -> _BoundedFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, length: int) -> bytes:
        data = self._file.read(length)
        self._left -= len(data)
        if self._left < 0:
            raise BagError(
                f"a file unpacks to more than {self._most} bytes; if it is no bomb, unpack it with "
                "`zstd -d` and free some disk"
            )
        return data
