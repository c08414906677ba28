"""The list of where each image is from."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.extraction.manifest import COLUMNS, Origin, read_manifest, write_manifest

LATE = 2**62 + 1  # a float would lose its last digits
ONE = Origin("val/1.png", "val", "/data/a, b", "/camera", LATE, LATE + 3, None)
OTHER = Origin("train/2.png", "train", "/data/ü", "/camera", 5, 7, 6)


def test_there_and_back_and_for_other_programs(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == []
    write_manifest(tmp_path, [ONE, OTHER])
    assert read_manifest(tmp_path) == [OTHER, ONE]
    with (tmp_path / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "split", "bag", "topic", "stamp_ns", "receive_ns", "labels_stamp_ns"]
    assert rows[2] == ["val/1.png", "val", "/data/a, b", "/camera", str(LATE), str(LATE + 3), ""]
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.csv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column file"),
        ("name,class\n1.png,road\n", "no column file"),
        (",".join(COLUMNS) + "\ntrain/1.png,train,/a,/t,x,1,\n", "line 2: .*'x'"),
        (",".join(COLUMNS) + "\ntrain/1.png,train,/a,/t,1,1,\ntrain/2.p", "line 3"),
        (",".join(COLUMNS) + "\ntest/1.png,test,/a,/t,1,1,\n", "line 2: no file of train or val"),
        ("\0\xff", "manifest.csv"),
    ],
)
def test_damaged(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DatasetError, match=f"{message}.*(?s:move manifest.csv away)"):
        read_manifest(tmp_path)


def test_a_full_disk_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest(tmp_path, [ONE])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv.DictWriter, "writerows", full)
    with pytest.raises(DatasetError, match="No space left"):
        write_manifest(tmp_path, [ONE, OTHER])
    assert read_manifest(tmp_path) == [ONE]
    assert len(list(tmp_path.iterdir())) == 1
