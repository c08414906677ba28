"""Masks that labelme's own scripts make of its JSON, with the names of the ids beside them.

labelme2voc writes class_names.txt for all masks, labelme_export_json a folder for each image with
label.png and label_names.txt. The line of a name is its id.
"""

from __future__ import annotations

from pathlib import PurePosixPath

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
    pngs,
)
from segnet_model.datasets.annotations.roboflow import MAX_BYTES, numbered_mask

ALL, EACH = "class_names.txt", "label_names.txt"
FOLDERS = ("SegmentationClass", "SegmentationClassPNG")
MASK = "label.png"


def open_labelme_masks(source: ExportFiles, target: Target) -> Annotations:
    """Read the masks; DatasetError where the names cannot be read, or two are for one image."""
    lists = {name: _names(source, name) for name in source.names if _is_list(name)}
    files: dict[str, str] = {}
    names: dict[str, str] = {}  # the list of each mask
    for mask in pngs(source.names):
        path = PurePosixPath(mask)
        above = [str(each / ALL) for each in path.parents] + [str(path.parent / EACH)]
        own = next((each for each in above if each in lists), None)
        if own is None or (path.name != MASK and path.parent.name not in FOLDERS):
            continue
        image = path.parent.name.removesuffix("_json") if path.name == MASK else path.stem
        stem = own_stem(f"{image}.png", target.images)
        if stem in files:
            raise DatasetError(f"{files[stem]!r} and {mask!r} are both for image {stem!r}")
        files[stem], names[mask] = mask, own

    def read(name: str, _size: Size) -> NamedMask:
        return numbered_mask(source.read(name), lists[names[name]], names[name])

    return Annotations("labelme-masks", files, read)


def _is_list(name: str) -> bool:
    return PurePosixPath(name).name in (ALL, EACH)


def _names(source: ExportFiles, name: str) -> dict[int, str]:
    data = source.read(name)
    if len(data) > MAX_BYTES:
        raise DatasetError(f"{name}: {len(data)} bytes of classes, of {MAX_BYTES} at most")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DatasetError(f"{name}: is no UTF-8; save it again") from None
    ignored = {UNNAMED: "__ignore__"}
    return {number: line.strip() for number, line in enumerate(lines) if line.strip()} | ignored


LABELME_MASKS = LabelFormat(
    open_labelme_masks,
    lambda marks: bool(marks.masks) and (marks.has_file(ALL) or marks.has_file(EACH)),
)
