"""Origins of a data set's images: OUT/manifest.csv."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.extraction.splits import SPLITS
from segnet_model.images.files import ODD, read_cell, write_table

MANIFEST_FILE = "manifest.csv"


@dataclass(frozen=True)
class Origin:
    """The origin of an image: one line of the manifest."""

    file: str  # in the data set, "train/123.png"
    split: str  # "train" or "val"
    bag: str  # absolute path, or that of a video or of a folder of images
    topic: str  # or the name of the video's or the image's file
    stamp_ns: int  # of the header, or since the start of a video
    receive_ns: int  # time of reception; both are 0 for an image file
    labels_stamp_ns: int | None = None  # of the labels recorded with it

    @property
    def name(self) -> str:
        """The file's name without its split."""
        return Path(self.file).name


COLUMNS = tuple(field.name for field in fields(Origin))


def read_manifest(dataset: Path) -> list[Origin]:
    """Read a data set's manifest; empty where there is none.

    Raises:
        DatasetError: it is damaged, or a file of another kind.
    """
    path = dataset / MANIFEST_FILE
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8", errors=ODD) as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise DatasetError(f"{path} has no column {missing[0]}; {_mend(path)}")
            return [_origin(path, rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"cannot read {path}: {error}; {_mend(path)}") from None


def write_manifest(dataset: Path, origins: list[Origin]) -> None:
    """Write the manifest, sorted by file, whole or not at all; DatasetError if that fails."""
    rows = (asdict(each) for each in sorted(origins, key=lambda each: each.file))
    write_table(dataset / MANIFEST_FILE, COLUMNS, rows)


def rename_bag(dataset: Path, before: str, after: str) -> None:
    """Give a bag another path in a data set's manifest, as when a copy of it was read.

    Raises:
        DatasetError: the manifest is damaged, or cannot be written.
    """
    origins = read_manifest(dataset)
    renamed = [replace(each, bag=after) if each.bag == before else each for each in origins]
    if renamed != origins:
        write_manifest(dataset, renamed)


def _origin(path: Path, line: int, row: dict[str, str | None]) -> Origin:
    try:
        text = {column: read_cell(row[column] or "") for column in COLUMNS}
        numbers = {name: int(text[name]) for name in ("stamp_ns", "receive_ns")}
        labels = int(text["labels_stamp_ns"]) if text["labels_stamp_ns"] else None
    except ValueError as error:
        raise DatasetError(f"{path}, line {line}: {error}; {_mend(path)}") from None
    if text["split"] not in SPLITS or not text["file"]:
        raise DatasetError(f"{path}, line {line}: no file of train or val; {_mend(path)}")
    return Origin(**{**text, **numbers, "labels_stamp_ns": labels})  # type: ignore[arg-type]


def _mend(path: Path) -> str:
    return f"mend it, or move {path.name} away: it is made anew and the images stay"
