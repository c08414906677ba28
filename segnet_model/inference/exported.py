"""Segmentations of exports in NumPy: one pass, without PyTorch."""

from __future__ import annotations

from math import log, nan

import cv2
import numpy as np

from segnet_model.engines.exported import Answers, ExportedEngine
from segnet_model.inference.likeliest import most_likely
from segnet_model.inference.segmentation import Segmentation, resize_nearest, stacked
from segnet_model.inference.uncertainty import FeatureScoring, SinglePass

_LEAST = np.float32(-200)  # of a shifted logit; its power is 0 in float32


class ExportReader:
    """Segments images with an export, as `Predictor` does with other engines."""

    def __init__(self, engine: ExportedEngine, scored: bool) -> None:
        """Run this engine; with `scored` its feature score is the uncertainty."""
        self._engine, self._scored = engine, scored
        self._temperature = engine.info.temperature("none")

    @classmethod
    def of(cls, engine: object, inference: object, refine: str) -> ExportReader | None:
        """A reader; None where the engine, the inference or the refinement need PyTorch."""
        ways = (SinglePass, FeatureScoring)
        if not isinstance(engine, ExportedEngine) or type(inference) not in ways:
            return None
        return cls(engine, isinstance(inference, FeatureScoring)) if refine == "none" else None

    def __call__(self, images: np.ndarray, size: tuple[int, int]) -> Segmentation:
        """Segment images (N, h, w, 3) uint8 RGB: maps (N, height, width) of this size."""
        answers = self._engine.answers(images)
        read = self._read_ids if self._engine.info.answers_ids else self._read
        found = [read(answers, index, size) for index in range(len(images))]
        labels, confidence, uncertainty = (stacked(maps) for maps in zip(*found, strict=True))
        return Segmentation(labels, confidence, uncertainty, place_score=answers.places)

    def _read(
        self, answers: Answers, index: int, size: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels, confidence and uncertainty of one image."""
        found, entropy = probabilities(answers.values[index], self._temperature)
        confidence, labels = most_likely(found, size)
        uncertainty = entropy
        if self._scored:
            assert answers.score is not None
            uncertainty = answers.score[index]
        large = cv2.resize(uncertainty, size[::-1], interpolation=cv2.INTER_LINEAR)
        return labels, confidence, np.asarray(large)

    def _read_ids(
        self, answers: Answers, index: int, size: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        unknown = np.full(size, nan, np.float32)
        return resize_nearest(answers.values[index, ..., 0], size), unknown, unknown


def probabilities(logits: np.ndarray, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Softmax of logits, and its normalized entropy as of `normalized_entropy`.

    Args:
        logits: (h, w, C) float32.
        temperature: that they are divided by.

    Returns:
        (C, h, w) and (h, w) float32; NaN where a logit is NaN or infinite. Minus infinity is a
        probability of 0.
    """
    shifted = np.moveaxis(logits, -1, 0).astype(np.float32, order="C")  # a copy, class by class
    with np.errstate(invalid="ignore", over="ignore"):
        shifted -= shifted.max(0)
        if temperature != 1:
            shifted /= np.float32(temperature)
        np.maximum(shifted, _LEAST, out=shifted)  # 0 times minus infinity is not a number
        found = np.exp(shifted)
        total = found.sum(0)
        found /= total
        shifted *= found
        # The logarithm of a probability is its shifted logit less that of the total.
        entropy = (np.log(total) - shifted.sum(0)) / np.float32(log(max(2, len(found))))
    return found, np.clip(entropy, 0, 1)
