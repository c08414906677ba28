"""The list of chosen frames, round by round."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.selection.history import next_number, read_history, record_round


def row(name: str) -> dict[str, str]:
    return {"name": name, "seconds": "1.000", "score": "0.50000"}


def text(folder: Path) -> list[str]:
    return (folder / "selection.csv").read_text(errors="surrogateescape").splitlines()


def test_rounds_are_added_and_written_again(tmp_path: Path) -> None:
    assert next_number(tmp_path) == 1
    record_round(tmp_path, 1, [row("b"), row("a")])
    assert next_number(tmp_path) == 2
    odd = os.fsdecode(b"c\xff")
    for _ in range(2):  # as after an interruption at the very end
        record_round(tmp_path, 2, [row(odd)])
    assert text(tmp_path) == [
        "round,rank,name,seconds,score",
        "1,1,b,1.000,0.50000",
        "1,2,a,1.000,0.50000",
        f"2,1,{odd},1.000,0.50000",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["selection.csv"]


def test_a_list_without_rounds_is_the_first(tmp_path: Path) -> None:
    """As it was when each round replaced the one before."""
    (tmp_path / "selection.csv").write_text("rank,name,seconds,score\n1,b,1.000,0.5\n")
    assert next_number(tmp_path) == 2
    record_round(tmp_path, 2, [row("c")])
    assert text(tmp_path)[1:] == ["1,1,b,1.000,0.5", "2,1,c,1.000,0.50000"]


@pytest.mark.parametrize(
    "content", ["", "my own list\n", "round,rank,name,seconds,score\nx,1,b,1,1\n"]
)
def test_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "selection.csv").write_text(content)
    with pytest.raises(DatasetError, match="mend it, or move it away"):
        read_history(tmp_path)
