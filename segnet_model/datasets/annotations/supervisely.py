"""Supervisely's JSON: ann/NAME.png.json for each image, with polygons, bitmaps and rectangles.

Corners are the places of pixels, and outlines belong to their shapes, as in Supervisely's own
drawing. Later objects lie on top.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import cv2
import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.drawings import Drawing, open_drawings
from segnet_model.datasets.annotations.export import (
    Annotations,
    LabelFormat,
    Size,
    Target,
    in_folders,
    jsons,
)
from segnet_model.datasets.annotations.parsed import read_json
from segnet_model.datasets.annotations.shapes import BOXES, Patch, Shape, inside, points
from segnet_model.images.files import IMAGE_SUFFIXES
from segnet_model.images.label_images import open_png

MAX_PNG = 1 << 24  # bytes of an unpacked bitmap
PNG = b"\x89PNG"
META = "meta.json"  # the classes of a project
AREALESS = ("line", "polyline", "point", "graph")


def is_supervisely(document: Any) -> bool:
    """Whether parsed JSON is Supervisely's."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("objects"), list)
        and isinstance(document.get("size"), dict)
    )


def open_supervisely(source: ExportFiles, target: Target) -> Annotations:
    """Read the JSON files in folders `ann`, or a file alone."""
    names = jsons(source.names)
    drawings = [
        Drawing(name, _image(name), partial(_shapes, source, name), subset=_subset(name))
        for name in in_folders(names, "ann") or names
        if PurePosixPath(name).name != META
    ]
    return open_drawings("supervisely", drawings, target.images)


def _image(name: str) -> str:
    """cam/ann/a.png.json is of cam/a.png, and cam/ann/a.json of cam/a."""
    path = PurePosixPath(name)
    known = PurePosixPath(path.stem).suffix.lower() in IMAGE_SUFFIXES
    return str(path.parent.parent / (path.stem if known else f"{path.stem}.png"))


def _subset(name: str) -> str:
    """The folder around `ann`."""
    return PurePosixPath(name).parent.parent.name


def _shapes(source: ExportFiles, name: str, size: Size) -> Iterator[Shape]:
    document = read_json(source, name)
    if not is_supervisely(document):
        raise DatasetError("has no objects and size, as Supervisely's has; export it again")
    own = int(document["size"]["height"]), int(document["size"]["width"])
    if own != size:
        raise DatasetError(
            f"is for {own[1]}x{own[0]} pixels but its image is {size[1]}x{size[0]}; "
            "export the labels at the image's size"
        )
    for each in document["objects"]:
        kind = each["geometryType"]
        if kind not in PATCHES and kind not in AREALESS:
            raise DatasetError(f"has a shape {kind!r}; draw {', '.join(PATCHES)} instead")
        patch = PATCHES[kind](each, size) if kind in PATCHES else None
        yield Shape(each["classTitle"], patch, BOXES if kind == "rectangle" else "")


def _polygon(shape: dict[str, Any], size: Size) -> Patch | None:
    exterior = _corners(shape["points"]["exterior"])
    if len(exterior) < 3:
        return None
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [exterior], 1)
    for ring in map(_corners, shape["points"].get("interior") or ()):
        if len(ring):
            cv2.fillPoly(mask, [ring], 0)
    return Patch(mask.astype(bool), 0, 0)


def _corners(ring: Any) -> np.ndarray:
    return points(ring).round().astype(np.int32)


def _rectangle(shape: dict[str, Any], size: Size) -> Patch | None:
    (left, top), (right, bottom) = _corners(shape["points"]["exterior"])
    mask = np.zeros(size, bool)
    rows, columns = sorted((max(top, 0), max(bottom, 0))), sorted((max(left, 0), max(right, 0)))
    mask[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = True
    return Patch(mask, 0, 0)


def _bitmap(shape: dict[str, Any], size: Size) -> Patch:
    """The opaque or bright pixels of a PNG as text, packed with zlib or not."""
    data = base64.b64decode(shape["bitmap"]["data"])
    image = open_png(data if data.startswith(PNG) else _unpacked(data))
    opaque = image.mode in ("RGBA", "LA") or "transparency" in image.info
    mask = np.asarray(image.convert("RGBA"))[..., 3] if opaque else np.asarray(image.convert("L"))
    left, top = (int(value) for value in shape["bitmap"]["origin"])
    return inside(mask > 0, top, left, size)


def _unpacked(data: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        png = unpacking.decompress(data, MAX_PNG)
    except zlib.error as error:
        raise DatasetError(f"has a damaged bitmap ({error}); export it again") from None
    if unpacking.unconsumed_tail:
        raise DatasetError(f"has a bitmap of more than {MAX_PNG} bytes; export it again")
    return png


PATCHES: dict[str, Callable[[dict[str, Any], Size], Patch | None]] = {
    "polygon": _polygon,
    "bitmap": _bitmap,
    "rectangle": _rectangle,
}
SUPERVISELY = LabelFormat(open_supervisely, lambda marks: marks.has_json(is_supervisely))
