"""Overlays of labels on images, heat maps, and sheets of several pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from segnet_model.labels import LabelSet
from segnet_model.pictures.legend import draw_legend, legend_ids, legend_strip
from segnet_model.pictures.palette import brightened

TITLE_HEIGHT = 24  # pixels
GAP = 4  # pixels
MAX_CELL = (720, 960)  # pixels, height and width, of a picture in a sheet
NO_DATA = (60, 60, 60)  # RGB
HEAT_NOTE = "uncertainty: black is sure, yellow is no idea"  # the colors of `heat`
OUTLINE = (90, 255, 90)  # RGB; with dark edges it is visible on every class color


def overlay(
    image: np.ndarray, labels: np.ndarray, label_set: LabelSet, alpha: float = 0.5
) -> np.ndarray:
    """Blend the class colors into an image.

    Args:
        image: (H, W, 3) uint8 RGB.
        labels: (H, W) uint8 class ids.
        label_set: gives the colors, which are brightened where they are dark.
        alpha: opacity of the colors; 0 shows only the image, 1 only the colors.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> from segnet_model.labels import LabelSet
        >>> black, road = np.zeros((1, 1, 3), np.uint8), np.full((1, 1), 3, np.uint8)
        >>> overlay(black, road, LabelSet.load("camvid"), alpha=0.5).tolist()
        [[[64, 32, 64]]]
    """
    return cv2.addWeighted(image, 1 - alpha, brightened(label_set).colorize(labels), alpha, 0)


def draw_outline(image: np.ndarray, drivable: np.ndarray) -> None:
    """Draw the outline of the drivable area onto an image.

    Args:
        image: (H, W, 3) uint8 RGB, changed in place.
        drivable: the drivable mask, (H, W) uint8, 0 or not.
    """
    parts, _ = cv2.findContours(drivable, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    width = max(1, round(min(image.shape[:2]) / 240))
    cv2.polylines(image, parts, True, (0, 0, 0), width + 2)
    cv2.polylines(image, parts, True, OUTLINE, width)


def annotated(
    image: np.ndarray,
    labels: np.ndarray,
    label_set: LabelSet,
    drivable: np.ndarray | None = None,
    alpha: float = 0.5,
) -> np.ndarray:
    """Blend the class colors into an image, and draw their legend and the drivable outline.

    Args:
        image: (H, W, 3) uint8 RGB.
        labels: (H, W) uint8 class ids.
        label_set: gives the colors and names.
        drivable: the drivable mask, (H, W) uint8, 0 or not; None draws no outline.
        alpha: as for `overlay`.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    drawn = overlay(image, labels, label_set, alpha)
    if drivable is not None:
        draw_outline(drawn, drivable)
    draw_legend(drawn, brightened(label_set), legend_ids(labels, label_set))
    return drawn


def heat(values: np.ndarray) -> np.ndarray:
    """Draw (H, W) floats from 0 (dark) to 1 (bright) as (H, W, 3) uint8 RGB; NaN in gray."""
    unknown = np.isnan(values)
    gray = (np.clip(np.where(unknown, 0, values), 0, 1) * 255).astype(np.uint8)
    drawn = cv2.cvtColor(cv2.applyColorMap(gray, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    drawn[unknown] = NO_DATA
    return drawn


def fit_cell(picture: np.ndarray) -> np.ndarray:
    """The picture (H, W) or (H, W, 3) uint8 of a sheet, shrunk where it exceeds `MAX_CELL`."""
    height, width = picture.shape[:2]
    scale = min(MAX_CELL[0] / height, MAX_CELL[1] / width)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def panel(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    label_set: LabelSet | None = None,
    note: str = "",
) -> np.ndarray:
    """Arrange pictures of any sizes in a grid with a title over each column.

    Args:
        rows: of pictures, (H, W, 3) uint8 RGB or (H, W) uint8 gray. Larger ones than `MAX_CELL` are
            shrunk.
        titles: one a column.
        label_set: of the classes in the pictures, for a legend below; None draws none.
        note: below the legend.

    Returns:
        The sheet, (rows, columns, 3) uint8 RGB on white.
    """
    shown = [[fit_cell(picture) for picture in pictures] for pictures in rows]
    heights = [max(each.shape[0] for each in pictures) + GAP for pictures in shown]
    right = max(each.shape[1] for pictures in shown for each in pictures) + GAP
    sheet = np.full((TITLE_HEIGHT + sum(heights), len(titles) * right, 3), 255, np.uint8)
    for column, title in enumerate(titles):
        at = (column * right + 6, TITLE_HEIGHT - 8)
        cv2.putText(sheet, title, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    top = TITLE_HEIGHT
    for pictures, down in zip(shown, heights, strict=True):
        for column, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            rgb = picture if picture.ndim == 3 else picture[..., None]
            sheet[top : top + height, column * right : column * right + width] = rgb
        top += down
    if label_set is None:
        return sheet
    return np.concatenate([sheet, legend_strip(label_set, sheet.shape[1], note)])
