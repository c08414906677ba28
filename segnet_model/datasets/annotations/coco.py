"""COCO's instances: one JSON file for the images of a subset.

Polygons, run lengths, and boxes where there is nothing better; crowds are like other objects. Later
annotations lie on top. Several polygons of an annotation are united, as by COCO's own tools.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.drawings import (
    Drawing,
    from_documents,
    open_drawings,
    subset_of,
)
from segnet_model.datasets.annotations.export import Annotations, LabelFormat, Size, Target, jsons
from segnet_model.datasets.annotations.runs import coco_counts, from_runs
from segnet_model.datasets.annotations.shapes import (
    BOXES,
    FILLED,
    Patch,
    Shape,
    box,
    flat_points,
    inside,
    number,
    outline,
    union,
)

KEYS = ("images", "annotations", "categories")
INSTANCES = "instances_"  # instances_train.json, beside captions_train.json and others


def is_coco(document: Any) -> bool:
    """Whether parsed JSON is COCO's."""
    return isinstance(document, dict) and all(isinstance(document.get(k), list) for k in KEYS)


def open_coco(source: ExportFiles, target: Target) -> Annotations:
    """Read COCO's JSON files.

    Raises:
        DatasetError: a file is damaged, or holds boxes alone.
    """
    names = jsons(source.names)
    instances = [name for name in names if PurePosixPath(name).name.startswith(INSTANCES)]
    drawings = from_documents(source, instances or names, is_coco, _drawings)
    return open_drawings("coco", drawings, target.images)


def _drawings(name: str, document: Any) -> Iterator[Drawing]:
    annotations, labels = document["annotations"], _labels(document["categories"])
    if annotations and not any(each.get("segmentation") for each in annotations):
        raise DatasetError("holds boxes alone, as for detection; export outlines or masks")
    of_image: dict[str, list[dict[str, Any]]] = {
        _key(each["id"]): [] for each in document["images"]
    }
    if len(of_image) < len(document["images"]):
        raise DatasetError("has two images of one id; export it again")
    for each in annotations:
        if _key(each["image_id"]) not in of_image:
            raise DatasetError(
                f"has an annotation for image {each['image_id']!r}, which it lacks; export both"
            )
        of_image[_key(each["image_id"])].append(each)
    for image in document["images"]:
        yield Drawing(
            f"{name}: {image['file_name']}", image["file_name"],
            partial(_shapes, of_image[_key(image["id"])], labels), _size(image), _subset(name),
        )  # fmt: skip


def _key(id_: Any) -> str:
    """An id, of which some tools write 7 here, and "7" or 7.0 there."""
    return str(int(id_) if isinstance(id_, float) and id_.is_integer() else id_)


def _labels(categories: list[dict[str, Any]]) -> dict[str, str]:
    labels = {_key(each["id"]): each["name"] for each in categories}
    if len(labels) < len(categories):
        raise DatasetError("has two categories of one id; export it again")
    return labels


def _size(image: dict[str, Any]) -> Size | None:
    if image.get("height") is None or image.get("width") is None:
        return None
    return int(image["height"]), int(image["width"])


def _subset(name: str) -> str:
    """instances_val.json is of "val", train/_annotations.coco.json of "train"."""
    stem = PurePosixPath(name).stem
    return stem.removeprefix(INSTANCES) if stem.startswith(INSTANCES) else subset_of(name)


def _shapes(
    annotations: list[dict[str, Any]], labels: Mapping[str, str], size: Size
) -> Iterator[Shape]:
    for each in annotations:
        if _key(each["category_id"]) not in labels:
            raise DatasetError(
                f"has an object of category {each['category_id']!r}, without a name; export "
                "the classes, too"
            )
        label, area = labels[_key(each["category_id"])], each.get("segmentation")
        if isinstance(area, dict):
            yield Shape(label, run_lengths(area, size))
        elif area:
            yield polygons(label, area, size)
        else:
            left, top, width, height = (number(value) for value in each["bbox"])
            corners = box(left, top, left + width, top + height)
            yield Shape(label, outline([corners], size), BOXES)


def polygons(label: str, area: list[Any], size: Size) -> Shape:
    """All polygons of an object, as flat lists of x, y."""
    rings = [flat_points(ring) for ring in area]
    _check_pixels(rings)
    patches = [outline([ring], size) for ring in rings]
    drawn = [patch for patch in patches if patch is not None]
    if len(drawn) == 1 or not drawn:
        return Shape(label, drawn[0] if drawn else None)
    patch, swallowed = union(drawn, size)
    return Shape(label, patch, FILLED if swallowed else "")


def run_lengths(area: dict[str, Any], size: Size) -> Patch:
    """COCO's run lengths, as a list or as text."""
    height, width = (int(side) for side in area["size"])
    if (height, width) != size:
        raise DatasetError(
            f"has a mask of {width}x{height} in an image of {size[1]}x{size[0]}; export it again"
        )
    counts = area["counts"]
    counts = coco_counts(counts) if isinstance(counts, str) else counts
    return inside(from_runs(counts, height, width, columns=True), 0, 0, size)


COCO = LabelFormat(open_coco, lambda marks: marks.has_json(is_coco))


def _check_pixels(rings: Sequence[np.ndarray]) -> None:
    """Raise DatasetError for outlines in shares of the image, which all lie in its first pixel."""
    corners = np.concatenate([*rings, np.empty((0, 2))])
    if len(corners) and corners.min() >= 0 and 0 < corners.max() <= 1:
        raise DatasetError("has an outline within the first pixel; COCO has pixels, not shares")
