"""A picture of the frames that were chosen first: OUT/selection.png."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.pictures.drawing import heat, panel

SHEET_FILE = "selection.png"
PICTURES = 12
PICTURE = (320, 240)  # pixels: width, height


def picture(predictor: Predictor, image: np.ndarray) -> list[np.ndarray]:
    """A frame and what the network is unsure of in it, both (240, 320, 3) uint8 RGB."""
    found = predictor.predict(image)
    unsure = found.mutual_information
    drawn = heat(found.uncertainty if unsure is None else unsure / max(1e-6, float(unsure.max())))
    return [cv2.resize(each, PICTURE, interpolation=cv2.INTER_AREA) for each in (image, drawn)]


def write_sheet(dataset: Path, pairs: list[list[np.ndarray]]) -> None:
    """Write two frames a row, each beside what the network is unsure of."""
    rows = [[*a, *b] for a, b in zip(pairs[::2], pairs[1::2], strict=False)] or [pairs[0]]
    titles = ["chosen, best first", "what the network is unsure of"]
    write_png(dataset / SHEET_FILE, panel(rows, titles * (len(rows[0]) // 2)))
