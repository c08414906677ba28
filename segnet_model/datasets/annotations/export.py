"""Annotations of any format: one file for each image, with class names for its pixels."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.labels import LabelSet

if TYPE_CHECKING:
    from segnet_model.datasets.annotations.archives import ExportFiles
    from segnet_model.datasets.annotations.marks import Marks

Size = tuple[int, int]  # height, width
NO_IMAGES: Mapping[str, Path] = MappingProxyType({})
# Names of subsets that mean our splits.
SPLITS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
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
    # Takes such a file, and the image's height and width; raises DatasetError or ImageError.
    read: Callable[[str, Size], NamedMask]
    meanings: Mapping[str, str] = field(
        default_factory=dict
    )  # our classes for names that are not ours
    notes: tuple[str, ...] = ()  # messages about the export as a whole, for people


@dataclass(frozen=True)
class Target:
    """The data set that labels are read for."""

    labels: LabelSet  # of label images that are ids, or have its colors
    # By name without ending; of several with one name, with the folders below their split.
    images: Mapping[str, Path] = field(default_factory=dict)
    mapped: Collection[str] = ()  # names that the user maps, ids and colors among them


@dataclass(frozen=True)
class LabelFormat:
    """A format of labels."""

    open: Callable[[ExportFiles, Target], Annotations]  # raises DatasetError
    found: Callable[[Marks], bool]  # whether an export is of this format


def by_stem(
    names: Iterable[str], suffix: str = "", images: Mapping[str, Path] = NO_IMAGES
) -> dict[str, str]:
    """Files by image name: without extension and suffix, and without folders; see `image_name`.

    Raises:
        DatasetError: two files are for the same image, and not one of them in its split.
    """
    files: dict[str, list[str]] = {}
    for name in names:
        files.setdefault(image_name(name, images, suffix), []).append(name)
    return {stem: one_of(stem, several, images) for stem, several in files.items()}


def one_of(stem: str, files: Sequence[str], images: Mapping[str, Path]) -> str:
    """The only file for an image, or that of the image's own split; see `choose`."""
    return files[choose(stem, files, map(_subsets, files), images)]


def choose(
    stem: str, places: Sequence[str], subsets: Iterable[Collection[str]], images: Mapping[str, Path]
) -> int:
    """Which of several labels is for an image: the only one, or that of the image's own split.

    Args:
        stem: the image's name.
        places: where the labels are, for people.
        subsets: of each, the names that may be its subset's.
        images: those of the data set, by name.

    Raises:
        DatasetError: it is none, or more than one.
    """
    if len(places) == 1:
        return 0
    folders = [each.name for each in images[stem].parents] if stem in images else []
    split = next((each for each in folders if each in SPLITS.values()), "")
    own = [index for index, each in enumerate(subsets) if split in map(_as_split, each)]
    if len(own) == 1:
        return own[0]
    one, other = (own or range(2))[:2]
    raise DatasetError(
        f"{places[one]} and {places[other]} are both for image {stem!r}; name a file or folder "
        "with one of them, the labels alone; masks of single classes have to be joined to one first"
    )


def _subsets(file: str) -> list[str]:
    return [part.removesuffix("annot") for part in file.split("/")[:-1]]


def _as_split(subset: str) -> str:
    """Our name of a subset: "val" for "valid"."""
    return SPLITS.get(subset.lower(), subset.lower())


def image_name(file: str, images: Collection[str], suffix: str = "") -> str:
    """The image of a file: the longest end of its path that names one, else its bare name.

    The name is `composed`, as are those of `images`.
    """
    path = PurePosixPath(composed(file))
    # What follows the point of 1700.250, a stamp in seconds, is no ending.
    stem = path.name if path.suffix[1:].isdigit() else path.stem
    parts = (*path.parent.parts, stem.removesuffix(suffix))
    ends = ("/".join(parts[first:]) for first in range(len(parts)))
    return next((end for end in ends if end in images), parts[-1])


def composed(name: str) -> str:
    """A name in Unicode's composed form: macOS writes a letter and its accent as two."""
    return unicodedata.normalize("NFC", name)


def in_folders(names: Iterable[str], *endings: str) -> list[str]:
    """The names with a folder, at any depth, that ends in one of `endings`, in any case."""
    return [name for name in names if any(f"{end.lower()}/" in name.lower() for end in endings)]


def pngs(names: Iterable[str]) -> list[str]:
    """The PNG files among the names."""
    return [name for name in names if name.lower().endswith(".png")]


def jsons(names: Iterable[str]) -> list[str]:
    """The JSON files among the names."""
    return [name for name in names if name.lower().endswith(".json")]


def xmls(names: Iterable[str]) -> list[str]:
    """The XML files among the names."""
    return [name for name in names if name.lower().endswith(".xml")]
