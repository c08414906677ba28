"""Pictures of an answer for people: classes, confidence, uncertainty and drivable area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, sqrt

import cv2
import numpy as np

from segnet_model.inference.answer import Answer
from segnet_model.pictures.drawing import NO_DATA, heat, overlay

FONT = cv2.FONT_HERSHEY_SIMPLEX


def _mask(answer: Answer) -> np.ndarray:
    return overlay(answer.image, answer.segmentation.labels, answer.labels, alpha=1.0)


def _confidence(answer: Answer) -> np.ndarray:
    return heat(answer.segmentation.confidence)


def _uncertainty(answer: Answer) -> np.ndarray:
    return heat(answer.segmentation.uncertainty)


def _drivable(answer: Answer) -> np.ndarray:
    return cv2.cvtColor(answer.drivable, cv2.COLOR_GRAY2RGB)


TITLES = {
    "uncertainty": "uncertainty, yellow: no idea",
    "confidence": "confidence, yellow: sure",
    "drivable": "drivable: white",
}
# Pictures that can stand beside the overlay, by name.
PANES: dict[str, Callable[[Answer], np.ndarray]] = {
    "image": lambda answer: answer.image,
    "mask": _mask,
    "uncertainty": _uncertainty,
    "confidence": _confidence,
    "drivable": _drivable,
}


def side_by_side(answer: Answer, beside: Sequence[str]) -> np.ndarray:
    """Put the overlay and some of `PANES`, each with its name, in a grid.

    Returns:
        (rows * H, columns * W, 3) uint8 RGB.
    """
    drawn = answer.overlay
    if not beside:
        return drawn
    panes = [drawn, *(_titled(_pane(answer, name), TITLES.get(name, name)) for name in beside)]
    columns = ceil(sqrt(len(panes)))
    height, width = drawn.shape[:2]
    sheet = np.zeros((ceil(len(panes) / columns) * height, columns * width, 3), np.uint8)
    for index, pane in enumerate(panes):
        row, column = divmod(index, columns)
        sheet[row * height :, column * width :][:height, :width] = pane
    return sheet


def _pane(answer: Answer, name: str) -> np.ndarray:
    if name in answer.missing:
        return np.full_like(answer.image, NO_DATA)
    return PANES[name](answer)


def _titled(pane: np.ndarray, title: str) -> np.ndarray:
    """A copy with a title on black."""
    drawn = pane.copy()
    scale = max(0.4, min(pane.shape[:2]) / 700)
    (width, height), _ = cv2.getTextSize(title, FONT, scale, 1)
    edge = round(12 * scale)
    drawn[: height + 3 * edge, : width + 2 * edge] = 0
    at = (edge, height + edge)
    cv2.putText(drawn, title, at, FONT, scale, (255, 255, 255), 1, cv2.LINE_AA)
    return drawn
