"""Class colors for overlays: those of a label set, without its dark ones."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from segnet_model.labels import LabelSet

DARK = 45.0  # CIELAB's lightness, 0 to 100, below which a color darkens what it is blended into
STEPS = np.arange(DARK + 5, 100, 5, np.float32)  # lightness of the tones to choose from
APART = 30.0  # distance in CIELAB at which two colors look different in an overlay
MAX_CHROMA = 1.4  # times the chroma of the dark color; more is loud on large areas


@lru_cache(maxsize=64)
def brightened(label_set: LabelSet) -> LabelSet:
    """The label set with lighter colors for the dark classes that rise from the ground.

    A dark color hides just what a person has to see: CamVid's people are nearly black. Each gets
    the darkest tone of its hue that is not dark, and as different from all other classes as the
    dark one was. The colors of the ground stay, and so does black, which stands for no class.

    Example:
        >>> camvid = LabelSet.load("camvid")
        >>> people, road = camvid.names.index("Pedestrian"), camvid.names.index("Road")
        >>> [brightened(camvid).classes[i].color for i in (people, road)]
        [(251, 244, 145), (128, 64, 128)]
    """
    lab = _to_lab(label_set.palette[: label_set.num_classes])
    classes = list(label_set.classes)
    for index, each in enumerate(classes):
        if 0 < lab[index, 0] < DARK and not each.ground:
            lab[index] = _lighter(lab[index], np.delete(lab, index, 0))
            (color,) = _to_rgb(lab[index : index + 1]).tolist()
            classes[index] = replace(each, color=tuple(color))
    return replace(label_set, classes=tuple(classes))


def _lighter(dark: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The first lighter tone (3,) far enough from the others (n, 3), or the farthest; CIELAB."""
    tones = np.repeat(dark[None], len(STEPS), 0)
    tones[:, 0] = STEPS
    tones[:, 1:] *= np.minimum(STEPS / dark[0], MAX_CHROMA)[:, None]
    tones = _to_lab(_to_rgb(tones))  # as a screen can show them
    tones = tones[tones[:, 0] >= DARK]
    distances = _nearest(tones, others)
    far = distances >= min(APART, *_nearest(dark[None], others))
    found: np.ndarray = tones[far.argmax() if far.any() else distances.argmax()]
    return found


def _nearest(tones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The distance (n,) of each tone (n, 3) to the nearest of the others (m, 3)."""
    distances = np.linalg.norm(tones[:, None] - others[None], axis=2)
    return np.asarray(distances.min(1, initial=np.inf))


def _to_lab(colors: np.ndarray) -> np.ndarray:
    """(n, 3) uint8 RGB as (n, 3) float32 CIELAB."""
    return np.asarray(cv2.cvtColor((colors / np.float32(255))[None], cv2.COLOR_RGB2Lab)[0])


def _to_rgb(lab: np.ndarray) -> np.ndarray:
    """(n, 3) float32 CIELAB as (n, 3) uint8 RGB."""
    return np.asarray(cv2.convertScaleAbs(cv2.cvtColor(lab[None], cv2.COLOR_Lab2RGB)[0], alpha=255))
