"""What each round of a selection chose, and why: OUT/selection.csv."""

from __future__ import annotations

import csv
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.images.files import ODD, write_table

ROUNDS_FILE = "selection.csv"
COLUMNS = ("round", "rank", "name", "seconds", "score")
Row = dict[str, str]


def read_rounds(dataset: Path) -> list[Row]:
    """The chosen frames of all rounds; none where there was no round.

    Raises:
        DatasetError: the file is damaged, or of another kind.
    """
    path = dataset / ROUNDS_FILE
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
    if missing := set(COLUMNS[1:]) - set(file.fieldnames or ()):  # there was but one round once
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    rows = [{"round": "1", **row} for row in file]
    for row in rows:
        int(row["round"])
    return [{column: row[column] for column in COLUMNS} for row in rows]


def next_round(dataset: Path) -> int:
    """The number of the round to come; DatasetError where the file is damaged."""
    return max((int(row["round"]) for row in read_rounds(dataset)), default=0) + 1


def write_round(dataset: Path, number: int, chosen: list[Row]) -> None:
    """Add a round, or write it again, by its rows without number and rank, the best first.

    Raises:
        DatasetError: the file is damaged, or cannot be written.
    """
    others = [row for row in read_rounds(dataset) if int(row["round"]) != number]
    new = [{"round": number, "rank": rank, **row} for rank, row in enumerate(chosen, 1)]
    write_table(dataset / ROUNDS_FILE, COLUMNS, [*others, *new])
