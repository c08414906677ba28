"""Safetensors files, written whole or not at all, and read no further than they are good.

The format is plain: eight bytes tell how long a header in JSON is, which tells where each tensor
lies in the bytes that follow (https://github.com/huggingface/safetensors).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from segnet_model.base.atomic import whole_file
from segnet_model.base.errors import WeightsError

MAX_HEADER = 1 << 23  # bytes; ten thousand tensors have a fifth of it


def write_tensors(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all; WeightsError where that fails."""
    try:
        with whole_file(path) as temporary:
            save_file(tensors, temporary, metadata)
            temporary.chmod(0o666 & ~_umask())  # it makes files that nobody else may read
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"cannot write {path}: {error}; free some space or choose another folder"
        ) from None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def read_metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says beside its tensors; WeightsError where it is none."""
    with _opened(path) as file:
        return file.metadata() or {}


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The tensors' shapes, without reading one; WeightsError where it is no such file."""
    with _opened(path) as file:
        names = file.keys()
        return {name: tuple(file.get_slice(name).get_shape()) for name in names}


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file; WeightsError with the reason where it is none."""
    with _opened(path) as file:
        names = file.keys()
        return {name: file.get_tensor(name) for name in names}, file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file; what its library says of lies in it comes out as WeightsError."""
    if not path.is_file():
        raise WeightsError("there is no such file")
    try:
        _check_header(path)
        with safe_open(path, framework="pt") as file:
            yield file
    # A shape that no number holds is a TypeError of PyTorch's, a strange type a KeyError.
    except (OSError, SafetensorError, TypeError, KeyError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(f"not a whole safetensors file ({reason}){_mend(path)}") from None


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(8)
    length = int.from_bytes(start, "little")
    if length > MAX_HEADER:
        raise SafetensorError(f"a header of {length} bytes, of {MAX_HEADER} at most")


def _mend(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(8)
    if _is_pickle(start):
        return "; it looks like a pickle of torch.save, which can run code and is never opened"
    return "; copy it again from where it came"


def _is_pickle(start: bytes) -> bool:
    # A zip is what torch.save writes today, 0x80 starts what it wrote before.
    return start[:2] == b"PK" or start[:1] == b"\x80"
