"""Pictures for people: labels over the image, values as heat, and sheets of both."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from segnet_model.labels import LabelSet

TITLE_HEIGHT = 24  # pixels
GAP = 4  # pixels


def overlay(
    image: np.ndarray, labels: np.ndarray, label_set: LabelSet, alpha: float = 0.5
) -> np.ndarray:
    """Lay the classes' colours over an image.

    Args:
        image: (H, W, 3) uint8 RGB.
        labels: (H, W) uint8 class ids.
        label_set: gives the colours.
        alpha: 0 shows the image alone, 1 the colours alone.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    return cv2.addWeighted(image, 1 - alpha, label_set.colorize(labels), alpha, 0)


def heat(values: np.ndarray) -> np.ndarray:
    """Draw (H, W) floats from 0 (dark) to 1 (bright) as (H, W, 3) uint8 RGB."""
    grey = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)


def panel(rows: Sequence[Sequence[np.ndarray]], titles: Sequence[str]) -> np.ndarray:
    """Lay pictures out in a grid with a title over each column.

    Args:
        rows: of pictures, (H, W, 3) uint8 RGB or (H, W) uint8 grey, all of one H and W.
        titles: one a column.

    Returns:
        The sheet, (rows, columns, 3) uint8 RGB on white.
    """
    height, width = rows[0][0].shape[:2]
    down, right = height + GAP, width + GAP
    sheet = np.full((TITLE_HEIGHT + len(rows) * down, len(titles) * right, 3), 255, np.uint8)
    for column, title in enumerate(titles):
        at = (column * right + 6, TITLE_HEIGHT - 8)
        cv2.putText(sheet, title, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    for row, pictures in enumerate(rows):
        top = TITLE_HEIGHT + row * down
        for column, picture in enumerate(pictures):
            rgb = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
            sheet[top : top + height, column * right : column * right + width] = rgb
    return sheet


def legend(label_set: LabelSet, height: int, width: int = 150) -> np.ndarray:
    """Draw every class's colour and name on white: (height, width, 3) uint8 RGB."""
    sheet = np.full((height, width, 3), 255, np.uint8)
    step = max(1, height // label_set.num_classes)
    for index, each in enumerate(label_set.classes):
        top = index * step
        cv2.rectangle(sheet, (4, top + 3), (4 + step, top + step - 3), each.color, cv2.FILLED)
        at = (step + 12, top + step // 2 + 5)
        cv2.putText(sheet, each.name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return sheet
