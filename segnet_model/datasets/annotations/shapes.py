"""Shapes of annotation tools, painted to the pixels of an image; later ones lie on top.

Coordinates are x, y in pixels; pixel (0, 0) covers 0 to 1, and its center is at 0.5. A pixel
belongs to an outline if its center lies inside, by the even-odd rule: shapes that share a border
share no pixel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.limits import MAX_SIDE, check_size
from segnet_model.datasets.annotations.export import UNNAMED, NamedMask, Size
from segnet_model.labels import MAX_NAME

MAX_CROSSINGS = 1 << 22  # rows that the edges of a shape cross, together
MAX_PAINTED = 1 << 31  # pixels of an image's shapes, together
ROUND = np.linspace(0, 2 * np.pi, 360, endpoint=False)  # the corners of a circle

BORDER = 2  # pixels; tools let outlines end a little beyond the image
LEFT_OUT = "lines, points and outlines without an area left out"
CUT = "outlines cut off at the image's border; were they drawn on images of another size?"
BOXES = "boxes painted whole; an outline would tell what in them is the thing"
FILLED = "outlines inside another of the same object filled, as COCO does; export holes as masks"
NO_PAIRS = "has an outline whose points are no pairs of numbers; draw it again"


class Patch(NamedTuple):
    """The pixels of a shape: a mask, and the place of its top left corner in the image."""

    mask: np.ndarray  # (h, w) bool, within the image
    top: int
    left: int
    cut: bool = False  # at the image's border


class Shape(NamedTuple):
    """A shape with its label; without a patch it has no area."""

    label: str
    patch: Patch | None
    note: str = ""  # for people; of a shape without a patch, why it is left out


def outline(rings: Sequence[np.ndarray], size: Size) -> Patch | None:
    """Pixels whose center is inside of an odd number of rings.

    Args:
        rings: corners (N, 2) float of each; the last is joined to the first.
        size: height and width of the image, at which the rings are cut off.

    Returns:
        None where no ring has three corners.

    Raises:
        DatasetError: more than `MAX_CROSSINGS` rows are crossed, or the rings are as of another
            image.
    """
    rings = [ring for ring in rings if len(ring) > 2]
    if not rings:
        return None
    cut = _is_cut(rings, size)
    rows, columns = _crossings(rings, size)
    if not len(rows):
        return Patch(np.zeros((0, 0), bool), 0, 0, cut)
    top, left = int(rows.min()), int(columns.min())
    shape = int(rows.max()) - top + 1, int(columns.max()) - left + 1
    turns = np.zeros(shape, np.uint8)
    np.add.at(turns, (rows - top, columns - left), 1)
    inside = np.cumsum(turns, axis=1, dtype=np.uint8) & 1  # overflow keeps what is odd
    return Patch(inside[:, :-1].astype(bool), top, left, cut)


def _is_cut(rings: Sequence[np.ndarray], size: Size) -> bool:
    """Whether rings reach beyond the image; DatasetError where by half of it."""
    sides = np.array(size[::-1])
    corners = np.concatenate(rings)
    beyond = np.maximum(-corners, corners - sides).max(axis=0)
    if (beyond > sides / 2).any():
        raise DatasetError(
            f"has an outline far outside of its image of {sides[0]}x{sides[1]} pixels; was it "
            "drawn on an image of another size?"
        )
    return bool((beyond > BORDER).any())


def _crossings(rings: Sequence[np.ndarray], size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Where edges cross the rows' centers: the rows, and the first columns to their right."""
    height, width = size
    start = np.concatenate(rings)
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    lower, upper = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first, last = (np.clip(np.ceil(y - 0.5), 0, height).astype(int) for y in (lower, upper))
    counts = last - first
    total = int(counts.sum())
    if total > MAX_CROSSINGS:
        raise DatasetError(f"has an outline whose edges cross {total} rows; remove or redraw it")
    edge = np.repeat(np.arange(len(start)), counts)
    rows = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    (x, y), (dx, dy) = start[edge].T, (end - start)[edge].T
    crossing = x + (rows + 0.5 - y) * dx / dy  # an edge that crosses a row is not level
    return rows, np.clip(np.ceil(crossing - 0.5), 0, width).astype(int)


def box(left: float, top: float, right: float, bottom: float, *, degrees: float = 0) -> np.ndarray:
    """Corners of a rectangle, (4, 2), turned clockwise around its center."""
    corners = points([[left, top], [right, top], [right, bottom], [left, bottom]])
    return turned(corners, corners.mean(axis=0), degrees)


def ellipse(x: float, y: float, across: float, down: float, *, degrees: float = 0) -> np.ndarray:
    """Corners of an ellipse, (N, 2), from its center and two radii, turned clockwise."""
    rim = np.stack([x + across * np.cos(ROUND), y + down * np.sin(ROUND)], axis=1)
    return turned(points(rim), np.array([x, y]), degrees)


