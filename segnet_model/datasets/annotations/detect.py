"""Which format an export is of."""

from __future__ import annotations

from pathlib import PurePosixPath

from segnet_model.base.errors import DatasetError, SegNetError
from segnet_model.datasets.annotations.archives import Source
from segnet_model.datasets.annotations.camvid32 import SUFFIX, camvid32_form
from segnet_model.datasets.annotations.cvat import (
    CAMVID_MAP,
    MASK_FOLDER,
    MASK_MAP,
    cvat_camvid_form,
    cvat_mask_form,
    find_map,
)
from segnet_model.datasets.annotations.forms import Form, in_folders, pngs
from segnet_model.datasets.annotations.labelme import labelme_form
from segnet_model.datasets.annotations.plain import colors_form, ids_form, label_files
from segnet_model.images.label_images import decode_mask
from segnet_model.labels import LabelSet


def open_form(source: Source, name: str, labels: LabelSet) -> Form:
    """Open an export as the format that is named, or that "auto" finds.

    Raises:
        DatasetError: it is not of this format, or of none that is known.
    """
    name = find_format(source) if name == "auto" else name
    if name in ("ids", "colors"):
        form = (ids_form if name == "ids" else colors_form)(source, labels)
    else:
        openers = {
            "cvat-camvid": cvat_camvid_form,
            "cvat-mask": cvat_mask_form,
            "camvid32": camvid32_form,
            "labelme": labelme_form,
        }
        form = openers[name](source)
    if not form.files:
        raise DatasetError(f"holds no labels of the format {name}; try another --format")
    return form


def find_format(source: Source) -> str:
    """The format that the files' names, and where those say nothing the first image, speak for.

    Raises:
        DatasetError: there is nothing that could be labels.
    """
    masks = pngs(source.names)
    if find_map(source, MASK_MAP) and in_folders(masks, MASK_FOLDER):
        return "cvat-mask"
    if find_map(source, CAMVID_MAP) and in_folders(masks, "annot"):
        return "cvat-camvid"
    jsons = {PurePosixPath(n).stem for n in source.names if n.lower().endswith(".json")}
    if jsons and (not masks or jsons & {PurePosixPath(name).stem for name in masks}):
        return "labelme"  # which lies beside its images; other JSON is about something else
    if not masks:
        raise DatasetError(
            "holds neither PNG nor labelme's JSON files; from CVAT export CamVid 1.0 or "
            "Segmentation mask 1.1"
        )
    if find_map(source, CAMVID_MAP) or all(PurePosixPath(m).stem.endswith(SUFFIX) for m in masks):
        return "camvid32"
    return _by_look(source)


def _by_look(source: Source) -> str:
    first = next(iter(label_files(source).values()))
    try:
        return "colors" if decode_mask(source.read(first)).ids is None else "ids"
    except SegNetError as error:
        raise DatasetError(f"{first}: {error}") from None
