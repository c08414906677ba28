"""Active learning: select the frames that the network is least sure of, and that differ.

Frames are ranked by how much the passes of a Bayesian network disagree about them (Houlsby et al.
2011; Gal, Islam and Ghahramani, "Deep Bayesian Active Learning", ICML 2017, section 4). The top of
that list alone would be many views of one thing, so each selected frame lowers the value of similar
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.datasets.folder import spread
from segnet_model.inference.predictor import Predictor

MAX_COMPARED = 500  # candidates for the median distance


@dataclass(frozen=True, eq=False)
class Candidate:
    """A frame that could be selected."""

    name: str
    time: float  # seconds
    score: float  # `information`, 0 or more
    thumbnail: np.ndarray  # (12, 16, 3) float32, 0 to 1

    @property
    def recording(self) -> str:
        """The recording that the time is of; times of two recordings do not compare."""
        return ""


Chosen = TypeVar("Chosen", bound=Candidate)
Item = TypeVar("Item")


def information(predictor: Predictor, image: np.ndarray) -> float:
    """Acquisition score of an image (H, W, 3) uint8 RGB.

    The mean mutual information, or the mean entropy where the network is asked only once.

    Raises:
        SettingsError: the network answers ids alone, and is never unsure.
    """
    if predictor.info.answers_ids:
        raise SettingsError(
            f"{predictor.info.network} answers ids alone, so it cannot say where it is unsure; "
            "select with weights that give probabilities"
        )
    prediction = predictor.predict_unscaled(image[None])
    information = prediction.mutual_information
    return float((prediction.uncertainty if information is None else information).mean())


def select(
    candidates: Sequence[Chosen], count: int, known: Sequence[np.ndarray] = ()
) -> list[Chosen]:
    """Select frames greedily by score times novelty.

    The novelty of a frame is 1 - exp(-(d / s)^2), where d is its distance to the nearest selected
    frame, in time or between thumbnails, whichever gives less. The scale s is half the distance in
    time of evenly spread frames, and half the median distance of two candidates' thumbnails. In
    time, only frames of one recording are near each other.

    Args:
        candidates: in any order.
        count: number of frames to select; all where there are fewer.
        known: thumbnails (12, 16, 3) of images in the data set.

    Returns:
        The selected candidates, the best first.
    """
    return [candidate for candidate, _ in select_valued(candidates, count, known)]


def select_valued(
    candidates: Sequence[Chosen], count: int, known: Sequence[np.ndarray] = ()
) -> list[tuple[Chosen, float]]:
    """As `select`, each with its score times novelty when it was selected."""
    times = np.array([each.time for each in candidates])
    thumbnails = np.array([each.thumbnail.ravel() for each in candidates])
    scores = np.array([each.score for each in candidates], np.float64)
    if not len(candidates):
        return []
    recordings = np.unique([each.recording for each in candidates], return_inverse=True)[1]
    length = sum(np.ptp(times[recordings == each]) for each in range(recordings.max() + 1))
    time_scale = max(length / max(1, count) / 2, 1e-9)
    scale = max(_median_distance(thumbnails) / 2, 1e-9)
    novelty = np.ones(len(candidates))
    for thumbnail in known:
        novelty = np.minimum(novelty, _novelty(thumbnails - thumbnail.ravel(), scale))
    selected: list[int] = []
    values: list[float] = []
    while len(selected) < min(count, len(candidates)):
        value = scores * novelty
        value[selected] = -1
        best = int(value.argmax())
        selected.append(best)
        values.append(float(value[best]))
        in_look = _novelty(thumbnails - thumbnails[best], scale)
        in_time = 1 - np.exp(-(((times - times[best]) / time_scale) ** 2))
        in_time[recordings != recordings[best]] = 1
        novelty = np.minimum(novelty, np.minimum(in_look, in_time))
    return [(candidates[index], value) for index, value in zip(selected, values, strict=True)]


def evenly_spaced(items: Sequence[Item], count: int) -> list[Item]:
    """Up to `count` of the items, evenly spaced, in their order."""
    return [items[index] for index in spread(count, len(items))]


def _novelty(differences: np.ndarray, scale: float) -> np.ndarray:
    distances = np.abs(differences).mean(1)
    result: np.ndarray = 1 - np.exp(-((distances / scale) ** 2))
    return result


def _median_distance(thumbnails: np.ndarray) -> float:
    """The median distance of two thumbnails."""
    some = thumbnails[:: max(1, len(thumbnails) // MAX_COMPARED)]
    if len(some) < 2:
        return 1.0
    distances = [np.abs(some[i + 1 :] - some[i]).mean(1) for i in range(len(some) - 1)]
    return float(np.median(np.concatenate(distances)))
