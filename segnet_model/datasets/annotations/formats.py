"""The format of an export, named or detected."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from segnet_model.base.errors import DatasetError, SegNetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.camvid32 import SUFFIX, open_camvid32
from segnet_model.datasets.annotations.cvat import (
    CAMVID_MAP,
    MASK_FOLDER,
    MASK_MAP,
    find_map,
    open_cvat_camvid,
    open_cvat_mask,
)
from segnet_model.datasets.annotations.export import Annotations, in_folders, pngs
from segnet_model.datasets.annotations.label_images import label_files, open_colors, open_ids
from segnet_model.datasets.annotations.labelme import open_labelme
from segnet_model.images.label_images import Pixels, decode_mask
from segnet_model.labels import LabelSet


def open_annotations(
    source: ExportFiles, name: str, labels: LabelSet, mapped: Collection[str] = ()
) -> Annotations:
    """Open an export in the named format, or in the one that "auto" detects.

    Args:
        source: the files.
        name: one of `LABEL_FORMATS`, or "auto".
        labels: label set of ids and colors.
        mapped: names that the user maps, ids and colors among them.

    Raises:
        DatasetError: it is not of this format, or of no known one.
    """
    name = detect_format(source, labels) if name == "auto" else name
    if name in ("ids", "colors"):
        annotations = (open_ids if name == "ids" else open_colors)(source, labels, mapped)
    else:
        openers = {
            "cvat-camvid": open_cvat_camvid,
            "cvat-mask": open_cvat_mask,
            "camvid32": open_camvid32,
            "labelme": open_labelme,
        }
        annotations = openers[name](source)
    if not annotations.files:
        raise DatasetError(f"holds no labels of the format {name}; try another --format")
    return annotations


def detect_format(source: ExportFiles, labels: LabelSet) -> str:
    """Detect the format by the files' names, or else by the first image.

    Raises:
        DatasetError: no file can be labels.
    """
    masks = pngs(source.names)
    if find_map(source, MASK_MAP) and in_folders(masks, MASK_FOLDER):
        return "cvat-mask"
    if find_map(source, CAMVID_MAP) and in_folders(masks, "annot"):
        return "cvat-camvid"
    jsons = {PurePosixPath(n).stem for n in source.names if n.lower().endswith(".json")}
    if jsons and (not masks or jsons & {PurePosixPath(name).stem for name in masks}):
        return "labelme"  # its files lie beside the images; other JSON is unrelated
    if not masks:
        raise DatasetError(
            "holds neither PNG nor labelme's JSON files; from CVAT export CamVid 1.0 or "
            "Segmentation mask 1.1"
        )
    if find_map(source, CAMVID_MAP) or all(PurePosixPath(m).stem.endswith(SUFFIX) for m in masks):
        return "camvid32"
    return _by_first_image(source, labels)


def _by_first_image(source: ExportFiles, labels: LabelSet) -> str:
    first = next(iter(label_files(source, labels)[0].values()))
    try:
        pixels = decode_mask(source.read(first))
        _check_palette(pixels, labels)
    except SegNetError as error:
        raise DatasetError(f"{first}: {error}") from None
    return "colors" if pixels.ids is None else "ids"


def _check_palette(pixels: Pixels, labels: LabelSet) -> None:
    """Raise DatasetError for a palette with the classes' colors at other indices than their ids."""
    if pixels.ids is None or pixels.colors is None:
        return
    try:
        drawn = labels.ids_from_colors(pixels.colors)
    except DatasetError:
        return  # an arbitrary palette
    if (drawn != pixels.ids).any():
        raise DatasetError(
            "its palette has the classes' colors, at other indices than their ids; say which "
            "count with --format colors or --format ids"
        )
