"""Sheet of examples: images, truth, prediction and uncertainty side by side."""

from __future__ import annotations

import numpy as np

from segnet_model.datasets.folder import LabeledFolder, spread
from segnet_model.inference.predictor import Predictor
from segnet_model.pictures.drawing import HEAT_NOTE, fit_cell, heat, overlay, panel
from segnet_model.pictures.palette import brightened

TITLES = ["image", "truth", "prediction", "uncertainty", "mutual information x 2"]


def draw_examples(predictor: Predictor, folder: LabeledFolder, count: int) -> np.ndarray:
    """Draw a row for each of count images, spread over the folder: (H, W, 3) uint8 RGB."""
    labels, rows = brightened(folder.label_set), []  # as in an overlay
    for index in spread(count, len(folder)):
        image, truth = folder.read(index)
        found = predictor.predict(image)
        drawn = overlay(image, found.labels, labels, 0.7)
        row = [image, labels.colorize(truth), drawn, heat(found.uncertainty)]
        if found.mutual_information is not None:
            row.append(heat(2 * found.mutual_information))  # it seldom comes near 1
        rows.append([fit_cell(each) for each in row])  # large ones would fill the memory
    return panel(rows, TITLES[: len(rows[0])], labels, HEAT_NOTE)
