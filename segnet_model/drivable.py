"""Where the robot may drive: allowed class, sure enough, and connected to where it stands."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.labels import LabelSet

# The robot stands below the middle of the image's lower edge: this share of the width, and of the
# height from below, is where its ground is looked for. A bonnet or bumper may hide the last rows.
START_WIDTH = 0.5
START_HEIGHT = 0.15


def drivable_mask(
    labels: np.ndarray, uncertainty: np.ndarray, label_set: LabelSet, max_uncertainty: float
) -> np.ndarray:
    """Mark the pixels that the robot may drive on.

    Args:
        labels: (H, W) uint8 class ids.
        uncertainty: (H, W) float32, 0 to 1.
        label_set: says which classes are drivable.
        max_uncertainty: 0 to 1; a pixel above it is not drivable, whatever its class.

    Returns:
        (H, W) uint8: 255 where a drivable, certain pixel connects through such pixels (sharing
        an edge) to the area in front of the robot, 0 elsewhere.
    """
    allowed = label_set.drivable[labels] & (uncertainty <= max_uncertainty)
    _, parts = cv2.connectedComponents(allowed.astype(np.uint8), connectivity=4)
    height, width = labels.shape
    side = int(width * (1 - START_WIDTH) / 2)
    start = parts[int(height * (1 - START_HEIGHT)) :, side : width - side]
    reached = np.zeros(parts.max() + 1, np.uint8)
    reached[np.unique(start)] = 255
    reached[0] = 0  # part 0 is what is not allowed
    return reached[parts]
