"""Stretches of time, or whole recordings, for training and validation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.datasets.extraction.splits import (
    Neighbors,
    SplitRule,
    all_to,
    assign_recordings,
    by_blocks,
    by_time,
    fitting_gap,
)

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def letters(rule: SplitRule, seconds: int) -> str:
    """The first letter of the split of each half second's middle, "." where it is left out."""
    times = (START + (2 * i + 1) * SECOND // 4 for i in range(2 * seconds))
    return "".join((rule(time) or ".")[0] for time in times)


def test_the_last_part_is_for_validation() -> None:
    assert letters(by_time(START, START + 10 * SECOND, 0.3), 10) == "t" * 14 + "v" * 6
    gap = by_time(START, START + 10 * SECOND, 0.3, 2 * SECOND)
    assert letters(gap, 10) == "t" * 12 + "...." + "v" * 4
    for val, letter in ((0.0, "t"), (1.0, "v")):  # no two parts, so nothing between them
        rule = by_time(START, START + 10 * SECOND, val, 2 * SECOND)
        assert letters(rule, 10) == letter * 20
    assert by_time(START, START, 0.2)(START) == "train"  # a bag of one message


def test_the_usual_gap_leaves_half_of_the_shorter_part() -> None:
    for seconds, val, expected in ((60, 0.2, 1.0), (4, 0.2, 0.8), (4, 0.9, 0.4), (9, 0.0, 0.0)):
        gap = fitting_gap(START, START + seconds * SECOND, val, SECOND)
        assert gap == pytest.approx(expected * SECOND)


def test_blocks_take_turns_with_gaps_between_them() -> None:
    assert letters(by_blocks(START, 2 * SECOND, 0.5), 8) == "vvvvttttvvvvtttt"
    assert letters(by_blocks(START, 2 * SECOND, 0.5, SECOND), 8) == "vvv..tt..vv..tt."
    thirds = by_blocks(START, SECOND, 1 / 3)
    assert letters(thirds, 9) == "ttvvtt" * 3
    for val, letter in ((0.0, "t"), (1.0, "v")):
        assert letters(by_blocks(START, SECOND, val, SECOND // 2), 5) == letter * 10


@pytest.mark.parametrize("val", [0.1, 0.2, 0.25, 0.4, 0.7])
@pytest.mark.parametrize("gap", [0.0, 0.5, 1.5])
def test_blocks_keep_the_share_and_the_distance(val: float, gap: float) -> None:
    rule = by_blocks(START, 2 * SECOND, val, round(gap * SECOND))
    times = np.arange(0, 400, 0.1)
    splits = [rule(START + round(time * SECOND)) for time in times]
    blocks = [rule(START + (2 * block + 1) * SECOND) for block in range(200)]
    assert blocks.count("val") == pytest.approx(200 * val, abs=1)
    of = {name: times[[split == name for split in splits]] for name in ("train", "val")}
    nearest = np.abs(of["train"][:, None] - of["val"]).min()
    assert nearest >= max(gap, 0.1) - 1e-9
    assert nearest <= gap + 0.3  # and no more is left out than is needed


def test_a_block_does_not_change_as_a_bag_grows() -> None:
    grown = by_time(START, START + 20 * SECOND, 0.2)
    assert grown(START + 9 * SECOND) != by_time(START, START + 10 * SECOND, 0.2)(START + 9 * SECOND)
    assert by_blocks(START, SECOND, 0.2)(START - SECOND) in ("train", "val")  # a clock set back


@pytest.mark.parametrize("seed", range(12))
def test_the_nearest_choice_of_recordings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 400, int(rng.integers(2, 8))).tolist()
    val = float(rng.uniform(0.05, 0.95))
    chosen = [
        n for n, s in zip(lengths, assign_recordings(lengths, val), strict=True) if s == "val"
    ]
    sums = [sum(c) for k in range(1, len(lengths)) for c in combinations(lengths, k)]
    best = min(abs(each - val * sum(lengths)) for each in sums)
    assert 1 <= len(chosen) < len(lengths)
    assert abs(sum(chosen) - val * sum(lengths)) <= best + 0.005 * sum(lengths)


def test_recordings_stay_where_they_are() -> None:
    assert assign_recordings([10, 10, 1], 0.05, {0: "val"}) == ["val", "train", "train"]
    assert assign_recordings([10, 1, 10], 0.05, {1: "train"}) != ["train", "val", "train"]
    assert assign_recordings([1] * 30, 0.2).count("val") == 6
    assert assign_recordings([3, 4], 0.0) == ["train", "train"]
    assert assign_recordings([3, 4], 1.0) == ["val", "val"]
    assert set(assign_recordings([0, 0], 0.2)) == {"train", "val"}  # of one message each


def test_recordings_that_cannot_be_split() -> None:
    with pytest.raises(SettingsError, match="2 or more"):
        assign_recordings([5], 0.2)
    for split in ("train", "val"):
        with pytest.raises(SettingsError, match="all bags are in one split"):
            assign_recordings([5, 5], 0.2, {0: split, 1: split})


def test_neighbors_of_the_other_split_are_kept_apart() -> None:
    there = Neighbors([(START + 4 * SECOND, "val"), (START + SECOND, "train")], SECOND)
    assert there.splits == ["train", "val"]
    assert letters(there.keep_apart(all_to("train")), 6) == "tttttt....tt"
    assert letters(there.keep_apart(all_to("val")), 6) == "....vvvvvvvv"
    assert letters(Neighbors([], SECOND).keep_apart(all_to("val")), 2) == "vvvv"
    # The rule by which they were split keeps them apart by itself: resuming leaves out nothing.
    same = by_time(START, START + 6 * SECOND, 0.5)
    assert letters(there.keep_apart(same), 6) == "ttttttvvvvvv"
    known_gap = by_time(START, START + 6 * SECOND, 0.5, 3 * SECOND)  # START + 4 s lies in it
    assert letters(there.keep_apart(known_gap), 6) == "ttt......vvv"


@pytest.mark.parametrize(("val", "split"), [(0.0, "train"), (1.0, "val")])
def test_all_is_for_one_split_even_outside_the_announced_time(val, split):
    rule = by_time(0, 100, val)
    assert {rule(time) for time in (-5, 0, 50, 100, 105)} == {split}
