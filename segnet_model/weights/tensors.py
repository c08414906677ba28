"""Safetensors files: whole or not at all when written, bounded and checked when read.

The format: eight bytes with the length of a JSON header, the header with the place of each tensor,
and the tensors' bytes (https://github.com/huggingface/safetensors).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segnet_model.base.atomic import whole_file
from segnet_model.base.errors import WeightsError
from segnet_model.base.marks import CHUNK, MAX_HEADER

if TYPE_CHECKING:
    from torch import Tensor

DIGEST = "segnet_sha256"  # key of the metadata; strangers' files have none
METADATA = '"__metadata__":{'  # the first of the header that safetensors writes
IMAGES = (b"\x89PNG", b"\xff\xd8\xff")  # first bytes


def write_tensors(
    path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str], *, known: bool = False
) -> None:
    """Write a safetensors file with a digest by `whole_file`; WeightsError where that fails."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        with whole_file(path, known=known) as temporary:
            signed = {**metadata, DIGEST: _digest(tensors, metadata)}
            save_file(tensors, temporary, signed)
            _sort_metadata(temporary)
            temporary.chmod(0o666 & ~_umask())  # safetensors makes files for one user only
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"cannot write {path}: {error}; free some space or choose another folder"
        ) from None


def _sort_metadata(path: Path) -> None:
    """Sort the texts of the metadata: safetensors draws their order, and equal files are equal."""
    decode, rows = json.JSONDecoder().raw_decode, list[str]()
    with path.open("r+b") as file:
        header = file.read(int.from_bytes(file.read(8), "little")).decode()
        begin = at = header.index(METADATA) + len(METADATA)
        while header[at - 1] != "}":
            _, colon = decode(header, at)
            _, end = decode(header, colon + 1)
            rows.append(header[at:end])
            at = end + 1
        text = header[:begin] + ",".join(sorted(rows))
        file.seek(8)
        file.write(text.encode())


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file; WeightsError where it is none."""
    with _opened(path) as file:
        return file.metadata() or {}


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The tensors' shapes, read from the header alone; WeightsError where it is no such file."""
    with _opened(path) as file:
        names = file.keys()
        return {name: tuple(file.get_slice(name).get_shape()) for name in names}


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file, and check its digest, if it has one.

    Raises:
        WeightsError: it is none, or was changed since segnet wrote it.
    """
    with _opened(path) as file:
        names, metadata = file.keys(), file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in names}
    if DIGEST in metadata and metadata[DIGEST] != _digest(tensors, metadata):
        raise WeightsError(
            "its content is not what segnet wrote: it was damaged, or changed by another program; "
            f"copy it again, or, if the change is meant, leave {DIGEST} out of its metadata"
        )
    return tensors


def _digest(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """The SHA-256 of all names, values and texts, whatever their order in the file."""
    from torch import uint8

    digest = hashlib.sha256()
    for text in sorted(metadata.items()):
        digest.update(b"" if text[0] == DIGEST else repr(text).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(repr((name, str(tensor.dtype), tuple(tensor.shape))).encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(uint8).numpy())
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file; every error about its content becomes a WeightsError."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError("there is no such file")
    try:
        _check_header(path)
        with safe_open(path, framework="pt") as file:
            yield file
    except OSError as error:
        raise WeightsError(f"it cannot be read ({error.strerror or error})") from None
    # PyTorch raises TypeError for a shape beyond all numbers, KeyError for an unknown dtype.
    except (SafetensorError, TypeError, KeyError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(f"not a whole safetensors file ({reason}){_mend(path)}") from None


def _check_header(path: Path) -> None:
    from safetensors import SafetensorError

    length = int.from_bytes(_start(path), "little")
    if length > MAX_HEADER:
        raise SafetensorError(
            f"it begins with {_start(path)!r}, which would be a header of {length} bytes, of "
            f"{MAX_HEADER} at most"
        )


def _mend(path: Path) -> str:
    # torch.save writes a zip today; before, it wrote a pickle, which starts with 0x80.
    if _start(path).startswith((b"PK", b"\x80")):
        return "; it looks like a pickle of torch.save, which can run code and is never opened"
    if _start(path).startswith(IMAGES):
        return "; it is an image: give weights"
    return "; copy it again from where it came, if it is of weights at all"


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file of any length, in lower-case hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()
