"""Masks of colors beside a table of them: class_dict.csv with the titles name, r, g, b.

Public data sets for segmentation come so, as CamVid and DeepGlobe on Kaggle. Only names count.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations import camvid32
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import (
    Annotations,
    LabelFormat,
    Target,
    image_name,
    in_folders,
    one_of,
    pngs,
)
from segnet_model.datasets.annotations.label_images import color_reader
from segnet_model.datasets.annotations.marks import MAX_TITLES, Marks, called
from segnet_model.datasets.annotations.parsed import decoded
from segnet_model.datasets.annotations.roboflow import MAX_BYTES

FILES = ("class_dict.csv", "class_dict_seg.csv", "label_class_dict.csv")  # whatever is in them
TITLES = (("name", "class", "class_name", "label"), ("r", "red"), ("g", "green"), ("b", "blue"))
FORM = "name,r,g,b and below it lines such as Road,128,64,128"
FOLDERS = ("annot", "labels", "label", "masks", "mask")
SUFFIXES = ("_L", "_mask", "_label", "_labels")  # of the name of a mask
IMAGE_SUFFIXES = ("", "_sat")  # of the image's name in place of these


def open_color_table(source: ExportFiles, target: Target) -> Annotations:
    """Read the masks; a color that the table lacks is named as #rrggbb.

    Raises:
        DatasetError: the table cannot be read, or two masks are for one image.
    """
    tables = {name: _colors(source, name) for name in _tables(source)}
    if not tables:
        raise DatasetError(f"holds no labels beside a table of colors, whose first line is {FORM}")
    (name, colors), *others = tables.items()
    for other, its in others:
        if its != colors:
            raise DatasetError(f"{name} and {other} differ: import one export after the other")
    masks: dict[str, list[str]] = {}
    found = pngs(source.names)
    for each in in_folders(found, *FOLDERS) or found:
        masks.setdefault(_image_of(each, target.images), []).append(each)
    files = {stem: one_of(stem, several, target.images) for stem, several in masks.items()}
    rows = ", ".join(f"{row} is {label!r}" for row, label in enumerate([*colors.values()][:2]))
    mend = (
        f"say what each is: --format ids --map 0=CLASS --map 1=CLASS and so on; if they count the "
        f"rows of {name}, {rows}"
    )
    if colors.items() <= _CAMVID.items():
        return Annotations("color-table", files, camvid32.reader(source, mend), camvid32.MEANINGS)
    read = color_reader(source, dict(colors), target.mapped, mend)
    return Annotations("color-table", files, read)


_CAMVID = {packed: camvid32.LABELS.names[i] for packed, i in camvid32.LABELS.color_ids.items()}


def _tables(source: ExportFiles) -> list[str]:
    """Files with one of the names, or with the titles."""
    tables = [name for name in source.names if name.lower().endswith(".csv")]
    return [name for name in tables if called([name], *FILES) or _columns(_titles(source, name))]


def _titles(source: ExportFiles, name: str) -> list[str]:
    line = source.read(name)[:MAX_TITLES].decode("utf-8-sig", "replace").partition("\n")[0]
    return [each.strip().lower() for each in line.split(",")]


def _columns(titles: list[str]) -> list[int]:
    """The places of name, red, green and blue among the titles; empty where one is missing."""
    found = [[i for i, each in enumerate(titles) if each in wanted] for wanted in TITLES]
    return [places[0] for places in found] if all(found) else []


def _colors(source: ExportFiles, name: str) -> dict[int, str]:
    """Names of the packed colors in a table."""
    try:
        data = source.read(name)
        if len(data) > MAX_BYTES:
            raise DatasetError(f"{len(data)} bytes of classes, of {MAX_BYTES} at most")
        titles, *rows = list(csv.reader(decoded(data).splitlines())) or [[]]
        columns = _columns([each.strip().lower() for each in titles])
        if not columns:
            raise DatasetError(f"its first line is not {FORM}")
        colors: dict[int, str] = {}
        for row in filter(any, rows):
            label, color = _row(row, columns)
            if colors.setdefault(color, label) != label:
                raise DatasetError(
                    f"{colors[color]!r} and {label!r} share the color #{color:06x}, so that nobody "
                    "can tell them apart; change one, in its masks, too"
                )
        return colors
    except (DatasetError, csv.Error) as error:
        raise DatasetError(f"{name}: {error}") from None


def _row(row: list[str], columns: list[int]) -> tuple[str, int]:
    """The name and the packed color of a line."""
    try:
        label, red, green, blue = (row[each].strip() for each in columns)
        color = [int(red), int(green), int(blue)]
    except (IndexError, ValueError):
        raise DatasetError(f"{row!r} is no class with its color, as Road,128,64,128") from None
    if not label or min(color) < 0 or max(color) > 255:
        raise DatasetError(f"{row!r} is no class with three numbers of 0 to 255")
    return label, color[0] << 16 | color[1] << 8 | color[2]


def _image_of(mask: str, images: Mapping[str, Path]) -> str:
    """The image of a mask: of its own name, or without the endings of masks."""
    stem = image_name(mask, images)
    bare = [stem.removesuffix(each) for each in SUFFIXES if stem.endswith(each)]
    others = [f"{each}{end}" for each in bare for end in IMAGE_SUFFIXES]
    return next((each for each in (stem, *others) if each in images), stem)


def _found(marks: Marks) -> bool:
    return bool(marks.masks and _tables(marks.source))


COLOR_TABLE = LabelFormat(open_color_table, _found)
