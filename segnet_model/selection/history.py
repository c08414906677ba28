"""The selected frames of all rounds and their scores: OUT/selection.csv."""

from __future__ import annotations

import csv
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.sources.folder import HISTORY
from segnet_model.images.files import ODD, read_cell, write_table

COLUMNS = ("round", "rank", "name", "seconds", "score")
Row = dict[str, str]


def read_history(dataset: Path) -> list[Row]:
    """Read the selected frames of all rounds; DatasetError where the file is damaged."""
    path = dataset / HISTORY
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8", errors=ODD) as file:
            return _rows(csv.DictReader(file))
    except (OSError, csv.Error, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path} is no list of chosen frames ({error}); mend it, or move it away"
        ) from None


def _rows(file: csv.DictReader[str]) -> list[Row]:
    if missing := set(COLUMNS[1:]) - set(file.fieldnames or ()):  # old files have no rounds
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    rows = [{"round": "1", **row} for row in file]
    for row in rows:
        int(row["round"])
    return [{column: read_cell(row[column]) for column in COLUMNS} for row in rows]


def next_number(dataset: Path) -> int:
    """The number of the next round; DatasetError where the file is damaged."""
    return max((int(row["round"]) for row in read_history(dataset)), default=0) + 1


def record_round(dataset: Path, number: int, chosen: list[Row]) -> None:
    """Add or replace a round, given its rows without number and rank, the best first.

    Raises:
        DatasetError: the file is damaged, or cannot be written.
    """
    others = [row for row in read_history(dataset) if int(row["round"]) != number]
    new = [{"round": number, "rank": rank, **row} for rank, row in enumerate(chosen, 1)]
    write_table(dataset / HISTORY, COLUMNS, [*others, *new])
