"""States of pixels and cells of the ground: the table by which the worst pixel of a cell wins."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.driving.grid import FREE, OCCUPIED, UNKNOWN
from segnet_model.labels import LabelSet

# In rising order: a cell has the highest state of its pixels. From DRIVABLE up to UNSURE a state is
# the cost of drivable ground; BARRED is ground that is not to drive on.
DRIVABLE, UNSURE, OBSTACLE, BARRED = 0, 100, 101, 102
# Value of a cell in the grid for each state.
VALUES = np.array([FREE, *range(1, UNSURE), UNKNOWN, UNKNOWN, OCCUPIED], np.int8)


def pixel_states(
    labels: np.ndarray, uncertainty: np.ndarray, label_set: LabelSet, max_uncertainty: float
) -> np.ndarray:
    """State of each pixel.

    Args:
        labels: (H, W) uint8 class ids.
        uncertainty: (H, W) floating point, 0 to 1.
        label_set: gives the ground classes, the drivable ones and their costs.
        max_uncertainty: 0 to 1; a pixel above it is unsure, and so is NaN.

    Returns:
        (H, W) uint8.
    """
    states = np.asarray(cv2.LUT(labels, _class_states(label_set)), np.uint8)
    sure = (uncertainty <= max_uncertainty).view(np.uint8)
    np.negative(sure, out=sure)  # 255 or 0; in place, as fresh memory costs more than the sums
    states &= sure
    np.bitwise_not(sure, out=sure)
    sure &= np.uint8(UNSURE)
    states |= sure
    return states


def _class_states(label_set: LabelSet) -> np.ndarray:
    """State of each class id, (256,) uint8; unsure for an id without a class, or a known cost."""
    states = np.full(256, OBSTACLE, np.uint8)
    states[label_set.ground] = BARRED
    states[label_set.drivable] = label_set.costs[label_set.drivable]
    states[label_set.costs == UNKNOWN] = UNSURE
    return states
