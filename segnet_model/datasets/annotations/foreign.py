"""Exports that hold no outlines, or none that are read: why, and what to export instead."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.marks import Marks
from segnet_model.labels import numberings

TAKEN = (
    "taken are: of CVAT Segmentation mask 1.1, CamVid 1.0, CVAT for images 1.1; COCO; "
    "YOLO segmentation; labelme, VIA 2 and Supervisely; JSON of Label Studio; masks of Roboflow, "
    "labelme2voc and Supervisely, or beside a table of name,r,g,b; PNGs of ids or colors"
)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".rar", ".7z")
VOC_MASK = re.compile(r"(^|/)SegmentationClass/[^/]*$")
BOXES = r"xmin|x_min|bbox|bnd_?box|bounding|\bx1\b|\bleft\b.*\btop\b"  # titles of columns
BRUSH = re.compile(r"task-\d+-annotation-\d+-.*-tag-.*\.(png|npy)$", re.IGNORECASE)


def refuse_foreign(marks: Marks) -> None:
    """Raise DatasetError for an export of a known tool in a format that is not read."""
    for reason, found in FOREIGN.items():
        if found(marks):
            raise DatasetError(reason)
    inner = [name for name in marks.source.names if name.lower().endswith(ARCHIVES)]
    if inner and not marks.masks:
        raise DatasetError(f"holds {inner[0]}; unpack that, and name it or its folder")
    if marks.damaged:
        raise DatasetError(
            f"{marks.damaged}; or say --format, if that file has nothing to do with the labels"
        )


def _has_keys(*keys: str) -> Callable[[Marks], bool]:
    """A test for JSON with all of these keys, or a list whose first element has them."""
    return lambda marks: marks.has_json(partial(_keys_of, keys))


def _keys_of(keys: Sequence[str], document: Any) -> bool:
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and all(key in first for key in keys)


def _has_name(pattern: str) -> Callable[[Marks], bool]:
    return lambda marks: any(
        re.fullmatch(pattern, PurePosixPath(name).name) for name in marks.source.names
    )


def _has_columns(pattern: str) -> Callable[[Marks], bool]:
    """A test for tables with a column of such a name."""
    return lambda marks: any(re.search(pattern, titles) for titles in marks.titles)


def _is_cvat_public(marks: Marks) -> bool:
    folders = {part for name in marks.masks for part in name.split("/")[:-1]}
    return marks.has_file("label_colors.txt") and not folders.isdisjoint({"gtFine", "semantic_rgb"})


def _is_voc(root: ET.Element) -> bool:
    return root.tag == "annotation"


def _has_polygon(root: ET.Element) -> bool:
    return root.find(".//polygon") is not None


FOREIGN: dict[str, Callable[[Marks], bool]] = {
    "is Label Studio's brush as PNG or NumPy, named by tasks instead of images; export JSON": (
        lambda marks: any(BRUSH.search(name) for name in marks.source.names)
    ),
    "is a project of VIA 3, which is for videos; annotate with VIA 2, and export JSON": _has_keys(
        "project", "metadata", "file"
    ),
    "is COCO's panoptic form, whose masks hold segments; export COCO instances, or PNGs of ids": (
        lambda marks: marks.has_json(_is_panoptic)
    ),
    "is CreateML, which holds boxes, as for detection; export outlines: COCO": (
        lambda marks: marks.has_json(
            lambda each: isinstance(each, list) and _keys_of(("image", "annotations"), each)
        )
    ),
    "is Datumaro's own form; export COCO, or of CVAT Segmentation mask 1.1": _has_keys(
        "items", "categories"
    ),
    "is Labelbox's form; convert it to COCO, or export masks": _has_keys("data_row", "projects"),
    "is lines of JSON, as Labelbox and Ultralytics write; export COCO, or masks": _has_name(
        r".*\.(ndjson|jsonl)"
    ),
    "is of V7; export COCO instead": (  # version 2, and 1
        lambda marks: any(_has_keys(key, "annotations")(marks) for key in ("item", "image"))
    ),
    "is of Encord; export COCO instead": _has_keys("label_hash", "data_units"),
    "is a table of run lengths, as Kaggle has; convert it to COCO, or to PNGs of ids": (
        _has_columns(r"encodedpixels|\brle")
    ),
    "is Label Studio's table; export JSON": _has_columns("annotation_id"),
    "is a table of boxes, as for detection; export outlines or masks": _has_columns(BOXES),
    "is Roboflow's table of classes of whole images; export Semantic Segmentation Masks, or COCO": (
        lambda marks: marks.has_file("_classes.csv")
    ),
    "is of SuperAnnotate; export COCO instead": _has_keys("metadata", "instances"),
    "is Cityscapes' polygons; its *_labelIds.png are read, with --from cityscapes": (
        lambda marks: _has_keys("imgHeight", "objects")(marks) and not _has_numbered(marks)
    ),
    "is Mapillary Vistas; name its folder labels, with --from mapillary": (
        lambda marks: marks.has_json(_is_mapillary)
    ),
    "is CVAT's form of Cityscapes or KITTI; export Segmentation mask 1.1": _is_cvat_public,
    "is LabelMe's XML; export COCO, or of CVAT Segmentation mask 1.1": (
        lambda marks: marks.has_xml(lambda root: _is_voc(root) and _has_polygon(root))
    ),
    "is Pascal VOC's, with boxes in its XML; name its folder SegmentationClass, with --from voc": (
        lambda marks: marks.has_xml(_is_voc) and any(map(VOC_MASK.search, marks.masks))
    ),
    "is Pascal VOC's XML, which holds boxes, as for detection; export masks, or COCO": (
        lambda marks: marks.has_xml(lambda root: _is_voc(root) and not _has_polygon(root))
    ),
    "is TensorFlow's record; export COCO instead": _has_name(r".*\.tfrecord"),
}


def _has_numbered(marks: Marks) -> bool:
    """Whether there are label images as published for the label set."""
    endings = tuple(f"{each.suffix}.png" for each in numberings(marks.labels) if each.suffix)
    return bool(endings) and any(name.endswith(endings) for name in marks.masks)


def _is_mapillary(document: Any) -> bool:
    rows = document.get("labels") if isinstance(document, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    return isinstance(first, dict) and {"name", "readable"} <= first.keys()


def _is_panoptic(document: Any) -> bool:
    rows = document.get("annotations") if isinstance(document, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    return isinstance(first, dict) and "segments_info" in first
