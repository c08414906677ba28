"""Images and labels joined by stamp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from segnet_model.bags.images import RawMessage
from segnet_model.base.errors import BagError
from segnet_model.datasets.extraction.pairing import pair_labels
from segnet_model.datasets.sources import BagFrame
from segnet_model.datasets.sources.frame import Key

START = 1_700_000_000_000_000_000


def frame(stamp: int) -> BagFrame:
    raw = RawMessage("/t", "", stamp, b"")
    key = Key("bag", "/t", stamp, stamp)
    return BagFrame(key, str(stamp), stamp, stamp, lambda: np.zeros(0), raw=raw, message=None)


def frames(stamps: Sequence[int]) -> list[BagFrame]:
    return [frame(stamp) for stamp in stamps]


def pairs(images: Sequence[int], labels: Sequence[int], tolerance: int) -> dict[int, int | None]:
    found = pair_labels(iter(frames(images)), iter(frames(labels)), tolerance)
    return {image.stamp_ns: labels.stamp_ns if labels else None for image, labels in found}


def test_equal_stamps() -> None:
    assert pairs([1, 2, 3, 4], [2, 4, 5], 0) == {1: None, 2: 2, 3: None, 4: 4}
    assert pairs([1, 2], [], 10) == {1: None, 2: None}
    assert pairs([], [1], 10) == {}


def test_the_nearest_within_the_tolerance_each_once() -> None:
    assert pairs([10, 20, 30], [12, 19, 34], 3) == {10: 12, 20: 19, 30: None}
    assert pairs([10, 20, 30], [12, 19, 34], 4) == {10: 12, 20: 19, 30: 34}
    assert pairs([10, 20], [14], 20) == {10: 14, 20: None}  # never twice
    assert pairs([10, 20], [16], 20) == {10: None, 20: 16}  # left to the nearer image
    assert pairs([10, 20], [11, 12], 20) == {10: 11, 20: 12}  # the second best is better than none
    assert pairs([10, 20], [8, 9], 2) == {10: 9, 20: None}


@pytest.mark.parametrize("seed", range(20))
def test_jitter_less_than_half_a_period_pairs_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = (START + np.arange(50) * 100 + rng.integers(-10, 11, 50)).tolist()
    labels = [int(stamp + rng.integers(-30, 31)) for stamp in images]
    kept = rng.random(50) < 0.7
    expected = {
        stamp: label if keep else None
        for stamp, label, keep in zip(images, labels, kept, strict=True)
    }
    some = [label for label, keep in zip(labels, kept, strict=True) if keep]
    assert pairs(images, some, 30) == expected


def test_a_clock_that_is_set_back() -> None:
    late, early = START + 3600 * 10**9, START
    images = [late + i * 100 for i in range(5)] + [early + i * 100 for i in range(5)]
    assert pairs(images, images[1:], 10) == {images[0]: None, **{i: i for i in images[1:]}}


@pytest.mark.parametrize("which", ["images", "labels"])
def test_what_came_before_damage_is_joined(which: str) -> None:
    def broken(stamps: Sequence[int]) -> Iterator[BagFrame]:
        yield from frames(stamps)
        raise BagError("cut")

    images, labels = iter(frames([1, 2, 3])), iter(frames([1, 2, 3]))
    images = broken([1, 2]) if which == "images" else images
    labels = broken([1, 2]) if which == "labels" else labels
    found: list[tuple[BagFrame, BagFrame | None]] = []
    with pytest.raises(BagError, match="cut"):
        found.extend(pair_labels(images, labels, 0))
    joined = [(image.stamp_ns, label and label.stamp_ns) for image, label in found]
    assert joined == ([(1, 1), (2, 2)] if which == "images" else [(1, 1), (2, 2), (3, None)])


def test_only_labels_around_an_image_are_held() -> None:
    read: list[int] = []

    def labels() -> Iterator[BagFrame]:
        for frame in frames(range(0, 100_000, 10)):
            read.append(frame.stamp_ns)
            yield frame

    found = pair_labels(iter(frames(range(0, 100_000, 100))), labels(), 25)
    for _, (image, label) in zip(range(50), found, strict=False):
        assert label is not None
        assert label.stamp_ns == image.stamp_ns
        assert read[-1] <= image.stamp_ns + 25 + 10
