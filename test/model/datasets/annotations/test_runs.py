from contextlib import suppress

import annotated
import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.annotations.runs import coco_counts, from_brush, from_runs


def masks():
    draws = np.random.default_rng(0)
    for height, width, share in ((1, 1, 1.0), (7, 5, 0.5), (60, 80, 0.02), (40, 300, 0.0)):
        yield draws.random((height, width)) < share
    yield np.indices((500, 500)).sum(0) % 300 < 150


@pytest.mark.parametrize("mask", masks(), ids=lambda mask: str(mask.shape))
def test_run_lengths_become_their_mask(mask):
    runs = annotated.column_runs(mask)
    np.testing.assert_array_equal(from_runs(runs, *mask.shape, columns=True), mask)
    rows = annotated.column_runs(mask.T)
    np.testing.assert_array_equal(from_runs(rows, *mask.shape, columns=False), mask)
    assert coco_counts(annotated.packed_runs(mask)).tolist() == runs


@pytest.mark.parametrize("mask", masks(), ids=lambda mask: str(mask.shape))
def test_cocos_own_tools_write_the_same_text(mask):
    coco = pytest.importorskip("pycocotools.mask")
    text = coco.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    assert text == annotated.packed_runs(mask)
    np.testing.assert_array_equal(from_runs(coco_counts(text), *mask.shape, columns=True), mask)


@pytest.mark.parametrize("mask", masks(), ids=lambda mask: str(mask.shape))
def test_a_brush_becomes_its_mask(mask):
    np.testing.assert_array_equal(from_brush(annotated.brush(mask), *mask.shape), mask)


@pytest.mark.parametrize(
    "counts",
    [[], [5], [3, 4], [-1, 7], [10**12], [10**30], ["x"], [6.5, None], [[6]], None, "abc", {}],
)
def test_run_lengths_of_another_mask_are_refused(counts):
    with pytest.raises(DatasetError, match="run lengths"):
        from_runs(counts, 2, 3, columns=True)


@pytest.mark.parametrize("text", ["", "\x00", "o", "é", "0\x7f", "oooooooooooo0", "~0"])
def test_text_that_is_no_run_lengths_is_refused(text):
    with pytest.raises(DatasetError, match="cut off or damaged|longer than any image"):
        coco_counts(text)


def test_a_run_as_long_as_a_bomb_is_refused_before_it_is_drawn(refused):
    bomb = coco_counts("ooooo?")  # 2**29 and more
    assert bomb.max() > 1 << 28
    refused("do not make 3x2", lambda: from_runs(bomb, 2, 3, columns=True), error=DatasetError)
    with pytest.raises(ImageError, match="100000x100000"):
        from_runs([0], 100_000, 100_000, columns=True)
    full = annotated.brush(np.ones((64, 96), bool))
    huge = [255, 255, 255, 255, *full[4:]]
    refused("another size", lambda: from_brush(huge, 64, 96), error=DatasetError)


def test_a_brush_that_is_damaged_is_refused():
    data = annotated.brush(annotated.pixels("Tree"))
    draws = np.random.default_rng(0)
    for _ in range(300):
        changed = data.copy()
        changed[draws.integers(5, len(data))] = int(draws.integers(256))
        cut = changed[: draws.integers(len(data))] if draws.random() < 0.5 else changed
        with suppress(DatasetError):
            assert from_brush(cut, 64, 96).shape == (64, 96)
    for strange in (None, [], "abc", [300], [-1], [0.5], data * 1000, [[1]], {"a": 1}):
        with pytest.raises(DatasetError, match="brush mask"):
            from_brush(strange, 64, 96)
