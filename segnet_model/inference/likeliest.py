"""The most likely class of each pixel of an enlarged prediction, without enlarging all classes.

A cell is the part of the image between the middles of four values of a map. Bilinear interpolation
takes a mean of the four, with the same weights for each class: where one class is the most likely
of all four, it is that of the whole cell. Only cells on the borders between classes need more, and
there only classes that reach the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

_CORNERS = np.ones((2, 2), np.uint8)
_ROUNDING = 1e-6  # a probability; more than the errors of an interpolation
# Whole classes take less time where more cells than this share of them lie on borders, or where a
# cell has fewer pixels than this.
_FEW, _LARGE = 0.2, 16


def most_likely(probabilities: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The highest probability of each pixel, and its class; of equal ones the first.

    Args:
        probabilities: (C, h, w) float32.
        size: (height, width) that they are resized to bilinearly.

    Returns:
        (height, width) float32, and the class ids, uint8.
    """
    if size == probabilities.shape[1:]:
        return _highest(probabilities)
    cells = probabilities[0].size
    if size[0] * size[1] < _LARGE * cells:
        return _whole_classes(probabilities, size)
    best, ids = _highest(probabilities)
    rows, columns = _on_borders(ids)
    if len(rows) > _FEW * cells:
        return _whole_classes(probabilities, size)
    down, across = (_axis(*sides) for sides in zip(best.shape, size, strict=True))
    confidence, labels = _resized(best, size), ids.take(across.earlier, 1).take(down.earlier, 0)
    seen = (down.numbers[rows] > 0) & (across.numbers[columns] > 0)
    border = _Border(probabilities, rows[seen], columns[seen])
    places = down.places[:, None, border.rows] * size[1] + across.places[:, border.columns]
    for whole, cells in zip((confidence, labels), border.most_likely(down, across), strict=True):
        whole.ravel()[places.ravel()] = cells.ravel()
    return confidence, labels


def _whole_classes(
    probabilities: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    return _highest(_resized(each, size) for each in probabilities)


def _on_borders(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells with corners of several classes, of ids (h, w) uint8."""
    around = cv2.copyMakeBorder(ids, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    most, least = (
        each(around, _CORNERS, anchor=(0, 0))[:-1, :-1] for each in (cv2.dilate, cv2.erode)
    )
    rows, columns = np.nonzero(most != least)
    return rows, columns


def _highest(planes: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The highest values of planes (h, w) float32, and the number of each one's plane, uint8.

    Plane after plane, so that they stay in the cache.
    """
    rest = iter(planes)
    best = next(rest).copy()
    labels, is_better = np.zeros((2, *best.shape), np.uint8)
    for label, plane in enumerate(rest, 1):
        cv2.compare(plane, best, cv2.CMP_GT, dst=is_better)  # 255 or 0
        cv2.max(best, plane, dst=best)
        is_better &= np.uint8(label)
        cv2.max(labels, is_better, dst=labels)  # the later plane has the larger number
    return best, labels


def _resized(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR))


@dataclass(frozen=True)
class _Axis:
    """The cells along one axis of an enlarged map, and their pixels.

    A cell has the number of the value that it ends at: the first lies before the first value, and
    one more lies behind the last.

    Attributes:
        earlier: (pixels,) intp, the value before each pixel, or the first.
        numbers: (cells,) of the pixels in each cell.
        places: (most, cells) intp, the pixels of each cell; where it has fewer, the last again.
        shares: (most, cells) float64, the weight of the later value at each of these, 0 to 1.
    """

    earlier: np.ndarray
    numbers: np.ndarray
    places: np.ndarray
    shares: np.ndarray


@lru_cache(16)
def _axis(old: int, new: int) -> _Axis:
    """The cells where `old` values become `new` pixels, with OpenCV's own weights."""
    middles = (np.arange(new) + 0.5) * (old / new) - 0.5
    cells = np.clip(np.floor(middles).astype(np.intp) + 1, 0, old)
    # Every third value is 1, in three columns: of two neighbors one alone.
    thirds = np.eye(3, dtype=np.float32)[np.arange(old) % 3]
    shares = _resized(thirds, (new, 3))[np.arange(new), cells % 3].astype(np.float64)
    numbers = np.bincount(cells, minlength=old + 1)
    first, most = np.cumsum(numbers) - numbers, np.arange(numbers.max())[:, None]
    places = np.minimum(first + np.minimum(most, np.maximum(numbers - 1, 0)), new - 1)
    return _Axis(np.maximum(cells - 1, 0), numbers, places, shares[places])


class _Border:
    """Cells with several classes, sorted by the number of those that may win there, most first.

    Attributes:
        rows: (n,) numbers of the cells along the height.
        columns: (n,) along the width.
    """

    def __init__(self, probabilities: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take the corners of cells of (C, h, w) float32."""
        count, height, width = probabilities.shape
        upper, lower = np.maximum(rows - 1, 0), np.minimum(rows, height - 1)
        left, right = np.maximum(columns - 1, 0), np.minimum(columns, width - 1)
        corners = np.stack([row * width + at for row in (upper, lower) for at in (left, right)])
        values = probabilities.reshape(count, -1).take(corners, 1)  # (C, 4, n)
        may_win = values.max(1) >= values.min(1).max(0) - _ROUNDING
        numbers = may_win.sum(0)
        order = np.argsort(-numbers, kind="stable")[: np.count_nonzero(numbers)]  # NaN never wins
        self.rows, self.columns = rows[order], columns[order]
        self._values, self._numbers = values[:, :, order], numbers[order]
        self._classes = np.nonzero(may_win.T[order])[1]
        self._first = np.cumsum(self._numbers) - self._numbers  # of each cell's classes

    def most_likely(self, down: _Axis, across: _Axis) -> tuple[np.ndarray, np.ndarray]:
        """The highest values at the places of the cells: (rows, columns, n) float32; and classes.

        Class after class of each cell, in rising order.
        """
        below = down.shares[:, None, self.rows]
        beside = across.shares[:, self.columns]
        best, ids = self._rank(0, below, beside)
        labels = np.broadcast_to(ids, best.shape).copy()
        for rank in range(1, int(self._numbers.max(initial=0))):
            values, ids = self._rank(rank, below, beside)
            cells = np.s_[..., : len(ids)]
            ids = (values > best[cells]) * ids  # 0 where it is not better
            np.maximum(best[cells], values, out=best[cells])
            np.maximum(labels[cells], ids, out=labels[cells])  # the later class has the larger id
        return best, labels

    def _rank(
        self, rank: int, below: np.ndarray, beside: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The values of each cell's class of this rank, and the class: cells with so many only."""
        count = np.count_nonzero(self._numbers > rank)
        ids = self._classes[self._first[:count] + rank]
        a, b, c, d = self._values[ids, :, np.arange(count)].T
        beside, below = beside[..., :count], below[..., :count]
        upper, lower = _between(a, b, beside), _between(c, d, beside)
        return _between(upper, lower, below), ids.astype(np.uint8)


def _between(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Interpolate float32, rounded as OpenCV does with fused instructions: once at the end."""
    # Types that differ would be converted again for each of the shares.
    exact: np.ndarray = (end - start).astype(np.float64) * share
    exact += start.astype(np.float64)
    return exact.astype(np.float32)
