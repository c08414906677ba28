"""The place of a camera: whether its last images are like those that the network was taught on."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from statistics import median

import numpy as np

from segnet_model.inference.segmentation import Segmentation

SPAN = 0.5  # seconds of a camera's scores whose median counts
BOUND = 1.0  # of the place score, in units of the bound of the weights


class PlaceMonitor:
    """The median of the place scores of one camera's last half second.

    One image in the sun's glare is no other place, and one lucky image there no known one.
    """

    def __init__(self) -> None:
        """Start without images."""
        self._scores: deque[tuple[float, float]] = deque()  # seconds and score, the newest last

    def smooth(self, found: Segmentation, seconds: float | None) -> Segmentation:
        """The segmentation of the next image with the median as its place score.

        Args:
            found: of one image.
            seconds: when it was taken; None where that is not known, and it counts alone.
        """
        if found.place_score is None:
            return found
        score = self.follow(float(found.place_score), seconds)
        return replace(found, place_score=np.array(score, np.float32))

    @property
    def newest(self) -> float | None:
        """The newest image's own score; None where no later one depends on it."""
        return self._scores[-1][1] if self._scores else None

    def follow(self, score: float, seconds: float | None) -> float:
        """The median with the score of the next image."""
        if seconds is None:
            self._scores.clear()
            return score
        while self._scores and not 0 <= seconds - self._scores[0][0] <= SPAN:
            self._scores.popleft()  # back in time, too
        if self._scores and self._scores[-1][0] == seconds:
            self._scores.pop()  # the same image again
        self._scores.append((seconds, score))
        return median(each for _, each in self._scores)


def strange_place(score: float) -> str:
    """Why a place score, smoothed, is not trusted, with the mend; empty where it is."""
    if not score > BOUND:  # NaN is not
        return ""
    return (
        f"this place is unlike what the network was trained on: place score {score:.2f}, and "
        f"{BOUND:g} is the bound of the weights; clean the lens, train on labeled images of the "
        "place (segnet train), or, where the masks are right, fit the score to it (segnet "
        "calibrate --place-only) or set place_check to false"
    )
