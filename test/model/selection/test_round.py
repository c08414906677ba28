"""A saved round, with which an interrupted selection resumes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.selection.round import (
    UNFINISHED_FILE,
    Pick,
    Round,
    SelectSettings,
    load_round,
    save_round,
)

SETTINGS = SelectSettings(os.fsdecode(b"/bag\xff"), "w", None, 0.5, 50, 10, "mc", 8, 0)
LATE = 2**62 + 1  # a float would lose its last digits
ROUND = Round(
    SETTINGS, 2, 70, (Pick("/a", LATE, LATE + 1, 1.5, 0.1),), (Pick("/a", 3, 4, 0.0, 0.0),)
)


def test_there_and_back(tmp_path: Path) -> None:
    assert load_round(tmp_path, SETTINGS) is None
    save_round(tmp_path, ROUND)
    assert load_round(tmp_path, SETTINGS) == ROUND
    assert [path.name for path in tmp_path.iterdir()] == [UNFINISHED_FILE]


def test_a_long_round_is_read_too(tmp_path: Path) -> None:
    picks = tuple(replace(ROUND.train[0], receive_ns=index) for index in range(20_000))
    save_round(tmp_path, replace(ROUND, train=picks))
    assert load_round(tmp_path, SETTINGS) == replace(ROUND, train=picks)


def test_another_command_does_not_go_on(tmp_path: Path) -> None:
    save_round(tmp_path, ROUND)
    with pytest.raises(SettingsError, match="with count 50, not 30; run that command again"):
        load_round(tmp_path, replace(SETTINGS, count=30))
    with pytest.raises(SettingsError, match="topic None, not /b"):
        load_round(tmp_path, replace(SETTINGS, topic="/b"))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"settings": {"source": 1}}', "\xff"])
def test_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / UNFINISHED_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(DatasetError, match=f"{UNFINISHED_FILE} .*remove .* to choose anew"):
        load_round(tmp_path, SETTINGS)


@pytest.mark.parametrize(
    "wrong", [{"count": 0}, {"val": -1}, {"every": -1.0}, {"every": float("nan")}]
)
def test_settings_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="must be"):
        replace(SETTINGS, **wrong)
