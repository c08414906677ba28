"""Masks of numbers with a list of their names beside them, as labelme and Supervisely make.

labelme2voc writes class_names.txt for all masks, and the line of a name is its number;
labelme_export_json a folder for each image, with label.png and label_names.txt; Supervisely
obj_class_to_machine_color.json, and folders masks_machine.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.class_mapping import UNLABELED_NAMES
from segnet_model.datasets.annotations.drawings import own_stem
from segnet_model.datasets.annotations.export import (
    UNNAMED,
    Annotations,
    LabelFormat,
    NamedMask,
    Size,
    Target,
    one_of,
    pngs,
)
from segnet_model.datasets.annotations.marks import Marks, called
from segnet_model.datasets.annotations.parsed import decoded, read_json, read_safely
from segnet_model.datasets.annotations.roboflow import MAX_BYTES, numbered_mask

ALL, EACH, MACHINE = "class_names.txt", "label_names.txt", "obj_class_to_machine_color.json"
# In small letters, as all names are compared.
FOLDERS = {ALL: ("segmentationclass", "segmentationclasspng"), MACHINE: ("masks_machine",)}
MASK = "label.png"
BACKGROUND, IGNORED = UNLABELED_NAMES[0], UNLABELED_NAMES[-1]


def open_numbered(source: ExportFiles, target: Target) -> Annotations:
    """Read the masks; DatasetError where the names cannot be read, or two are for one image."""
    lists = {name.lower(): _names(source, name) for name in source.names if _is_list(name)}
    found: dict[str, list[str]] = {}  # the masks for each image
    names: dict[str, str] = {}  # the list of each mask
    for mask in pngs(source.names):
        path = PurePosixPath(mask)
        if (own := _list_of(PurePosixPath(mask.lower()), lists)) is None:
            continue
        image = path.parent.name.removesuffix("_json") if path.name.lower() == MASK else path.stem
        found.setdefault(own_stem(f"{image}.png", target.images), []).append(mask)
        names[mask] = own
    files = {stem: one_of(stem, several, target.images) for stem, several in found.items()}

    def read(name: str, _size: Size) -> NamedMask:
        return numbered_mask(source.read(name), lists[names[name]], names[name])

    return Annotations("numbered-masks", files, read)


def _is_list(name: str) -> bool:
    return bool(called([name], ALL, EACH, MACHINE))


def _list_of(mask: PurePosixPath, lists: dict[str, dict[int, str]]) -> str | None:
    """The list with the names of a mask, both in small letters; None for a PNG that is none."""
    if mask.name == MASK and str(mask.parent / EACH) in lists:
        return str(mask.parent / EACH)
    known = [name for name, folders in FOLDERS.items() if mask.parent.name in folders]
    above = [str(each / name) for each in mask.parents for name in known]
    return next((each for each in above if each in lists), None)


def _names(source: ExportFiles, name: str) -> dict[int, str]:
    """The names in a list, by number."""
    if name.lower().endswith(".json"):
        with read_safely():
            found = {int(color[0]): str(key) for key, color in read_json(source, name).items()}
        return {0: BACKGROUND, **found, UNNAMED: IGNORED}
    data = source.read(name)
    if len(data) > MAX_BYTES:
        raise DatasetError(f"{name}: {len(data)} bytes of classes, of {MAX_BYTES} at most")
    try:
        lines = decoded(data).splitlines()
    except DatasetError as error:
        raise DatasetError(f"{name}: {error}") from None
    found = {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    return {**found, UNNAMED: IGNORED}


def _found(marks: Marks) -> bool:
    return bool(marks.masks) and any(map(_is_list, marks.source.names))


NUMBERED_MASKS = LabelFormat(open_numbered, _found)
