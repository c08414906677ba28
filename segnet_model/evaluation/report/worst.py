"""Worst frames: those with the most wrong pixels, or on which two networks differ most."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from segnet_model.evaluation.evaluate import EvaluatedFrame, FrameScore

MOST_FRAMES = 12
WIDTH = 480  # pixels; wider frames are kept smaller


@dataclass(frozen=True, eq=False)
class KeptFrame:
    """An evaluated frame, shrunk to at most `WIDTH`."""

    name: str
    scores: tuple[FrameScore, ...]  # of each network
    image: np.ndarray  # (h, w, 3) uint8 RGB
    truth: np.ndarray  # (h, w) uint8
    labels: tuple[np.ndarray, ...]  # (h, w) uint8, of each network
    uncertainties: tuple[np.ndarray, ...]  # (h, w) float32, of each network


class WorstFrames:
    """Keeps a few frames of many, so that memory does not grow with the images.

    They are ranked by the share of their labeled pixels that is right: a class with a
    handful of pixels would dominate the mean IoU of a single frame. For two networks they are
    ranked by the difference of these shares, and where that is equal by the first's.
    """

    def __init__(self, most: int = MOST_FRAMES) -> None:
        """Keep at most so many frames."""
        self.most = most
        self._heap: list[tuple[float, float, int, KeptFrame]] = []
        self._seen = 0

    def add(self, frame: EvaluatedFrame) -> None:
        """Add a frame; one without labeled pixels is not ranked."""
        self._seen += 1
        shares = [score.pixel_accuracy for score in frame.scores]
        if np.isnan(shares).any():
            return
        # Of equals the earlier one stays, and no two ever compare their pictures.
        rank = (abs(shares[0] - shares[-1]), -shares[0], -self._seen)
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, (*rank, _kept(frame)))
        elif rank > self._heap[0][:3]:
            heapq.heapreplace(self._heap, (*rank, _kept(frame)))

    @property
    def frames(self) -> list[KeptFrame]:
        """Kept frames, the worst first."""
        return [entry[3] for entry in sorted(self._heap, key=lambda each: each[:3], reverse=True)]

    def to_dict(self) -> list[dict[str, Any]]:
        """Names and figures as plain values for JSON, the worst first."""
        return [_figures(frame) for frame in self.frames]


def _kept(frame: EvaluatedFrame) -> KeptFrame:
    return KeptFrame(
        frame.name,
        frame.scores,
        _shrink(frame.image, cv2.INTER_AREA),
        _shrink(frame.truth, cv2.INTER_NEAREST),
        tuple(_shrink(found.labels, cv2.INTER_NEAREST) for found in frame.found),
        tuple(_shrink(found.uncertainty, cv2.INTER_AREA) for found in frame.found),
    )


def _shrink(values: np.ndarray, how: int) -> np.ndarray:
    """Resize to at most `WIDTH`; a copy, which keeps no larger array alive."""
    height, width = values.shape[:2]
    if width <= WIDTH:
        return values.copy()
    return cv2.resize(values, (WIDTH, max(1, round(height * WIDTH / width))), interpolation=how)


def _figures(frame: KeptFrame) -> dict[str, Any]:
    first, *others = (
        {"pixel_accuracy": score.pixel_accuracy, "miou": score.miou} for score in frame.scores
    )
    compared = {"compare": others[0]} if others else {}
    return {"name": frame.name, "labelled": frame.scores[0].labeled, **first, **compared}
