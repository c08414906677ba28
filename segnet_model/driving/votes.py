"""The vote of the pixels on each cell of the ground: the worst state wins."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.lookups import covered_squares, pixel_cells, sharp_cells
from segnet_model.driving.pose import CameraPose
from segnet_model.driving.states import DRIVABLE, UNSURE


class Votes:
    """Finds the highest state of all pixels that are less than a pixel away from a cell.

    So no thing in the image is missed, however thin it is or coarse the cells are, and where cells
    are smaller than pixels, neither of two neighbors is trusted alone. Pixels of a thick cell are
    found by their rays, those about a thin one from points of it.

    Attributes:
        in_view: whether a pixel's ray meets the grid.
        clear: (n,) int64, the cells that may be free: wholly in view, and sharp enough.
        top: the first row of the image that is used.
    """

    def __init__(self, lens: Lens, pose: CameraPose, spec: GridSpec) -> None:
        """Build the lookup tables."""
        self._size, self._width = spec.rows * spec.columns, lens.width
        hit, known = pixel_cells(lens, pose, spec)
        self.in_view = bool((hit < self._size).any())
        sharp = np.flatnonzero(sharp_cells(lens, pose, spec))
        cells, squares = covered_squares(lens, pose, spec, sharp)
        outside = np.append(cv2.dilate((~known).view(np.uint8), _SQUARE, anchor=(0, 0)), 1) > 0
        self._least = np.full(self._size, UNSURE, np.uint8)
        self._least[cells] = DRIVABLE
        self._least[cells[outside[squares]]] = UNSURE
        self.clear = np.flatnonzero(self._least == DRIVABLE)
        self._set_squares(hit, cells, squares)
        self.top = self._first_row(hit)
        self._squares -= self.top * self._width
        self._set_runs(hit[self.top :].ravel())

    def _set_squares(self, hit: np.ndarray, cells: np.ndarray, squares: np.ndarray) -> None:
        """Keep the squares (n,) of clear cells that no pixel of the cell votes for."""
        clear = self._least[cells] == DRIVABLE
        cells, squares = cells[clear], squares[clear]
        padded = np.pad(hit, ((0, 1), (0, 1)), mode="edge")  # for an image of one row or column
        row, column = np.divmod(squares, self._width)
        corners = [padded[row + down, column + right] for down in (0, 1) for right in (0, 1)]
        alone = np.flatnonzero((np.stack(corners) != cells).all(0))
        pairs = np.unique(cells[alone] * hit.size + squares[alone])
        self._squares, self._sampled = pairs % hit.size, _Groups(pairs // hit.size)

    def _first_row(self, hit: np.ndarray) -> int:
        rows = np.flatnonzero((hit < self._size).any(1))
        rows = np.append(rows - 1, self._squares // self._width)  # a pixel votes a row further
        return max(0, int(rows.min(initial=len(hit) - 1)))

    def _set_runs(self, cells: np.ndarray) -> None:
        """Keep where runs of pixels with the same cell (n,) begin, and their order by cell."""
        self._runs = np.flatnonzero(np.diff(cells, prepend=-1))
        cells = cells[self._runs]
        order = np.argsort(cells, kind="stable")
        self._order = order[cells[order] < self._size]
        self._voted = _Groups(cells[self._order])

    def highest(self, states: np.ndarray) -> np.ndarray:
        """The state of each cell.

        Args:
            states: (H - top, W) uint8 of the pixels from row `top` on.

        Returns:
            (cells,) uint8; unsure where nothing votes.
        """
        highest = self._least.copy()
        wide = cv2.dilate(states, _AROUND).ravel()
        self._voted.raise_to(highest, np.maximum.reduceat(wide, self._runs).take(self._order))
        square = cv2.dilate(states, _SQUARE, anchor=(0, 0)).ravel()
        self._sampled.raise_to(highest, square.take(self._squares))
        return highest


_AROUND = np.ones((3, 3), np.uint8)  # a pixel and its neighbors
_SQUARE = np.ones((2, 2), np.uint8)  # the four pixels at the corners of a square


class _Groups:
    """Votes that are sorted by cell."""

    def __init__(self, cells: np.ndarray) -> None:
        self._cells, self._starts = np.unique(cells, return_index=True)

    def raise_to(self, highest: np.ndarray, votes: np.ndarray) -> None:
        """Raise states (cells,) to the highest of votes (n,)."""
        if len(self._cells):
            worst = np.maximum.reduceat(votes, self._starts)
            highest[self._cells] = np.maximum(highest[self._cells], worst)
