"""The drivable mask: pixels of a drivable class, certain, and connected to the robot."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.labels import LabelSet

# The robot is below the middle of the lower edge of the image: its ground is in this share of the
# width, and of the height from below. A hood or bumper may hide the last rows.
START_WIDTH = 0.5
START_HEIGHT = 0.15


def drivable_mask(
    labels: np.ndarray,
    uncertainty: np.ndarray,
    label_set: LabelSet,
    max_uncertainty: float,
    *,
    min_area: float = 0.0,
    margin: int = 0,
) -> np.ndarray:
    """Mark the pixels that the robot may drive on.

    Args:
        labels: (H, W) uint8 class ids.
        uncertainty: (H, W) float32, 0 to 1.
        label_set: gives the drivable classes.
        max_uncertainty: 0 to 1; a pixel above it is not drivable, whatever its class.
        min_area: share of the image, 0 to 1. Smaller regions are removed, and smaller holes are
            filled if the network is uncertain in all of them. A hole with a pixel of which it is
            certain stays, however small: a few pixels may be an obstacle far away.
        margin: safety margin; pixels removed from the edge of the drivable area.

    Returns:
        (H, W) uint8: 255 where a drivable, certain pixel connects through such pixels (sharing
        an edge) to the area in front of the robot, 0 elsewhere.

    Example:
        >>> from segnet_model.labels import LabelSet
        >>> labels = np.zeros((4, 6), np.uint8)  # sky, and below it the road
        >>> labels[2:] = 3
        >>> unsure = np.zeros((4, 6), np.float32)
        >>> unsure[2:, :2] = 0.9
        >>> drivable_mask(labels, unsure, LabelSet.load("camvid"), max_uncertainty=0.5)[3].tolist()
        [0, 0, 255, 255, 255, 255]
    """
    sure = (uncertainty <= max_uncertainty).view(np.uint8)
    of_class = np.asarray(cv2.LUT(labels, label_set.drivable.view(np.uint8)), np.uint8)
    allowed = of_class & sure
    pixels = min_area * labels.size
    if min_area:
        allowed |= _small_holes(allowed, sure > of_class, pixels)
    reached = _reached(allowed, pixels)
    if margin:
        away = cv2.distanceTransform(reached, cv2.DIST_L2, 5) > margin
        reached = _reached(away.view(np.uint8), pixels)
    return reached * np.uint8(255)


def _small_holes(allowed: np.ndarray, things: np.ndarray, pixels: float) -> np.ndarray:
    """Mask of the holes smaller than `pixels` that may be filled: (H, W) uint8, 0 or 1."""
    _, holes, about, _ = cv2.connectedComponentsWithStats(1 - allowed, connectivity=8)
    area = about[:, cv2.CC_STAT_AREA]
    fill = area < pixels
    fill[0] = False  # hole 0 is the allowed area
    if not fill.any():
        return np.zeros_like(allowed)
    known = np.bincount(holes[things], minlength=len(area)) > 0
    fill &= ~known
    return np.take(fill.view(np.uint8), np.asarray(holes, np.int32))


def _reached(allowed: np.ndarray, pixels: float) -> np.ndarray:
    """Mask of the regions of at least `pixels` in front of the robot: (H, W) uint8, 0 or 1."""
    _, parts, about, _ = cv2.connectedComponentsWithStats(allowed, connectivity=4)
    height, width = allowed.shape
    side = int(width * (1 - START_WIDTH) / 2)
    start = parts[int(height * (1 - START_HEIGHT)) :, side : width - side]
    kept = np.zeros(len(about), np.uint8)
    kept[np.unique(start)] = 1
    kept[about[:, cv2.CC_STAT_AREA] < pixels] = 0
    kept[0] = 0  # part 0 is the area that is not allowed
    return np.take(kept, np.asarray(parts, np.int32))
