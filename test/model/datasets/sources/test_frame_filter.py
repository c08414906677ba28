"""Frames that are too near to the last one taken."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.datasets.sources.frame_filter import FrameFilter, difference
from segnet_model.images.thumbnails import thumbnail


def gray(value: float) -> np.ndarray:
    return np.full((24, 32, 3), value, np.uint8)


def test_the_difference_is_in_percent() -> None:
    assert difference(thumbnail(gray(0)), thumbnail(gray(255))) == pytest.approx(100)
    assert difference(thumbnail(gray(100)), thumbnail(gray(151))) == pytest.approx(20, rel=1e-5)
    half = gray(0)
    half[:12] = 255
    assert difference(thumbnail(gray(0)), thumbnail(half)) == pytest.approx(50)


def test_time_is_a_distance() -> None:
    filter_ = FrameFilter(10, 0)
    assert not filter_.is_early(100)
    filter_.accept(100, None)
    assert [filter_.is_early(t) for t in (91, 100, 109, 90, 110)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert not filter_.compares_images
    assert not filter_.is_similar(gray(0))


def test_the_last_one_taken_counts_and_not_the_last_one_seen() -> None:
    """A slow change must not pass unseen step by step."""
    filter_ = FrameFilter(0, 10)
    taken = []
    for step in range(0, 256, 5):  # 2 % a step
        if not filter_.is_similar(gray(step)):
            filter_.accept(step, gray(step))
            taken.append(step)
    assert taken == [step for step in range(0, 256, 5) if step % 30 == 0]


def test_noise_is_no_change() -> None:
    """Of 1280x720 pixels, a thumbnail's are means of 4,800: noise moves them by a gray level."""
    rng = np.random.default_rng(0)
    image = rng.integers(60, 190, (12, 16, 3)).repeat(60, 0).repeat(80, 1)
    one, other = (image + rng.normal(0, 8, image.shape) for _ in range(2))
    looks = [thumbnail(each.astype(np.uint8)) for each in (one, other)]
    assert 0 < difference(*looks) < 100 / 255
