"""CVAT's exports "CamVid 1.0" and "Segmentation mask 1.1".

Both hold masks in the colors of the task's labels and a text file that names the colors: a label
may have another order and color than ours, so only its name counts. Black that is not listed is
unlabeled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np

from segnet_model.base.errors import DatasetError, SegNetError, SettingsError
from segnet_model.datasets.annotations import camvid32
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import (
    UNNAMED,
    Annotations,
    LabelFormat,
    NamedMask,
    Size,
    Target,
    by_stem,
    in_folders,
    pngs,
)
from segnet_model.datasets.annotations.marks import MAX_READ, Marks, called
from segnet_model.datasets.annotations.parsed import decoded
from segnet_model.images.label_images import decode_mask
from segnet_model.labels import LabelSet, SegmentationClass, pack_colors

CAMVID_MAP = "label_colors.txt"
MASK_MAP = "labelmap.txt"
MASK_FOLDER = "SegmentationClass"
MAX_BYTES = 1 << 16  # of a file that names the colors
BLACK = (0, 0, 0)


def open_cvat_camvid(source: ExportFiles, target: Target) -> Annotations:
    """Read "CamVid 1.0": label_colors.txt with lines "r g b name", masks in folders `*annot`.

    Without that file, the colors are those of the data set, or else CamVid's own.
    """
    files = by_stem(in_folders(pngs(source.names), "annot"), images=target.images)
    name = _find_map(source, CAMVID_MAP)
    if name is not None:
        labels = _label_set(source, name, _camvid_line)
        return Annotations("cvat-camvid", files, _reader(source, labels, True))
    colors = _colors(source, list(files.values()))
    own = _on_black(target.labels)
    if colors and colors <= own.color_ids.keys():
        return Annotations("cvat-camvid", files, _reader(source, own, True))
    return Annotations(
        "cvat-camvid", files, _reader(source, camvid32.LABELS, True), camvid32.MEANINGS
    )


def open_cvat_mask(source: ExportFiles, target: Target) -> Annotations:
    """Read "Segmentation mask 1.1": labelmap.txt with lines "name:r,g,b::"."""
    name = _find_map(source, MASK_MAP)
    if name is None:
        raise DatasetError(f"no {MASK_MAP} with the names of the colors; export it again")
    files = by_stem(in_folders(pngs(source.names), MASK_FOLDER), images=target.images)
    labels = _label_set(source, name, _mask_line)
    return Annotations("cvat-mask", files, _reader(source, labels, False))


def _find_map(source: ExportFiles, file: str) -> str | None:
    """The file that names the colors, at any depth; DatasetError where there are several."""
    found = called(source.names, file)
    if len(found) > 1:
        raise DatasetError(f"{found[0]} and {found[1]}: import one export after the other")
    return found[0] if found else None


def _reader(
    source: ExportFiles, labels: LabelSet, background_first: bool
) -> Callable[[str, Size], NamedMask]:
    """Make a reader of masks; CVAT writes colors, other tools write positions in the list."""
    order = list(range(labels.num_classes))
    if background_first:
        black = [index for index in order if labels.classes[index].color == BLACK]
        order = (black or [UNNAMED]) + [index for index in order if index not in black]
    numbers = np.array(order + [-1] * (256 - len(order)))

    def read(name: str, _size: Size) -> NamedMask:
        pixels = decode_mask(source.read(name))
        if pixels.colors is not None:  # also of a palette, whose order depends on the program
            return NamedMask(labels.ids_from_colors(pixels.colors), labels.names)
        assert pixels.ids is not None
        indices = numbers[pixels.ids]
        if (indices < 0).any():
            raise DatasetError(
                f"holds the number {pixels.ids[indices < 0].max()}, but {labels.name} lists "
                f"{labels.num_classes} labels; export it again"
            )
        return NamedMask(indices.astype(np.uint8), labels.names)

    return read


def _label_set(
    source: ExportFiles, name: str, parse: Callable[[str], tuple[str, Iterable[str]]]
) -> LabelSet:
    """Read the export's own label set."""
    classes = []
    try:
        data = source.read(name)
        if len(data) > MAX_BYTES:
            raise DatasetError(f"{len(data)} bytes of labels, of {MAX_BYTES} at most; is it one?")
        for line in map(str.strip, decoded(data).splitlines()):
            if line and not line.startswith("#"):
                classes.append(_class_of(line, parse))
    except DatasetError as error:
        raise DatasetError(f"{name}: {error}") from None
    _check_colors(name, classes)
    try:
        return LabelSet(name, tuple(classes), UNNAMED, BLACK)
    except SettingsError as error:
        raise DatasetError(f"{name}: {error}") from None


def _class_of(line: str, parse: Callable[[str], tuple[str, Iterable[str]]]) -> SegmentationClass:
    try:
        label, (red, green, blue) = parse(line)
        return SegmentationClass(label, (int(red), int(green), int(blue)))
    except (ValueError, IndexError):
        form = "128 64 128 Road" if parse is _camvid_line else "Road:128,64,128::"
        raise DatasetError(f"{line[:60]!r} is no label with its color, as {form!r}") from None
    except SettingsError as error:
        raise DatasetError(f"{line[:60]!r} is no label with its color ({error})") from None


def _check_colors(name: str, classes: list[SegmentationClass]) -> None:
    seen: dict[tuple[int, int, int], str] = {}
    for each in classes:
        if each.color in seen:
            raise DatasetError(
                f"{name}: labels {seen[each.color]!r} and {each.name!r} share the color "
                f"{each.color}, so that nobody can tell them apart; change one in CVAT"
            )
        seen[each.color] = each.name


def _camvid_line(line: str) -> tuple[str, list[str]]:
    *color, label = line.split(maxsplit=3)
    return label, color


def _mask_line(line: str) -> tuple[str, list[str]]:
    label, color = line.rsplit(":", 3)[:2]  # a label's name may hold one
    return label.strip(), color.split(",")


def _is_camvid(marks: Marks) -> bool:
    """Whether `*annot` holds masks, and their colors are listed, or known and the images listed."""
    masks = in_folders(marks.masks, "annot")
    if not masks or marks.has_file(CAMVID_MAP):
        return bool(masks)
    images = f"{str(PurePosixPath(masks[0]).parent).removesuffix('annot')}.txt"
    if images not in marks.source.names:
        return False
    colors = _colors(marks.source, masks)
    known = (_on_black(marks.labels).color_ids.keys(), camvid32.LABELS.color_ids.keys())
    return bool(colors) and any(colors <= each for each in known)


def _on_black(labels: LabelSet) -> LabelSet:
    """The label set with unlabeled pixels as in CVAT's masks."""
    return LabelSet(labels.name, labels.classes, UNNAMED, BLACK)


def _colors(source: ExportFiles, masks: Sequence[str]) -> set[int]:
    """The colors of the first masks; none where they are numbers, or damaged."""
    found: set[int] = set()
    for name in masks[:MAX_READ]:
        try:
            colors = decode_mask(source.read(name)).colors
        except SegNetError:
            return set()
        if colors is None:
            return set()
        found.update(np.unique(pack_colors(colors)).tolist())
    return found


CAMVID = LabelFormat(open_cvat_camvid, _is_camvid)
MASK = LabelFormat(
    open_cvat_mask,
    lambda marks: marks.has_file(MASK_MAP) and bool(in_folders(marks.masks, MASK_FOLDER)),
)
