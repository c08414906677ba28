"""What stays of a bag that cannot be finished."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from segnet_model.bags.reader import BagWriter


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_what_is_left_holds_what_was_written(tmp_path: Path, storage: str) -> None:
    writer = BagWriter(tmp_path / "bag", storage)
    writer.open()
    for i in range(8):  # more than MCAP holds back in memory
        writer.write_image("/front", i, "camera", np.full((256, 512, 3), i, np.uint8))
    folder = writer.keep_unfinished()
    writer.discard()
    (file,) = folder.glob("bag.*")
    assert file.stat().st_size > 6 * 256 * 512 * 3
    if storage == "sqlite3":
        with contextlib.closing(sqlite3.connect(file)) as database:
            assert database.execute("SELECT COUNT(*) FROM messages").fetchone() == (8,)
