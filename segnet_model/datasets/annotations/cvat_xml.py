"""CVAT's own XML: "CVAT for images 1.1" and "CVAT for video 1.1".

A higher z_order lies on top, and of equal ones the later shape. Tracks count frames, whose images
CVAT calls frame_000000 and so on. Tags have no place in the image, and are passed over.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import partial

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.drawings import Drawing, from_documents, open_drawings
from segnet_model.datasets.annotations.export import Annotations, LabelFormat, Size, Target, xmls
from segnet_model.datasets.annotations.parsed import read_xml
from segnet_model.datasets.annotations.runs import from_runs
from segnet_model.datasets.annotations.shapes import (
    BOXES,
    Patch,
    Shape,
    box,
    ellipse,
    inside,
    outline,
    points,
)

VIDEO = "video"
STEP = re.compile(r"step=(\d{1,9})$")  # of frames, where the task leaves some out
FRAME = "frame_{:06d}"  # CVAT's name for a frame of a video
AREALESS = ("polyline", "points", "skeleton", "cuboid")
OUTLINES = ("polygon", "mask", "ellipse")
KINDS = (*OUTLINES, "box", *AREALESS)


def is_cvat(root: ET.Element) -> bool:
    """Whether parsed XML is CVAT's."""
    return root.tag == "annotations" and any(
        root.find(tag) is not None for tag in ("version", "meta", "image", "track")
    )


def open_cvat_xml(source: ExportFiles, target: Target) -> Annotations:
    """Read CVAT's XML files.

    Raises:
        DatasetError: a file is damaged, or holds boxes alone.
    """
    drawings = from_documents(source, xmls(source.names), is_cvat, _drawings, read_xml)
    annotations = open_drawings("cvat-xml", drawings, target.images)
    numbered = [each for each in drawings if each.subset == VIDEO]
    if numbered and target.images.keys().isdisjoint(annotations.files):
        raise DatasetError(
            f"numbers its frames, as {numbered[0].image}, and the data set has none of these "
            'names; export the task as "CVAT for images 1.1", which has the names of images'
        )
    return annotations


def _drawings(name: str, root: ET.Element) -> Iterator[Drawing]:
    kinds = {each.tag for each in root.iter()}
    if "box" in kinds and not kinds.intersection(OUTLINES):
        raise DatasetError("holds boxes alone, as for detection; draw polygons or masks in CVAT")
    for image in root.iter("image"):
        shapes = [(each.get("label"), each) for each in image if each.tag in KINDS]
        yield Drawing(
            f"{name}: {image.attrib['name']}", image.attrib["name"], partial(_shapes, shapes),
            (int(image.attrib["height"]), int(image.attrib["width"])), image.get("subset", ""),
        )  # fmt: skip
    size = _original_size(root)
    for frame, shapes in sorted(_frames(root).items()):
        image_name = FRAME.format(frame)
        yield Drawing(f"{name}: {image_name}", image_name, partial(_shapes, shapes), size, VIDEO)


def _original_size(root: ET.Element) -> Size | None:
    size = root.find(".//original_size")
    if size is None:
        return None
    return int(size.findtext("height", "")), int(size.findtext("width", ""))


def _frames(root: ET.Element) -> dict[int, list[tuple[str | None, ET.Element]]]:
    """The shapes of each frame, with their tracks' labels."""
    frames: dict[int, list[tuple[str | None, ET.Element]]] = {}
    filtered = STEP.search(root.findtext(".//frame_filter") or "")
    step = int(filtered[1]) if filtered else 1
    for track in root.iter("track"):
        last, visible = 0, False
        for shape in (each for each in track if each.tag in KINDS):
            frame = int(shape.attrib["frame"])
            if visible and frame > last + step:
                raise DatasetError(
                    f"track {track.get('id')!r} has no shapes from frame {last + step} to "
                    f'{frame - 1}; export the task as "CVAT for video 1.1", which has them'
                )
            last, visible = frame, shape.get("outside", "0") != "1"
            if visible:
                frames.setdefault(frame, []).append((track.get("label"), shape))
    return frames


def _shapes(shapes: list[tuple[str | None, ET.Element]], size: Size) -> Iterator[Shape]:
    for label, shape in sorted(shapes, key=lambda each: int(each[1].get("z_order", 0))):
        if label is None:
            raise DatasetError(f"has a {shape.tag} without a label; export it again")
        yield Shape(label, _patch(shape, size), BOXES if shape.tag == "box" else "")


def _patch(shape: ET.Element, size: Size) -> Patch | None:
    if shape.tag in AREALESS:
        return None
    if shape.tag == "mask":
        return _mask(shape, size)
    if shape.tag == "polygon":
        pairs = [pair.split(",") for pair in shape.attrib["points"].split(";")]
        return outline([points(pairs)], size)
    corners = box if shape.tag == "box" else ellipse
    names = ("xtl", "ytl", "xbr", "ybr") if shape.tag == "box" else ("cx", "cy", "rx", "ry")
    numbers = [float(shape.attrib[name]) for name in names]
    return outline([corners(*numbers, degrees=float(shape.get("rotation", 0)))], size)


def _mask(shape: ET.Element, size: Size) -> Patch:
    """A mask as run lengths along the rows of its box, the first of which is outside."""
    left, top, width, height = (
        int(float(shape.attrib[name])) for name in ("left", "top", "width", "height")
    )
    runs = np.array(shape.attrib["rle"].split(","), np.int64)
    return inside(from_runs(runs, height, width, columns=False), top, left, size)


CVAT_XML = LabelFormat(open_cvat_xml, lambda marks: marks.has_xml(is_cvat))
