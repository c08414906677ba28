"""Pictures of frames, embedded in the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from segnet_model.evaluation.report.worst import KeptFrame
from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import heat

WRONG = (255, 45, 85)  # RGB
JPEG_QUALITY = 82


@dataclass(frozen=True)
class Picture:
    """A picture of a frame."""

    title: str  # below the picture
    network: int | None  # 0 or 1, whose prediction it shows; None for the image and the truth
    uri: str  # "data:image/...", with the file itself
    size: tuple[int, int]  # (height, width) in pixels


def pictures(frame: KeptFrame, label_set: LabelSet) -> list[Picture]:
    """Image and truth, and of each network prediction, errors and uncertainty.

    Two networks have a row each, which begins with the image, or with the truth.
    """
    image = _jpeg("image", None, frame.image)
    truth = _png("truth", None, label_set.colorize(frame.truth))
    rows = [
        [
            _png("prediction", network, label_set.colorize(labels)),
            _jpeg("errors", network, errors(frame, labels, label_set.ignore_id)),
            _jpeg("uncertainty", network, heat(unsure)),
        ]
        for network, (labels, unsure) in enumerate(
            zip(frame.labels, frame.uncertainties, strict=True)
        )
    ]
    if len(rows) == 1:
        return [image, truth, *rows[0]]
    return [image, *rows[0], truth, *rows[1]]


def errors(frame: KeptFrame, labels: np.ndarray, ignore_id: int) -> np.ndarray:
    """Gray image with wrong pixels red and unlabeled ones dark: (h, w, 3) uint8 RGB."""
    gray = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
    drawn = np.repeat((gray // 2 + 96)[..., None], 3, 2).astype(np.uint8)
    unlabeled = frame.truth == ignore_id
    drawn[unlabeled] = (gray[unlabeled] // 4)[:, None]
    drawn[(labels != frame.truth) & ~unlabeled] = WRONG
    return drawn


def _jpeg(title: str, network: int | None, pixels: np.ndarray) -> Picture:
    data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return _picture(title, network, pixels, "jpeg", data)


def _png(title: str, network: int | None, pixels: np.ndarray) -> Picture:
    """Flat colors are smaller, and exact, as PNG."""
    data = cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    return _picture(title, network, pixels, "png", data)


def _picture(
    title: str, network: int | None, pixels: np.ndarray, kind: str, data: np.ndarray
) -> Picture:
    text = base64.b64encode(data.tobytes()).decode()
    return Picture(title, network, f"data:image/{kind};base64,{text}", pixels.shape[:2])
