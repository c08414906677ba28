"""Settings of an extraction that are out of range or contradict each other."""

from __future__ import annotations

from typing import Any

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.datasets.extraction.settings import ExtractSettings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"every": -1}, "every is -1; give 0"),
        ({"every": float("nan")}, "every is nan"),
        ({"val": 1.5}, "val is 1.5; give 0 to 1"),
        ({"unlike": 101}, "unlike is 101; give 0 to 100"),
        ({"tolerance": 2, "labels_topics": ("/l",)}, "tolerance is 2; give 0 to 1"),
        ({"tolerance": 0.1}, "name a labels topic"),
        ({"split": "frames"}, "none of time, blocks, bag"),
        ({"block": 5}, "block 5 needs split blocks, not time"),
        ({"split": "blocks", "block": 0}, "block is 0"),
        ({"split": "blocks", "block": 2, "gap": 2}, "a gap of 2 s leaves nothing of blocks of 2 s"),
        ({"split": "bag", "gap": 1}, "gap has no meaning"),
        ({"gap": -1}, "gap is -1"),
        ({"topics": ("/a", "/a")}, "/a is named twice"),
        ({"topics": ("/a",), "labels_topics": ("/a",)}, "/a is named twice"),
        ({"topics": ("/a", "/b"), "labels_topics": ("/l",)}, "1 labels topics for 2 image topics"),
        ({"labels_topics": ("/l", "/m")}, "2 labels topics for unnamed image topics"),
    ],
)
def test_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ExtractSettings(**values)


def test_the_usual_values() -> None:
    time, blocks = ExtractSettings(every=0.25), ExtractSettings(split="blocks")
    assert (time.every_ns, time.tolerance_ns) == (250_000_000, 1_000_000)
    assert blocks.block_ns == 10_000_000_000
    assert time.gap_ns == blocks.gap_ns == 1_000_000_000
    assert ExtractSettings(labels_topics=("/l",), tolerance=0).tolerance_ns == 0
    assert ExtractSettings(gap=0).gap_ns == 0
