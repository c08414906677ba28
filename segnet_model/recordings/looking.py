"""Pictures of an answer for people: what is where, how sure, and where one may drive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, sqrt

import cv2
import numpy as np

from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import annotated, heat, overlay
from segnet_model.recordings.answers import Answer

FONT = cv2.FONT_HERSHEY_SIMPLEX
NO_DATA = (60, 60, 60)  # RGB, where a recording does not hold what is asked for


def picture(answer: Answer, label_set: LabelSet) -> np.ndarray:
    """The image under its classes' colours, their names, and the outline of where one may drive.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    return annotated(answer.frame.image, answer.ids, label_set, answer.drivable)


def fractions(answer: Answer, label_set: LabelSet) -> np.ndarray:
    """The share of the image that each class covers: (classes,) floats."""
    counts = cv2.calcHist([answer.ids], [0], None, [256], [0, 256]).ravel()
    return counts[: label_set.num_classes] / answer.ids.size


def _mask(answer: Answer, label_set: LabelSet) -> np.ndarray:
    return overlay(answer.frame.image, answer.ids, label_set, alpha=1.0)


def _values(values: np.ndarray | None, answer: Answer) -> np.ndarray:
    if values is None:
        return np.full_like(answer.frame.image, NO_DATA)
    return heat(values)


def _drivable(answer: Answer, _: LabelSet) -> np.ndarray:
    if answer.drivable is None:
        return np.full_like(answer.frame.image, NO_DATA)
    return cv2.cvtColor(answer.drivable, cv2.COLOR_GRAY2RGB)


# What can be seen beside the overlay, by name.
PANES: dict[str, Callable[[Answer, LabelSet], np.ndarray]] = {
    "image": lambda answer, _: answer.frame.image,
    "mask": _mask,
    "uncertainty": lambda answer, _: _values(answer.uncertainty, answer),
    "confidence": lambda answer, _: _values(answer.confidence, answer),
    "drivable": _drivable,
}


def side_by_side(answer: Answer, label_set: LabelSet, beside: Sequence[str]) -> np.ndarray:
    """The overlay and some of `PANES`, each under its name, in a grid.

    Returns:
        (rows * H, columns * W, 3) uint8 RGB.
    """
    drawn = picture(answer, label_set)
    if not beside:
        return drawn
    panes = [drawn, *(_titled(PANES[name](answer, label_set), name) for name in beside)]
    columns = ceil(sqrt(len(panes)))
    height, width = drawn.shape[:2]
    sheet = np.zeros((ceil(len(panes) / columns) * height, columns * width, 3), np.uint8)
    for index, pane in enumerate(panes):
        row, column = divmod(index, columns)
        sheet[row * height :, column * width :][:height, :width] = pane
    return sheet


def _titled(pane: np.ndarray, title: str) -> np.ndarray:
    """A copy with a title on black, so that it can be read whatever lies below."""
    drawn = pane.copy()
    scale = max(0.4, min(pane.shape[:2]) / 700)
    (width, height), _ = cv2.getTextSize(title, FONT, scale, 1)
    edge = round(12 * scale)
    drawn[: height + 3 * edge, : width + 2 * edge] = 0
    at = (edge, height + edge)
    cv2.putText(drawn, title, at, FONT, scale, (255, 255, 255), 1, cv2.LINE_AA)
    return drawn
