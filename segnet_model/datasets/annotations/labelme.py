"""labelme's JSON: one file for each image, with shapes in painting order."""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from segnet_model.base.errors import DatasetError
from segnet_model.base.limits import MAX_SIDE, check_size
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import (
    UNNAMED,
    Annotations,
    LabelFormat,
    NamedMask,
    Size,
    Target,
    by_stem,
    image_name,
    jsons,
)
from segnet_model.datasets.annotations.parsed import IMAGE_DATA, load_json
from segnet_model.datasets.annotations.shapes import checked_label, number
from segnet_model.images.label_images import open_png

Point = tuple[float, float]  # x, y in pixels; pixel (0, 0) has its center at (0, 0)
MAX_BYTES = 1 << 22  # of outlines: a hundred thousand points
MAX_SHAPES = 10_000
AREALESS = ("line", "linestrip", "point", "points")
OTHER_IMAGE = (
    "files whose imagePath is another image of the data set, which labelme shows, taken for the "
    "image of their own name"
)
LEFT_OUT = "lines and points left out, as they have no area"


def open_labelme(source: ExportFiles, target: Target) -> Annotations:
    """Read every JSON file as labelme's."""
    files = by_stem(jsons(source.names), images=target.images)
    own = {name: stem for stem, name in files.items()}

    def read(name: str, _size: Size) -> NamedMask:
        file = _parse(source.read(name))
        mask = _paint(file)
        path = file.get("imagePath")
        named = image_name(path.replace("\\", "/"), target.images) if isinstance(path, str) else ""
        if named in target.images and named != own[name]:
            mask.notes[f"{OTHER_IMAGE}, as {name} of {named}"] += 1
        return mask

    return Annotations("labelme", files, read)


def is_labelme(document: Any) -> bool:
    """Whether parsed JSON is labelme's."""
    return isinstance(document, dict) and isinstance(document.get("shapes"), list)


def paint(data: bytes) -> NamedMask:
    """Paint the shapes of one file: polygons, masks and others, later ones on top.

    Pixels are set as by labelme itself, outline included. Groups, which separate instances, are
    ignored.

    Raises:
        DatasetError: it is not labelme's, or has a shape that cannot be painted.
        ImageError: the image would be of an absurd size.
    """
    return _paint(_parse(data))


def _paint(file: dict[str, Any]) -> NamedMask:
    height, width = _size(file)
    image = Image.new("L", (width, height), UNNAMED)
    draw = ImageDraw.Draw(image)
    names: dict[str, int] = {}
    notes: Counter[str] = Counter()
    for shape in file["shapes"]:
        label, kind, points = _shape(shape)
        if kind in AREALESS:
            notes[LEFT_OUT] += 1
            continue
        index = names.setdefault(label, len(names))
        if kind == "mask":
            _mask(draw, points, shape.get("mask"), index)
        elif kind in PAINTERS:
            PAINTERS[kind](draw, points, index)
        else:
            raise DatasetError(f"has a shape {kind!r}; draw {', '.join(PAINTERS)} instead")
        if len(names) > UNNAMED:
            raise DatasetError(f"has more than {UNNAMED} labels; no label set has")
    return NamedMask(np.asarray(image), tuple(names), notes)


def _parse(data: bytes) -> dict[str, Any]:
    data = IMAGE_DATA.sub(b'"imageData": null', data)  # the image itself as text
    if len(data) > MAX_BYTES:
        raise DatasetError(f"has {len(data)} bytes of outlines; at most {MAX_BYTES} are read")
    file: dict[str, Any] = load_json(data)
    if not is_labelme(file):
        raise DatasetError("is JSON, but has no shapes as labelme's has; is it of another tool?")
    if len(file["shapes"]) > MAX_SHAPES:
        raise DatasetError(f"has {len(file['shapes'])} shapes; at most {MAX_SHAPES} are painted")
    return file


def _size(file: dict[str, Any]) -> tuple[int, int]:
    height, width = file.get("imageHeight"), file.get("imageWidth")
    if type(height) is not int or type(width) is not int:
        raise DatasetError("has no imageHeight and imageWidth; save it again with labelme")
    check_size(height, width)
    return height, width


def _shape(shape: Any) -> tuple[str, str, list[Point]]:
    try:
        label, kind = shape["label"], shape.get("shape_type") or "polygon"
        points = [(number(x), number(y)) for x, y in shape["points"]]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DatasetError(
            f"has a damaged shape ({type(error).__name__}: {error}); draw it again"
        ) from None
    label = checked_label(label)
    if not isinstance(kind, str):
        raise DatasetError(f"has a shape {label!r} whose kind is no text; draw it again")
    # NaN is not within either.
    if not all(abs(x) <= 2 * MAX_SIDE and abs(y) <= 2 * MAX_SIDE for x, y in points):
        raise DatasetError(
            f"has a shape {label!r} with a point far outside any image; draw it again"
        )
    if len(points) < LEAST_POINTS.get(kind, 0) or (kind == "mask" and len(points) > 2):
        raise DatasetError(f"has a {kind} {label!r} of {len(points)} points; remove or redraw it")
    return label, kind, points


def _polygon(draw: ImageDraw.ImageDraw, points: list[Point], index: int) -> None:
    draw.polygon(points, fill=index, outline=index)


def _rectangle(draw: ImageDraw.ImageDraw, points: list[Point], index: int) -> None:
    xs, ys = zip(*points, strict=True)
    draw.rectangle((min(xs), min(ys), max(xs), max(ys)), fill=index, outline=index)


def _circle(draw: ImageDraw.ImageDraw, points: list[Point], index: int) -> None:
    (x, y), rim = points[0], points[1]
    radius = math.dist(points[0], rim)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=index, outline=index)


def _mask(draw: ImageDraw.ImageDraw, points: list[Point], png: Any, index: int) -> None:
    """Paint the mask of labelme's AI: a PNG as text, which fills a box from its first point."""
    try:
        mask = open_png(base64.b64decode(png, validate=True)).convert("L")
    except (TypeError, ValueError) as error:
        raise DatasetError(f"has a mask that is no PNG as text ({error}); draw it again") from None
    (left, top), (right, bottom) = ((int(x), int(y)) for x, y in points)
    box = right - left + 1, bottom - top + 1
    if mask.size != box:
        raise DatasetError(
            f"has a mask of {mask.width}x{mask.height} pixels for a box of {box[0]}x{box[1]}; "
            "draw it again"
        )
    if not (left >= 0 and right < draw.im.size[0] and top >= 0 and bottom < draw.im.size[1]):
        raise DatasetError(f"has a mask at ({left}, {top}) that leaves the image; draw it again")
    draw.bitmap((left, top), mask.point(lambda value: 255 * (value > 0), "1"), fill=index)


PAINTERS: dict[str, Callable[[ImageDraw.ImageDraw, list[Point], int], None]] = {
    "polygon": _polygon,
    "oriented_rectangle": _polygon,
    "rotation": _polygon,  # the same in X-AnyLabeling
    "rectangle": _rectangle,
    "circle": _circle,
}
LEAST_POINTS = {
    "polygon": 3, "rectangle": 2, "circle": 2, "oriented_rectangle": 4, "rotation": 4, "mask": 2,
}  # fmt: skip
LABELME = LabelFormat(open_labelme, lambda marks: marks.has_json(is_labelme))
