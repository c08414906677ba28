"""Legends for pictures: class colors and names, readable at every image size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from segnet_model.labels import LabelSet

MAX_CLASSES = 12  # in a fixed legend, which is easy to learn; of more, only those in view
MIN_SHARE = 0.002  # of the image that a class in view covers
STEP = 4  # pixels between samples
MIN_LINE = 10  # pixels; height of a readable line
LINES = 27  # in the height of an image
MAX_HEIGHT, MAX_WIDTH = 0.6, 0.4  # of the image
SHADE = 0.65  # opacity of the legend's background
STRIP_LINE = 20  # pixels; height of a line below a sheet
SWATCH = slice(STRIP_LINE // 8, STRIP_LINE - STRIP_LINE // 8)
FONT = cv2.FONT_HERSHEY_SIMPLEX
OVERSIZE = 4  # factor of the size in which text is drawn, as small text is coarse


def draw_legend(image: np.ndarray, label_set: LabelSet, ids: Sequence[int] | None = None) -> None:
    """Draw class colors and names into the upper left corner, where the sky is.

    The last line counts the classes without room. An image of less than about 80 rows gets no
    legend.

    Args:
        image: (H, W, 3) uint8 RGB, changed in place.
        label_set: gives the names and colors.
        ids: classes in the order of the legend; None is all. See `legend_ids`.
    """
    chosen = tuple(range(label_set.num_classes)) if ids is None else tuple(ids)
    paste(image, *_legend(label_set, chosen, image.shape[0], image.shape[1]))


def paste(image: np.ndarray, drawing: np.ndarray, ink: np.ndarray) -> None:
    """Put a drawing into the upper left corner of an image, on a shade.

    Args:
        image: (H, W, 3) uint8 RGB, changed in place.
        drawing: (h, w, 3) uint8 RGB; empty for none.
        ink: (h, w) uint8, 0 where the image shows through.
    """
    height, width = ink.shape
    if ink.size:
        margin = max(2, image.shape[0] // 100)
        corner = image[margin : margin + height, margin : margin + width]
        # Swatches and letters keep their colors: only the black between them is blended.
        corner[:] = cv2.copyTo(drawing, ink, cv2.convertScaleAbs(corner, alpha=1 - SHADE))


def legend_strip(label_set: LabelSet, width: int, note: str = "") -> np.ndarray:
    """Draw class colors and names in lines, for below a sheet of pictures.

    Args:
        label_set: gives the names and colors.
        width: of the strip in pixels.
        note: a last line, which explains other colors.

    Returns:
        (h, width, 3) uint8 RGB on white.
    """
    entries = [255 - _line(each.name, (0, 0, 0), STRIP_LINE) for each in label_set.classes]
    for entry, each in zip(entries, label_set.classes, strict=True):
        entry[SWATCH, SWATCH] = each.color
    lines: list[list[np.ndarray]] = [[]]
    for entry in entries:
        if lines[-1] and sum(e.shape[1] for e in [*lines[-1], entry]) > width:
            lines.append([])
        lines[-1].append(entry)
    if note:
        lines.append([255 - _line(note, (0, 0, 0), STRIP_LINE)[:, round(1.3 * STRIP_LINE) :]])
    strip = np.full((len(lines) * STRIP_LINE, width, 3), 255, np.uint8)
    for row, line in enumerate(lines):
        drawn = np.concatenate(line, 1)[:, :width]
        strip[row * STRIP_LINE : (row + 1) * STRIP_LINE, : drawn.shape[1]] = drawn
    return strip


def legend_ids(labels: np.ndarray, label_set: LabelSet) -> tuple[int, ...]:
    """The ids of the classes for a legend.

    Args:
        labels: (H, W) uint8 class ids of the image.
        label_set: a small one is shown whole, a large one by the largest classes in view.
    """
    if label_set.num_classes <= MAX_CLASSES:
        return tuple(range(label_set.num_classes))
    sampled = labels[::STEP, ::STEP].ravel()
    counts = np.bincount(sampled, minlength=256)[: label_set.num_classes]
    order = np.argsort(-counts, kind="stable")[:MAX_CLASSES]
    return tuple(sorted(int(i) for i in order if counts[i] > MIN_SHARE * sampled.size))


@lru_cache(maxsize=64)
def _legend(
    label_set: LabelSet, ids: tuple[int, ...], height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """The legend for an image of (height, width).

    Returns:
        (h, w, 3) uint8 RGB on black, and (h, w) uint8 that is not 0 where something is drawn;
        both empty if there is no room.
    """
    line = line_height(height, width)
    room = int(MAX_HEIGHT * height / line)
    entries = [(label_set.names[i], label_set.classes[i].color) for i in ids]
    if len(entries) > room:
        left_out = len(entries) - (room - 1)
        entries = [*entries[: max(0, room - 1)], (f"and {left_out} more", (0, 0, 0))]
    if room < 2 or not entries:
        return np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.uint8)
    lines = [_line(name, color, line) for name, color in entries]
    wide = min(max(each.shape[1] for each in lines), int(MAX_WIDTH * width))
    sheet = np.zeros((len(lines) * line, wide, 3), np.uint8)
    for row, each in enumerate(lines):
        part = each[:, :wide]
        sheet[row * line : (row + 1) * line, : part.shape[1]] = part
    return sheet, sheet.max(2)


def line_height(height: int, width: int) -> int:
    """The height of a line of text, in pixels, in an image of (height, width)."""
    return max(MIN_LINE, round(min(height, 0.75 * width) / LINES))


def write(text: str, height: int, left: float = 0.5) -> np.ndarray:
    """White text on black, a line of it: (height, w, 3) uint8.

    Args:
        text: ASCII.
        height: of the line in pixels.
        left: margin, in heights; the right one is half a height.
    """
    tall = height * OVERSIZE
    scale = 0.8 * tall / cv2.getTextSize("Ag", FONT, 1, OVERSIZE)[0][1]
    wide = round((left + 0.5) * tall) + cv2.getTextSize(text, FONT, scale, OVERSIZE)[0][0]
    line = np.zeros((tall, -(-wide // OVERSIZE) * OVERSIZE, 3), np.uint8)
    cv2.putText(line, text, (round(left * tall), round(0.78 * tall)), FONT, scale,
                (255, 255, 255), OVERSIZE + 1, cv2.LINE_AA)  # fmt: skip
    return cv2.resize(line, None, fx=1 / OVERSIZE, fy=1 / OVERSIZE, interpolation=cv2.INTER_AREA)


def _line(name: str, color: tuple[int, int, int], height: int) -> np.ndarray:
    """A swatch and a name: (height, w, 3) uint8 RGB on black."""
    line = write(name, height, left=1.5)
    edge = max(1, height // 8)
    line[edge : height - edge, edge : height + edge] = np.maximum(color, 1)
    return line
