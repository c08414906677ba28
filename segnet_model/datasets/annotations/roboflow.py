"""Roboflow's "Semantic Segmentation Masks": NAME_mask.png beside each image, and _classes.csv."""

from __future__ import annotations

import csv
from pathlib import PurePosixPath

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.drawings import own_stem
from segnet_model.datasets.annotations.export import (
    UNNAMED,
    Annotations,
    LabelFormat,
    NamedMask,
    Size,
    Target,
    one_of,
    pngs,
)
from segnet_model.datasets.annotations.marks import Marks
from segnet_model.datasets.annotations.parsed import decoded, read_safely
from segnet_model.images.label_images import decode_mask

CLASSES = "_classes.csv"
SUFFIX = "_mask"
MAX_BYTES = 1 << 16  # of a file that names the classes


def open_roboflow(source: ExportFiles, target: Target) -> Annotations:
    """Read the masks, each by the classes of its own folder.

    Raises:
        DatasetError: the classes cannot be read, or two masks are for one image.
    """
    found: dict[str, list[str]] = {}  # the masks for each image
    names: dict[str, dict[int, str]] = {}
    for name in (each for each in pngs(source.names) if PurePosixPath(each).stem.endswith(SUFFIX)):
        path = PurePosixPath(name)
        stem = own_stem(str(path.with_name(f"{path.stem.removesuffix(SUFFIX)}.png")), target.images)
        found.setdefault(stem, []).append(name)
        folder = str(path.parent / CLASSES)
        if folder not in names:
            names[folder] = _classes(source, folder)

    try:
        files = {stem: one_of(stem, several, target.images) for stem, several in found.items()}
    except DatasetError as error:
        both = str(error).partition(";")[0]
        raise DatasetError(
            f"{both}; export without augmentation, or import into the images of the export"
        ) from None

    def read(name: str, _size: Size) -> NamedMask:
        return numbered_mask(
            source.read(name), names[str(PurePosixPath(name).parent / CLASSES)], CLASSES
        )

    return Annotations("roboflow-masks", files, read)


def _classes(source: ExportFiles, name: str) -> dict[int, str]:
    """Names of the values, from lines such as "1, Ground" below a line of titles."""
    if name not in source.names:
        raise DatasetError(f"has no {name} with the names of the classes; export it again")
    try:
        with read_safely():
            data = source.read(name)
            if len(data) > MAX_BYTES:
                raise DatasetError(f"{len(data)} bytes of classes, of {MAX_BYTES} at most")
            rows = list(csv.reader(decoded(data).splitlines()))[1:]
            return {int(row[0]): row[1].strip() for row in rows if row}
    except (DatasetError, csv.Error) as error:
        raise DatasetError(f"{name}: {error}") from None


def numbered_mask(data: bytes, names: dict[int, str], file: str) -> NamedMask:
    """The mask of a PNG of numbers, whose names a file has; what 255 is called counts nowhere.

    Raises:
        DatasetError: it is no such PNG, or has a number without a name.
    """
    ids = decode_mask(data).ids
    if ids is None:
        raise DatasetError("holds colors, not the numbers of classes; export it again")
    unknown = sorted(set(np.unique(ids).tolist()) - names.keys())
    if unknown:
        raise DatasetError(
            f"holds the number {unknown[0]}, which {file} does not name; add it there"
        )
    order = sorted(number for number in names if 0 <= number < UNNAMED)
    table = np.full(256, UNNAMED, np.uint8)
    for index, number in enumerate(order):
        table[number] = index
    return NamedMask(table[ids], tuple(names[number] for number in order))


def _found(marks: Marks) -> bool:
    masks = any(PurePosixPath(name).stem.endswith(SUFFIX) for name in marks.masks)
    return masks and marks.has_file(CLASSES)


ROBOFLOW_MASKS = LabelFormat(open_roboflow, _found)
