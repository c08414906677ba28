"""The VGG Image Annotator, version 1 and 2: a project, or annotations as JSON or as a table.

A region's class is the value of its attribute. Later regions lie on top.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.drawings import Drawing, from_documents, open_drawings
from segnet_model.datasets.annotations.export import Annotations, LabelFormat, Size, Target, jsons
from segnet_model.datasets.annotations.marks import MAX_TITLES, Marks
from segnet_model.datasets.annotations.parsed import check_bytes, decoded, read_safely
from segnet_model.datasets.annotations.shapes import (
    BOXES,
    Shape,
    box,
    ellipse,
    number,
    outline,
    points,
)

COLUMN = "region_shape_attributes"  # of a table
PROJECT = "_via_img_metadata"
# Names of the attribute that is the class, where a region has several.
CLASS_NAMES = ("class", "label", "name", "type", "category", "object")
AREALESS = ("polyline", "point")


def is_via(document: Any) -> bool:
    """Whether parsed JSON is of VIA 1 or 2."""
    files = document.get(PROJECT, document) if isinstance(document, dict) else None
    return (
        isinstance(files, dict)
        and bool(files)
        and all(
            isinstance(each, dict) and "filename" in each and "regions" in each
            for each in files.values()
        )
    )


def open_via(source: ExportFiles, target: Target) -> Annotations:
    """Read VIA's JSON files and tables; DatasetError where one is damaged."""
    drawings = from_documents(source, jsons(source.names), is_via, _drawings)
    for name, data in _tables(source):
        try:
            with read_safely():
                files = _from_table(data)
                drawings += _drawings(name, files)
        except (DatasetError, csv.Error) as error:
            raise DatasetError(f"{name}: {error}; export JSON") from None
        _check_counts(name, files)
    return open_drawings("via", drawings, target.images)


def _tables(source: ExportFiles) -> Iterator[tuple[str, bytes]]:
    """Name and content of each table."""
    for name in source.names:
        if name.lower().endswith(".csv"):
            data = source.read(name)
            if COLUMN.encode() in data[:MAX_TITLES]:
                yield name, data


def _from_table(data: bytes) -> dict[str, Any]:
    """The rows of a table, each of which is a region, as the JSON would be."""
    check_bytes(data)
    files: dict[str, Any] = {}
    for row in csv.DictReader(io.StringIO(decoded(data).lstrip("#"))):
        shape, attributes = json.loads(row[COLUMN]), json.loads(row["region_attributes"])
        file = files.setdefault(row["filename"], {"filename": row["filename"], "regions": []})
        if shape:  # an image without regions has a row, too
            file["regions"].append({"shape_attributes": shape, "region_attributes": attributes})
            file["count"] = row.get("region_count")
    return files


def _check_counts(name: str, files: dict[str, Any]) -> None:
    """Raise DatasetError where rows of an image are missing by their own count."""
    for file in files.values():
        found, said = len(file["regions"]), file.get("count")
        if said and said.strip().isdecimal() and found < int(said):
            raise DatasetError(
                f"{name}: has {found} regions of {file['filename']!r}, and names {said}: it was "
                "cut; copy the whole table again, or export it from VIA again, as JSON"
            )


def _drawings(name: str, document: dict[str, Any]) -> Iterator[Drawing]:
    for file in document.get(PROJECT, document).values():
        image, regions = file["filename"], file["regions"]
        rows = list(regions.values()) if isinstance(regions, dict) else regions
        yield Drawing(f"{name}: {image}", image, partial(_shapes, rows))


def _shapes(regions: list[dict[str, Any]], size: Size) -> Iterator[Shape]:
    for region in regions:
        shape, label = region["shape_attributes"], _label(region["region_attributes"])
        kind = shape["name"]
        if kind in AREALESS:
            yield Shape(label, None)
        elif kind in CORNERS:
            patch = outline([CORNERS[kind](shape)], size)
            yield Shape(label, patch, BOXES if kind == "rect" else "")
        else:
            raise DatasetError(f"has a shape {kind!r}; draw {', '.join(CORNERS)} instead")


def _label(attributes: dict[str, Any]) -> str:
    """The class: a text, or the only choice that is ticked."""
    names = [name for name in attributes if name.lower() in CLASS_NAMES] or list(attributes)
    if not names:
        raise DatasetError("has a region without attributes; give it one in VIA, its class")
    if len(names) > 1:
        raise DatasetError(
            f"has a region with {len(names)} attributes that may be its class "
            f"({', '.join(map(repr, names[:5]))}); leave it one, such as 'class'"
        )
    value = attributes[names[0]]
    value = str(value) if type(value) is int else value
    if isinstance(value, dict):
        ticked = [name for name, is_so in value.items() if is_so]
        value = ticked[0] if len(ticked) == 1 else ""
    if not isinstance(value, str) or not value.strip():
        raise DatasetError(f"has a region without one {names[0]!r}; give it one in VIA")
    return value.strip()


def _polygon(shape: dict[str, Any]) -> np.ndarray:
    xs, ys = shape["all_points_x"], shape["all_points_y"]
    return points(list(zip(xs, ys, strict=True)))


def _rect(shape: dict[str, Any]) -> np.ndarray:
    x, y, width, height = (number(shape[key]) for key in ("x", "y", "width", "height"))
    return box(x, y, x + width, y + height)


def _circle(shape: dict[str, Any]) -> np.ndarray:
    return ellipse(number(shape["cx"]), number(shape["cy"]), number(shape["r"]), number(shape["r"]))


def _ellipse(shape: dict[str, Any]) -> np.ndarray:
    numbers = [number(shape[key]) for key in ("cx", "cy", "rx", "ry")]
    return ellipse(*numbers, degrees=np.rad2deg(number(shape.get("theta", 0))))


def _found(marks: Marks) -> bool:
    return marks.has_json(is_via) or any(_tables(marks.source))


CORNERS: dict[str, Callable[[dict[str, Any]], np.ndarray]] = {
    "polygon": _polygon,
    "rect": _rect,
    "circle": _circle,
    "ellipse": _ellipse,
}
VIA = LabelFormat(open_via, _found)
