"""What every annotation format is read as: one file an image, and names for its pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from segnet_model.base.errors import DatasetError

UNNAMED = 255  # in `NamedMask.indices`: nobody has labelled the pixel
IGNORE = "ignore"  # as a name's meaning: such pixels count nowhere


@dataclass(frozen=True, eq=False)
class NamedMask:
    """Labels of one image before anyone asked what its names mean to us."""

    indices: np.ndarray  # (H, W) uint8, positions in names, or UNNAMED
    names: tuple[str, ...]  # at most 255
    notes: Counter[str] = field(default_factory=Counter)  # what to tell people, and how often


@dataclass(frozen=True)
class Form:
    """An export that was found to be of one format."""

    name: str
    files: Mapping[str, str]  # the image's name without ending: the file with its labels
    read: Callable[[str], NamedMask]  # takes such a file; raises DatasetError or ImageError
    meanings: Mapping[str, str] = field(default_factory=dict)  # names that are no classes of ours


def by_stem(names: Iterable[str], suffix: str = "") -> dict[str, str]:
    """Files by their image's name: without folders, ending, and suffix.

    Raises:
        DatasetError: two files are for the same image.
    """
    files: dict[str, str] = {}
    for name in names:
        stem = PurePosixPath(name).stem.removesuffix(suffix)
        if stem in files:
            raise DatasetError(
                f"{files[stem]} and {name} are both for image {stem!r}; leave one away"
            )
        files[stem] = name
    return files


def in_folders(names: Iterable[str], ending: str) -> list[str]:
    """Those of the names that lie in a folder of this ending, at any depth."""
    return [name for name in names if any(part.endswith(ending) for part in name.split("/")[:-1])]


def pngs(names: Iterable[str]) -> list[str]:
    """The PNG files among the names."""
    return [name for name in names if name.lower().endswith(".png")]
