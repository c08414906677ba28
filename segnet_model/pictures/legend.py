"""A legend to lay over an image: each class's colour and name, readable at every size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from segnet_model.labels import LabelSet

MOST_CLASSES = 12  # of which all are named, present or not: a list that stays is soon known
LEAST_SHARE = 0.002  # of the image that a class covers to be named where there are more
STEP = 4  # pixels from one that is looked at to the next
LEAST_LINE = 10  # pixels of a line that can be read
LINES = 33  # that would fill an image's height
MOST_HEIGHT, MOST_WIDTH = 0.6, 0.4  # of the image
SHADE = 0.65  # of the legend's ground: the image shines through a little
FONT = cv2.FONT_HERSHEY_SIMPLEX
SHARPER = 4  # times the size at which text is drawn, since small text becomes coarse


def draw_legend(image: np.ndarray, label_set: LabelSet, ids: Sequence[int] | None = None) -> None:
    """Draw classes' colours and names into the upper left corner, where the sky is.

    Classes that find no room are counted in the last line. An image of less than about 80 rows
    is left as it is.

    Args:
        image: (H, W, 3) uint8 RGB, changed in place.
        label_set: gives the names and colours.
        ids: of the classes, in this order; None names all. See `legend_ids`.
    """
    chosen = tuple(range(label_set.num_classes)) if ids is None else tuple(ids)
    legend, ink = _legend(label_set, chosen, image.shape[0], image.shape[1])
    height, width = ink.shape
    if ink.size:
        margin = max(2, image.shape[0] // 100)
        corner = image[margin : margin + height, margin : margin + width]
        # Swatches and letters stay what they are: only the black between them is shaded.
        corner[:] = cv2.copyTo(legend, ink, cv2.convertScaleAbs(corner, alpha=1 - SHADE))


def legend_ids(labels: np.ndarray, label_set: LabelSet) -> tuple[int, ...]:
    """Which classes a legend should name.

    Args:
        labels: (H, W) uint8 class ids of the image.
        label_set: of few classes all are named; of many those that cover most.
    """
    if label_set.num_classes <= MOST_CLASSES:
        return tuple(range(label_set.num_classes))
    looked_at = labels[::STEP, ::STEP].ravel()
    counts = np.bincount(looked_at, minlength=256)[: label_set.num_classes]
    order = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    return tuple(sorted(int(i) for i in order if counts[i] > LEAST_SHARE * looked_at.size))


@lru_cache(maxsize=64)
def _legend(
    label_set: LabelSet, ids: tuple[int, ...], height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """The legend for an image of (height, width).

    Returns:
        (h, w, 3) uint8 RGB on black, and (h, w) uint8 that is not 0 where something is drawn;
        both empty where there is no room.
    """
    line = max(LEAST_LINE, round(min(height, 0.75 * width) / LINES))
    room = int(MOST_HEIGHT * height / line)
    entries = [(label_set.names[i], label_set.classes[i].color) for i in ids]
    if len(entries) > room:
        left_out = len(entries) - (room - 1)
        entries = [*entries[: max(0, room - 1)], (f"and {left_out} more", (0, 0, 0))]
    if room < 2 or not entries:
        return np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.uint8)
    lines = [_line(name, color, line) for name, color in entries]
    wide = min(max(each.shape[1] for each in lines), int(MOST_WIDTH * width))
    sheet = np.zeros((len(lines) * line, wide, 3), np.uint8)
    for row, each in enumerate(lines):
        part = each[:, :wide]
        sheet[row * line : (row + 1) * line, : part.shape[1]] = part
    return sheet, sheet.max(2)


def _line(name: str, color: tuple[int, int, int], height: int) -> np.ndarray:
    """A swatch and a name: (height, w, 3) uint8 RGB on black."""
    tall = height * SHARPER
    scale = 0.62 * tall / cv2.getTextSize("Ag", FONT, 1, SHARPER)[0][1]
    wide = cv2.getTextSize(name, FONT, scale, SHARPER)[0][0]
    line = np.zeros((tall, -(-(2 * tall + wide) // SHARPER) * SHARPER, 3), np.uint8)
    cv2.putText(line, name, (round(1.5 * tall), round(0.72 * tall)), FONT, scale,
                (255, 255, 255), SHARPER + 1, cv2.LINE_AA)  # fmt: skip
    small = cv2.resize(line, None, fx=1 / SHARPER, fy=1 / SHARPER, interpolation=cv2.INTER_AREA)
    edge = max(1, height // 8)
    small[edge : height - edge, edge : height + edge] = np.maximum(color, 1)
    return small
