"""Label images in the data set's own ids or colors."""

from __future__ import annotations

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import (
    UNNAMED,
    Annotations,
    NamedMask,
    by_stem,
    in_folders,
    pngs,
)
from segnet_model.images.label_images import decode_mask
from segnet_model.labels import LabelSet


def open_ids(source: ExportFiles, labels: LabelSet) -> Annotations:
    """Read PNGs whose gray values, or a palette's indices, are ids of the set."""

    def read(name: str) -> NamedMask:
        ids = decode_mask(source.read(name)).ids
        if ids is None:
            raise DatasetError("holds colors, not ids; try --format colors, or camvid32")
        labels.check_ids(ids)
        return _named(ids, labels)

    return Annotations("ids", label_files(source), read)


def open_colors(source: ExportFiles, labels: LabelSet) -> Annotations:
    """Read PNGs in the set's colors."""

    def read(name: str) -> NamedMask:
        colors = decode_mask(source.read(name)).colors
        if colors is None:
            raise DatasetError("holds numbers, not colors; try --format ids")
        return _named(labels.ids_from_colors(colors), labels)

    return Annotations("colors", label_files(source), read)


def label_files(source: ExportFiles) -> dict[str, str]:
    """PNGs by image; of a whole data set, only those in folders such as trainannot."""
    names = pngs(source.names)
    return by_stem(in_folders(names, "annot") or names)


def _named(ids: np.ndarray, labels: LabelSet) -> NamedMask:
    indices = ids.copy()
    indices[ids == labels.ignore_id] = UNNAMED
    return NamedMask(indices, labels.names)
