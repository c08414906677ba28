"""Label images in the data set's own ids or colours."""

from __future__ import annotations

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import Source
from segnet_model.datasets.annotations.forms import (
    UNNAMED,
    Form,
    NamedMask,
    by_stem,
    in_folders,
    pngs,
)
from segnet_model.images.label_images import decode_mask
from segnet_model.labels import LabelSet


def ids_form(source: Source, labels: LabelSet) -> Form:
    """Read PNGs whose grey values, or a palette's indices, are ids of the set."""

    def read(name: str) -> NamedMask:
        ids = decode_mask(source.read(name)).ids
        if ids is None:
            raise DatasetError("holds colours, not ids; try --format colors, or camvid32")
        labels.check_ids(ids)
        return _named(ids, labels)

    return Form("ids", label_files(source), read)


def colors_form(source: Source, labels: LabelSet) -> Form:
    """Read PNGs in the set's colours."""

    def read(name: str) -> NamedMask:
        colors = decode_mask(source.read(name)).colors
        if colors is None:
            raise DatasetError("holds numbers, not colours; try --format ids")
        return _named(labels.ids_from_colors(colors), labels)

    return Form("colors", label_files(source), read)


def label_files(source: Source) -> dict[str, str]:
    """PNGs by image; of a whole data set only those in folders such as trainannot."""
    names = pngs(source.names)
    return by_stem(in_folders(names, "annot") or names)


def _named(ids: np.ndarray, labels: LabelSet) -> NamedMask:
    indices = ids.copy()
    indices[ids == labels.ignore_id] = UNNAMED
    return NamedMask(indices, labels.names)
