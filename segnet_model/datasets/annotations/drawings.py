"""Exports that hold shapes rather than pixels: the drawing of each image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import (
    Annotations,
    NamedMask,
    Size,
    choose,
    image_name,
)
from segnet_model.datasets.annotations.parsed import read_json, read_safely
from segnet_model.datasets.annotations.shapes import Shape, paint

# Roboflow stores a.png as a_png.rf.0123abcd.jpg, Label Studio as 0123abcd-a.png.
ROBOFLOW = re.compile(r"(?:_(?:png|jpe?g|bmp|webp))?\.rf\.\w+$", re.IGNORECASE)
LABEL_STUDIO = re.compile(r"^[0-9a-f]{4,12}-")


@dataclass(frozen=True, eq=False)
class Drawing:
    """The shapes of one image."""

    place: str  # where it stands, for people: a file, and the image if it holds several
    image: str  # its name in the export: a path or an address, of which only the end counts
    shapes: Callable[[Size], Iterable[Shape]]  # takes the image's size; the lowest first
    size: Size | None = None  # height and width, if the export has them
    subset: str = ""


def open_drawings(
    name: str, drawings: Iterable[Drawing], images: Mapping[str, Path]
) -> Annotations:
    """Make annotations from drawings.

    Args:
        name: the format.
        drawings: of all images.
        images: those of the data set, by their names without ending. Of drawings of one name,
            that of the image's split is taken.

    Raises:
        DatasetError: an image has two drawings.
    """
    by_stem: dict[str, list[Drawing]] = {}
    for drawing in drawings:
        if not isinstance(drawing.image, str):
            raise DatasetError(
                f"{drawing.place}: has an image whose name is no text; export it again"
            )
        by_stem.setdefault(own_stem(drawing.image, images), []).append(drawing)
    found = {stem: _choose(stem, several, images) for stem, several in by_stem.items()}
    by_place = {drawing.place: drawing for drawing in found.values()}

    def read(place: str, size: Size) -> NamedMask:
        drawing = by_place[place]
        with read_safely():
            own = drawing.size or size
            # Of another size, a mask of that size is enough to be refused.
            return paint(drawing.shapes(own) if own == size else (), own)

    return Annotations(name, {stem: each.place for stem, each in found.items()}, read)


def from_documents(
    source: ExportFiles,
    names: Iterable[str],
    known: Callable[[Any], bool],
    parse: Callable[[str, Any], Iterable[Drawing]],
    read: Callable[[ExportFiles, str], Any] = read_json,
) -> list[Drawing]:
    """The drawings of all files whose content is known.

    Args:
        source: the export.
        names: of the files.
        known: whether what is in a file is of the format.
        parse: takes a file's name and what is in it.
        read: `read_json` or `read_xml`.

    Raises:
        DatasetError: a file is damaged, with its name.
    """
    drawings: list[Drawing] = []
    for name in names:
        try:
            with read_safely():
                document = read(source, name)
                drawings += parse(name, document) if known(document) else ()
        except DatasetError as error:
            raise DatasetError(f"{name}: {error}") from None
    return drawings


def own_stem(name: str, images: Mapping[str, Path]) -> str:
    """The image's name without folders and ending, and without what a tool has added to it."""
    name = file_of(name) if "://" in name else name
    stem = image_name(name.replace("\\", "/"), images)
    bare = (ROBOFLOW.sub("", stem), LABEL_STUDIO.sub("", stem), unquote(stem))
    return next((each for each in (stem, *bare) if each in images), stem)


def file_of(address: str) -> str:
    """The file of an address: /data/local-files/?d=folder/a.png, or https://host/a.png?key."""
    try:
        parts = urlsplit(address)
    except ValueError:  # http://[a/b.png
        return address
    inner = parse_qs(parts.query).get("d", [])
    return inner[0] if inner else unquote(parts.path)


def subset_of(name: str) -> str:
    """The folder of a file, which names the subset."""
    return PurePosixPath(name).parent.name


def _choose(stem: str, drawings: list[Drawing], images: Mapping[str, Path]) -> Drawing:
    """The drawing of an image, of those of its name; any where the data set lacks the image."""
    if stem not in images:
        return drawings[0]
    subsets = [[each.subset] for each in drawings]
    return drawings[choose(stem, [repr(each.place) for each in drawings], subsets, images)]
