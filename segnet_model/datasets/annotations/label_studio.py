"""Label Studio's JSON and JSON-MIN: polygons, brushes, rectangles and ellipses.

Coordinates are percent of the image. Later results lie on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.drawings import (
    Drawing,
    file_of,
    from_documents,
    open_drawings,
)
from segnet_model.datasets.annotations.export import Annotations, LabelFormat, Size, Target, jsons
from segnet_model.datasets.annotations.runs import from_brush
from segnet_model.datasets.annotations.shapes import (
    BOXES,
    Patch,
    Shape,
    box,
    ellipse,
    inside,
    number,
    outline,
    points,
    turned,
)
from segnet_model.images.files import IMAGE_SUFFIXES

WAITING = "tasks with predictions, drafts or skipped annotations alone; submit them in Label Studio"
SEVERAL = "tasks annotated by several people; the last annotation is taken"
UNLABELED = "regions without a label left out"
ATTRIBUTES = ("choices", "textarea", "number", "rating", "taxonomy", "datetime")  # of regions
AREALESS = ("keypointlabels", "vectorlabels")


def is_label_studio(document: Any) -> bool:
    """Whether parsed JSON is Label Studio's."""
    return isinstance(document, list) and any(
        isinstance(task, dict) and (_annotations(task) is not None or _minimal(task))
        for task in document
    )


def open_label_studio(source: ExportFiles, target: Target) -> Annotations:
    """Read Label Studio's JSON files; DatasetError where one is damaged."""
    drawings = from_documents(source, jsons(source.names), is_label_studio, _drawings)
    return open_drawings("label-studio", drawings, target.images)


def _drawings(name: str, tasks: list[dict[str, Any]]) -> Iterator[Drawing]:
    for index, task in enumerate(tasks):
        results, note = _results(task)
        image = _image(task.get("data", task))
        # Tasks of two projects may have one number.
        place = f"{name}: task {task.get('id', index)}, {image}"
        yield Drawing(place, image, partial(_shapes, results, note), _size(results))


def _annotations(task: dict[str, Any]) -> list[dict[str, Any]] | None:
    found = task.get("annotations", task.get("completions"))
    return found if isinstance(found, list) and isinstance(task.get("data"), dict) else None


def _minimal(task: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of JSON-MIN, which stand under the names of the labeling tags."""
    lists = [value for value in task.values() if isinstance(value, list)]
    results = [each for values in lists for each in values if isinstance(each, dict)]
    return [each for each in results if "original_width" in each]


def _results(task: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The regions of the last valid annotation, and a note where others have been left out."""
    annotations = _annotations(task)
    if annotations is None:
        return [{**each, "value": each, "type": _kind(each)} for each in _minimal(task)], ""
    valid = [each for each in annotations if not each.get("was_cancelled")]
    if not valid:
        waiting = annotations or task.get("predictions") or task.get("drafts")
        return [], WAITING if waiting else ""
    chosen = [each for each in valid if each.get("ground_truth")] or valid
    regions = [each for each in chosen[-1]["result"] if "original_width" in each]
    # With tags such as <Polygon> and <Labels>, a region is a result of each, with one id.
    labeled = {each.get("id") for each in regions if _is_labeled(each)} - {None}
    own = [each for each in regions if _is_labeled(each) or each.get("id") not in labeled]
    return own, SEVERAL if len(valid) > 1 else ""


def _is_labeled(result: dict[str, Any]) -> bool:
    return bool(result["type"].endswith("labels") and result["value"].get(result["type"]))


def _kind(value: dict[str, Any]) -> str:
    return next((key for key in value if key.endswith("labels")), "")


def _image(data: dict[str, Any]) -> str:
    """The image of a task: the only value that ends like one."""
    found = [str(value) for value in data.values() if isinstance(value, str)]
    names = [name for name in map(file_of, found) if _is_image(name)]
    if len(names) != 1:
        raise DatasetError(f"has a task of {len(names)} images; label one image in each task")
    return names[0]


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES


def _size(results: list[dict[str, Any]]) -> Size | None:
    sizes = {(int(each["original_height"]), int(each["original_width"])) for each in results}
    if len(sizes) > 1:
        raise DatasetError("has a task of images of several sizes; export one image a task")
    return sizes.pop() if sizes else None


def _shapes(results: list[dict[str, Any]], note: str, size: Size) -> Iterator[Shape]:
    if note:
        yield Shape("", None, note)
    for result in results:
        kind, value = result["type"], result["value"]
        if result.get("image_rotation"):
            raise DatasetError("was turned in Label Studio; turn the image itself, and label it")
        labels = value.get(kind) if kind.endswith("labels") else None
        if kind in ATTRIBUTES:
            continue
        if kind in AREALESS:
            yield Shape("", None)
        elif not labels:
            yield Shape("", None, UNLABELED)
        elif len(labels) != 1:
            raise DatasetError(f"has a region of {len(labels)} labels; leave it one")
        else:
            patch = _patch(value, size)
            yield Shape(labels[0], patch, BOXES if "width" in value else "")


def _patch(value: dict[str, Any], size: Size) -> Patch | None:
    for key, make in PATCHES.items():
        if key in value:
            return make(value, size)
    raise DatasetError("has a region without points, brush or sides; export it again")


def _percent(size: Size) -> np.ndarray:
    """Pixels for one percent, (2,): x, y."""
    return np.array([size[1], size[0]]) / 100


def _polygon(value: dict[str, Any], size: Size) -> Patch | None:
    return outline([points(points(value["points"]) * _percent(size))], size)


def _rectangle(value: dict[str, Any], size: Size) -> Patch | None:
    x, y, width, height = (number(value[key]) for key in ("x", "y", "width", "height"))
    corners = box(x, y, x + width, y + height) * _percent(size)
    return outline([turned(corners, corners[0], value.get("rotation", 0))], size)


def _ellipse(value: dict[str, Any], size: Size) -> Patch | None:
    center = np.array([number(value["x"]), number(value["y"])]) * _percent(size)
    radii = np.array([number(value["radiusX"]), number(value["radiusY"])]) * _percent(size)
    return outline([ellipse(*center, *radii, degrees=value.get("rotation", 0))], size)


def _brush(value: dict[str, Any], size: Size) -> Patch:
    return inside(from_brush(value["rle"], *size), 0, 0, size)


# By a key that only this kind of region has.
PATCHES: dict[str, Callable[[dict[str, Any], Size], Patch | None]] = {
    "points": _polygon,
    "rle": _brush,
    "radiusX": _ellipse,
    "width": _rectangle,
}
LABEL_STUDIO = LabelFormat(open_label_studio, lambda marks: marks.has_json(is_label_studio))
