"""Names of outputs: of the input, and of a hash of everything that the output depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from segnet_model.datasets.sources.frame import escape
from segnet_model.fleet.job import Input

DIGITS = 16  # of a hash; of ten million inputs, two share a name with a chance of 3 in a million
MAX_STEM = 80  # characters of the input's name


def output_name(item: Input, settings: Mapping[str, Any]) -> str:
    """The name of an input's output, as "drive-3f9a5c0d17be44c1".

    Args:
        item: its address and size count: a recording that grew is another one.
        settings: as `settings_of`.
    """
    text = json.dumps([item.address, item.size, settings], sort_keys=True)
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
    stem = escape(PurePosixPath(item.address).stem)[:MAX_STEM].lstrip(".")
    return f"{stem}-{digest[:DIGITS]}"


def settings_of(command: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON knows them; a file's are its content, wherever it lies."""
    return {"command": command, **{name: _plain(value) for name, value in values.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, str | Path) and value and Path(value).is_file():
        return hashlib.sha256(Path(value).read_bytes()).hexdigest()
    return str(value) if isinstance(value, Path) else value
