"""Marks by which segnet knows the files that it wrote, as long as nobody changed them.

A mark holds the SHA-256 of the rest of its file. A PNG has it in a text chunk after its header. In
other formats it is `MARK` in any text that is stored as it is, such as the comment of a zip: 64
zeros that `set_mark` replaces. Safetensors files have a key of their own in their metadata instead,
and Rerun's files the name of the application.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import zlib
from collections.abc import Iterator
from pathlib import Path

NAME = b"segnet-sha256:"
ZEROS = b"0" * 64
MARK = (NAME + ZEROS).decode()  # to be put into the text of a file
MOST = 32  # marks in a file: a report may quote those of exports
CHUNK = 1 << 20  # bytes

PNG = b"\x89PNG\r\n\x1a\n"
PNG_HEADER = len(PNG) + 25  # bytes up to the second chunk
PNG_KEY = b"tEXtsegnet\x00"

TENSORS_KEYS = ("segnet", "segnet_training")  # of weights and of training states
MAX_HEADER = 1 << 23  # bytes; ten thousand tensors have a fifth of it
RERUN, APPLICATION = b"RRF2", b"\n\x06segnet"  # a text of six letters in protobuf
RERUN_START = 256  # bytes, which name the application


def marked_png(data: bytes) -> bytes:
    """A PNG with a mark."""
    body = PNG_KEY + hashlib.sha256(data).hexdigest().encode()
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return data[:PNG_HEADER] + chunk + data[PNG_HEADER:]


def set_mark(path: Path) -> None:
    """Replace the zeros of a file's `MARK`, if it has one, by the digest of the file."""
    if not path.stat().st_size:
        return
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        start = data.find(MARK.encode())
        if start >= 0:
            digest = hashlib.sha256(data).hexdigest()
            data[start + len(NAME) : start + len(MARK)] = digest.encode()


def is_marked(path: Path) -> bool:
    """Whether segnet wrote a file, and nobody has changed it since.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[: len(PNG)] == PNG:
            return _is_marked_png(data[:])
        if data[: len(RERUN)] == RERUN:
            return APPLICATION in data[:RERUN_START]
        return _has_tensors_key(data) or any(_digests(data))


def _is_marked_png(data: bytes) -> bool:
    end = PNG_HEADER + 8 + len(PNG_KEY) - 4 + 64 + 4
    return data == marked_png(data[:PNG_HEADER] + data[end:])


def _digests(data: mmap.mmap) -> Iterator[bool]:
    """Whether the file has each digest that it names, with that one taken as zeros."""
    start = data.find(NAME)
    for _ in range(MOST):
        if start < 0:
            return
        start += len(NAME)
        end = start + len(ZEROS)
        yield data[start:end] == _digest(data, start, end)
        start = data.find(NAME, start)


def _digest(data: mmap.mmap, start: int, end: int) -> bytes:
    """Digest of a file with zeros from start to end; of a long file a part at a time."""
    digest = hashlib.sha256()
    for begin, stop in ((0, start), (end, len(data))):
        for place in range(begin, stop, CHUNK):
            digest.update(data[place : min(stop, place + CHUNK)])
        if stop == start:
            digest.update(ZEROS)
    return digest.hexdigest().encode()


def _has_tensors_key(data: mmap.mmap) -> bool:
    """Whether this is a safetensors file with metadata of segnet."""
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= min(MAX_HEADER, len(data) - 8) or data[8:9] != b"{":
        return False
    try:
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        return any(key in metadata for key in TENSORS_KEYS)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return False
