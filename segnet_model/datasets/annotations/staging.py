"""Files of an export, read, checked, and written to a temporary folder as label images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.base.progress import ShareDone
from segnet_model.datasets.annotations.class_mapping import ClassMapping
from segnet_model.datasets.annotations.export import Annotations, NamedMask
from segnet_model.images.files import read_size, write_png
from segnet_model.images.orientation import describe, read_orientation


def stage_all(
    annotations: Annotations,
    mapping: ClassMapping,
    wanted: Mapping[str, Path],
    staged: Path,
    progress: ShareDone,
) -> tuple[Counter[str], list[str]]:
    """Stage all files; returns the reader's notes, and the names without a labeled pixel."""
    notes: Counter[str] = Counter()
    empty = []
    for done, (stem, image) in enumerate(wanted.items(), 1):
        mask = _read(annotations, stem, image)
        notes += mask.notes
        ids = mapping.ids(mask, annotations.files[stem])
        if (ids == mapping.ignored).all():
            empty.append(stem)
        else:
            (staged / stem).parent.mkdir(parents=True, exist_ok=True)
            write_png(staged / f"{stem}.png", ids)
        progress(done / len(wanted))
    return notes, empty


def _read(annotations: Annotations, stem: str, image: Path) -> NamedMask:
    """Read and check one file of the export."""
    try:
        height, width = _image_size(image)
        mask = annotations.read(annotations.files[stem], (height, width))
        if mask.indices.shape != (height, width):
            raise DatasetError(
                f"is {mask.indices.shape[1]}x{mask.indices.shape[0]} but its image {image} is "
                f"{width}x{height}; export the labels at the image's size"
                + describe(read_orientation(image.read_bytes()))
            )
    except (DatasetError, ImageError) as error:
        raise DatasetError(f"{annotations.files[stem]}: {error}") from None
    return mask


def _image_size(image: Path) -> tuple[int, int]:
    try:
        return read_size(image)
    except DatasetError as error:
        raise DatasetError(f"is for {image}, which does not open as an image: {error}") from None
