"""Masks as run lengths: COCO's and CVAT's counts, Label Studio's brush."""

from __future__ import annotations

from typing import Any

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.limits import check_size

WORD = 5  # bits of a number in each character of COCO's text
FIRST = 48  # the character of zero
MORE, MINUS = 0x20, 0x10
MAX_CHARACTERS = 7  # of a number: 35 bits
BYTE, MAX_BYTE = 8, 255
BRUSH_HEADER = 32 + 5 + 4 * 4  # bits


def from_runs(counts: Any, height: int, width: int, *, columns: bool) -> np.ndarray:
    """A mask (H, W) bool from the lengths of runs, the first of which is outside.

    Args:
        counts: the lengths.
        height: rows of the mask.
        width: columns of the mask.
        columns: the runs go down the columns, as COCO's, rather than along the rows.

    Raises:
        DatasetError: the lengths are no whole numbers, or are not those of such a mask.
        ImageError: the size is absurd.
    """
    check_size(height, width)
    try:
        runs = _whole_numbers(counts).astype(np.int64)
    except (TypeError, ValueError, OverflowError):
        raise DatasetError(
            "has a mask whose run lengths are no whole numbers; export it again"
        ) from None
    area = height * width
    whole = runs.ndim == 1 and len(runs) and runs.min() >= 0 and runs.max() <= area
    if not whole or runs.sum() != area:
        raise DatasetError(
            f"has a mask whose run lengths do not make {width}x{height} pixels; export it again"
        )
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T if columns else flat.reshape(height, width)


def coco_counts(text: str) -> np.ndarray:
    """The run lengths in COCO's text, (N,) int64.

    Each number is written in groups of five bits, the lowest first, and from the fourth on as the
    difference to the last but one (`rleToString` in COCO's maskApi.c).

    Raises:
        DatasetError: the text is none.
    """
    codes = np.frombuffer(text.encode("latin-1", "replace"), np.uint8).astype(np.int64) - FIRST
    if not len(codes) or codes.min() < 0 or codes.max() >= 2 * MORE or codes[-1] & MORE:
        raise DatasetError("has a mask whose run lengths are cut off or damaged; export it again")
    ends = np.flatnonzero(codes & MORE == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > MAX_CHARACTERS:
        raise DatasetError("has a mask with a run longer than any image; export it again")
    place = WORD * (np.arange(len(codes)) - np.repeat(starts, lengths))
    numbers = np.add.reduceat((codes & (MORE - 1)) << place, starts)
    numbers -= np.where(codes[ends] & MINUS, 1 << (WORD * lengths), 0)
    numbers[1::2], numbers[2::2] = numbers[1::2].cumsum(), numbers[2::2].cumsum()
    return numbers


def from_brush(data: Any, height: int, width: int) -> np.ndarray:
    """A mask (H, W) bool from Label Studio's brush: the opaque pixels of an RGBA image.

    The bits are those of the package `@thi.ng/rle-pack`: the number of words, their length, four
    lengths of counts; then runs of one word, or of words of their own.

    Raises:
        DatasetError: the data is cut off, damaged, or of another size.
        ImageError: the size is absurd.
    """
    check_size(height, width)
    total = 4 * height * width
    try:
        if min(data) < 0 or max(data) > MAX_BYTE:
            raise ValueError("numbers that are no bytes")
        if len(data) > total + total // 4 + BRUSH_HEADER:
            raise ValueError("longer than an image of words of their own")
        words = _words(np.unpackbits(_whole_numbers(data).astype(np.uint8)), total)
    except (TypeError, ValueError, OverflowError, IndexError):
        raise DatasetError("has a brush mask that is damaged or cut off; export again") from None
    return words.reshape(height, width, 4)[..., 3] > 0


def _whole_numbers(values: Any) -> np.ndarray:
    """Whole numbers as an array; ValueError for any others."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or bool in set(map(type, values)):
        raise ValueError("no whole numbers")
    return array


def _words(bits: np.ndarray, total: int) -> np.ndarray:
    """All words of the packed data, (total,) uint8."""
    text = (bits + 48).tobytes()  # int() reads digits
    if len(bits) < BRUSH_HEADER or int(text[:32], 2) != total:
        raise DatasetError("has a brush mask of another size than its image; export it again")
    if int(text[32:37], 2) + 1 != BYTE:
        raise ValueError("words that are no bytes")
    sizes = [int(text[at : at + 4], 2) + 1 for at in range(37, BRUSH_HEADER, 4)]
    words, at, done = np.empty(total, np.uint8), BRUSH_HEADER, 0
    while done < total:
        alike, size = text[at] == ord("1"), sizes[int(text[at + 1 : at + 3], 2)]
        count = int(text[at + 3 : at + 3 + size], 2) + 1
        at += 3 + size
        stored = BYTE if alike else BYTE * count
        words[done : done + count] = np.packbits(bits[at : at + stored])
        at, done = at + stored, done + count
        if done > total or at > len(bits):
            raise ValueError("more words than the image has")
    return words