def turned(corners: np.ndarray, center: np.ndarray, degrees: float) -> np.ndarray:
    """Corners (N, 2), turned clockwise, as y points down."""
    angle = np.deg2rad(number(degrees))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return points((corners - center) @ turn + center)


def points(values: Any) -> np.ndarray:
    """Pairs of numbers as (N, 2) float.

    Raises:
        DatasetError: they are no pairs of numbers, or one is far outside any image.
    """
    try:
        array = np.asarray(values, np.float64)
        if has_flags(each for pair in values for each in pair):
            raise TypeError("true and false are no numbers")
    except (TypeError, ValueError, OverflowError):
        raise DatasetError(NO_PAIRS) from None
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise DatasetError(NO_PAIRS)
    if not (abs(array) <= 2 * MAX_SIDE).all():  # NaN is not within either
        raise DatasetError("has an outline with a point far outside any image; redraw it")
    return array


def has_flags(values: Iterable[Any]) -> bool:
    """Whether JSON's true or false are among numbers, which Python takes for 1 and 0."""
    return bool in set(map(type, values))


def number(value: Any) -> float:
    """A number of JSON, or the text of one; TypeError or ValueError where it is none."""
    if isinstance(value, bool):
        raise TypeError(f"{value} is no number")
    return float(value)


def flat_points(values: Any) -> np.ndarray:
    """As `points`, from a flat list: x, y, x, y."""
    if not isinstance(values, list) or len(values) % 2 or any(isinstance(v, list) for v in values):
        raise DatasetError(
            "has an outline whose points are no pairs of numbers in one flat list: [x, y, x, y]; "
            "export it again"
        )
    return points([values[at : at + 2] for at in range(0, len(values), 2)])


def inside(mask: np.ndarray, top: int, left: int, size: Size) -> Patch:
    """A mask (h, w) bool as a patch; DatasetError where it leaves the image."""
    (height, width), (rows, columns) = size, mask.shape
    if not (0 <= top <= height - rows and 0 <= left <= width - columns):
        raise DatasetError(
            f"has a mask of {columns}x{rows} pixels at ({left}, {top}), beyond the image of "
            f"{width}x{height}; export the labels at the image's size"
        )
    return Patch(mask, top, left)


def union(patches: Sequence[Patch], size: Size) -> tuple[Patch, bool]:
    """All pixels of the patches; and whether one adds nothing, as it lies in larger ones."""
    mask, swallowed = np.zeros(size, bool), False
    for patch in sorted(patches, key=lambda each: -each.mask.size):
        part = _part(mask, patch)
        swallowed |= bool(patch.mask.any() and part[patch.mask].all())
        part |= patch.mask
    return Patch(mask, 0, 0, any(patch.cut for patch in patches)), swallowed


def paint(shapes: Iterable[Shape], size: Size) -> NamedMask:
    """Paint shapes, the first one lowest.

    Raises:
        DatasetError: too many labels or pixels, or a label that is no name.
        ImageError: the image would be of an absurd size.
    """
    check_size(*size)
    indices = np.full(size, UNNAMED, np.uint8)
    names: dict[str, int] = {}
    notes: Counter[str] = Counter()
    painted = 0
    for label, patch, note in shapes:
        if patch is None:
            notes[note or LEFT_OUT] += 1
            continue
        index = names.setdefault(checked_label(label), len(names))
        if len(names) > UNNAMED:
            raise DatasetError(f"has more than {UNNAMED} labels; no label set has")
        painted += patch.mask.size
        if painted > MAX_PAINTED:
            raise DatasetError(f"has shapes of more than {MAX_PAINTED} pixels; remove some")
        _part(indices, patch)[patch.mask] = index
        if note:
            notes[note] += 1
        if patch.cut:
            notes[CUT] += 1
    return NamedMask(indices, tuple(names), notes)


def checked_label(label: Any) -> str:
    """The label without spaces around it; DatasetError if it is no printable text, or too long."""
    label = str(label) if type(label) is int else label  # a class may be called by a number
    label = label.strip() if isinstance(label, str) else label
    if not isinstance(label, str) or not label or not label.isprintable():
        raise DatasetError(f"has a shape whose label is no text, but {str(label)[:20]!r}; name it")
    if len(label) > MAX_NAME:
        raise DatasetError(f"has a label of {len(label)} letters, {label[:20]!r}; shorten it")
    return label


def _part(image: np.ndarray, patch: Patch) -> np.ndarray:
    """View of the image under a patch."""
    rows, columns = patch.mask.shape
    return image[patch.top : patch.top + rows, patch.left : patch.left + columns]
