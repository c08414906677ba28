"""Annotations of any format: one file for each image, with class names for its pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from segnet_model.base.errors import DatasetError

UNNAMED = 255  # in `NamedMask.indices`: unlabeled


@dataclass(frozen=True, eq=False)
class NamedMask:
    """Labels of one image in the export's own classes."""

    indices: np.ndarray  # (H, W) uint8, positions in names, or UNNAMED
    names: tuple[str, ...]  # at most 255
    notes: Counter[str] = field(default_factory=Counter)  # messages for people, and how often


@dataclass(frozen=True)
class Annotations:
    """An opened export of one format."""

    name: str
    files: Mapping[str, str]  # the image's name without ending: the file with its labels
    read: Callable[[str], NamedMask]  # takes such a file; raises DatasetError or ImageError
    meanings: Mapping[str, str] = field(
        default_factory=dict
    )  # our classes for names that are not ours


def by_stem(names: Iterable[str], suffix: str = "") -> dict[str, str]:
    """Files by image name: without folders, extension and suffix.

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
    """The names with a folder, at any depth, that ends in `ending`."""
    return [name for name in names if any(part.endswith(ending) for part in name.split("/")[:-1])]


def pngs(names: Iterable[str]) -> list[str]:
    """The PNG files among the names."""
    return [name for name in names if name.lower().endswith(".png")]
