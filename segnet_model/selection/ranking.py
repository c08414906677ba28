"""Which frames of a recording teach a network the most: unsure ones, unlike each other.

Frames are ranked by how much the passes of a Bayesian network disagree about them (Houlsby et al.
2011; Gal, Islam and Ghahramani, "Deep Bayesian Active Learning", ICML 2017, section 4). The top of
that list alone would be many views of one thing, so each choice makes its likes less worth having.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from segnet_model.inference.predictor import Predictor

MOST_PAIRS = 500  # candidates from which the usual distance is taken


@dataclass(frozen=True, eq=False)
class Candidate:
    """A frame that could be labelled."""

    name: str
    time: float  # seconds
    score: float  # how unsure the network is of it, 0 or more
    look: np.ndarray  # (12, 16, 3) float32, 0 to 1


Chosen = TypeVar("Chosen", bound=Candidate)
Item = TypeVar("Item")


def score_of(predictor: Predictor, image: np.ndarray) -> float:
    """How much there is to learn from an image (H, W, 3) uint8 RGB.

    The mean mutual information, or the mean entropy where the network is asked only once.
    """
    prediction = predictor.predict_unscaled(image[None])
    information = prediction.mutual_information
    return float((prediction.uncertainty if information is None else information).mean())


def choose(
    candidates: Sequence[Chosen], count: int, known: Sequence[np.ndarray] = ()
) -> list[Chosen]:
    """Choose frames one after the other, each the one that adds most to those before.

    A frame adds its score times how unlike it is to the nearest chosen one, in time and in look:
    one less exp(-(d / s)^2). Distances in time are held against half of what frames would be apart
    if they were spread evenly, those in look against half the usual distance of two candidates.

    Args:
        candidates: in any order.
        count: how many; fewer come back where there are fewer.
        known: looks (12, 16, 3) of images that are labelled already.

    Returns:
        The chosen ones, the best first.
    """
    times = np.array([each.time for each in candidates])
    looks = np.array([each.look.ravel() for each in candidates])
    scores = np.array([each.score for each in candidates], np.float64)
    if not len(candidates):
        return []
    apart = max(np.ptp(times) / max(1, count) / 2, 1e-9)
    unlike = max(_usual_distance(looks) / 2, 1e-9)
    novelty = np.ones(len(candidates))
    for look in known:
        novelty = np.minimum(novelty, _novelty(looks - look.ravel(), unlike))
    chosen: list[int] = []
    while len(chosen) < min(count, len(candidates)):
        worth = scores * novelty
        worth[chosen] = -1
        best = int(worth.argmax())
        chosen.append(best)
        in_look = _novelty(looks - looks[best], unlike)
        in_time = 1 - np.exp(-(((times - times[best]) / apart) ** 2))
        novelty = np.minimum(novelty, np.minimum(in_look, in_time))
    return [candidates[index] for index in chosen]


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """As many as count of the items, evenly spaced and in their order."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places.tolist()]


def _novelty(differences: np.ndarray, unlike: float) -> np.ndarray:
    distances = np.abs(differences).mean(1)
    result: np.ndarray = 1 - np.exp(-((distances / unlike) ** 2))
    return result


def _usual_distance(looks: np.ndarray) -> float:
    """The median distance of two looks."""
    some = looks[:: max(1, len(looks) // MOST_PAIRS)]
    if len(some) < 2:
        return 1.0
    distances = [np.abs(some[i + 1 :] - some[i]).mean(1) for i in range(len(some) - 1)]
    return float(np.median(np.concatenate(distances)))
