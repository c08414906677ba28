"""The format of an export, named or detected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from segnet_model.base.choices import LABEL_FORMATS
from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import Annotations, LabelFormat, Target
from segnet_model.datasets.annotations.foreign import TAKEN, refuse_foreign
from segnet_model.datasets.annotations.marks import Marks
from segnet_model.images.files import IMAGE_SUFFIXES
from segnet_model.labels import LabelSet

BESIDE = (
    "other formats in it, left out: {}; where these labels are of other images, import them from a "
    "folder of their own"
)
# Endings of files that may be masks, too.
NO_MASKS = (*(each for each in IMAGE_SUFFIXES if each != ".png"), ".gif", ".npy", ".npz", ".mat")


def open_annotations(source: ExportFiles, name: str, target: Target) -> Annotations:
    """Open an export in the named format, or in the one that "auto" detects.

    Args:
        source: the export.
        name: one of `LABEL_FORMATS`, or "auto".
        target: the data set.

    Raises:
        DatasetError: it is not of this format, or of no known one.
    """
    detected = name == "auto"
    name = detect_format(source, target.labels) if detected else name
    chosen: LabelFormat = LABEL_FORMATS[name]
    annotations = chosen.open(source, target)
    if not annotations.files:
        raise DatasetError(f"holds no labels of the format {name}; try another --format")
    others = _others(Marks(source, target.labels), name) if detected else ()
    return replace(annotations, notes=tuple(map(BESIDE.format, others)))


def _others(marks: Marks, chosen: str) -> Iterator[str]:
    """Formats of tools that an export has beside the chosen one; PNG files may be its pictures."""
    for name, each in LABEL_FORMATS.items():
        if name == "camvid32":
            return
        with suppress(DatasetError):
            if name != chosen and each.found(marks):
                yield name


def detect_format(source: ExportFiles, labels: LabelSet) -> str:
    """Detect the format by the marks of tools; PNG files without any are ids or colors.

    Raises:
        DatasetError: it is of no known format.
    """
    marks = Marks(source, labels)
    for name, each in LABEL_FORMATS.items():
        if name == "camvid32":  # from here on, any PNG file will do
            refuse_foreign(marks)
        if each.found(marks):
            return name
    masks = any(name.lower().endswith(NO_MASKS) for name in source.names)
    mend = "; masks have to be saved as PNG" if masks else ""
    raise DatasetError(f"holds no labels that are known{mend}; {TAKEN}")
