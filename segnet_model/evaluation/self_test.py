"""Self-test: the network on rendered frames, whose labels are known."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from segnet_model.base.errors import SegNetError
from segnet_model.engines.engine import choose_engine
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelMap
from segnet_model.scenes import Drive
from segnet_model.weights.shipped import find_weights

SECONDS = 5.0  # of the time measurement; the rest takes as long
SEED, FRAMES = 3, 2
RIGHT = 0.8  # of the pixels of a rendered street; shipped weights reach 0.95


def self_test(weights: str) -> Iterator[tuple[str, str]]:
    """Run weights on rendered frames, and yield titles and texts of the results.

    Raises:
        SegNetError: the network cannot be loaded or run, or fewer pixels are right than shipped
            weights reach on every machine.
    """
    path = find_weights(weights)
    choice = choose_engine(path)
    start = time.perf_counter()
    predictor = Predictor.load(path)
    loaded = time.perf_counter() - start
    engine = predictor.engine
    yield "engine", f"{engine.name}, {engine.precision}, on {engine.device}: {choice.reason}"
    frames = list(Drive(SEED).frames(FRAMES))
    seconds = _time(predictor, [frame.image for frame in frames])
    height, width = frames[0].image.shape[:2]
    yield "speed", (f"{1e3 * seconds:.0f} ms for an image of {width}x{height}, "
                    f"{1 / seconds:.1f} a second; loaded in {loaded:.1f} s")  # fmt: skip
    labels = predictor.info.labels
    if not LabelMap.ships("scenes", labels.name):
        yield (
            "self-test",
            f"it runs; no map to label set {labels.name!r} ships to judge its answer",
        )
        return
    truth = LabelMap.load("scenes", labels.name)
    shares = []
    for frame in frames:
        true = truth.map(frame.labels)
        known = true != truth.target.ignore_id
        shares.append((predictor.predict(frame.image).labels == true)[known].mean())
    right = float(np.mean(shares))
    if right < RIGHT:
        raise SegNetError(
            f"only {100 * right:.0f} % of the pixels of a rendered street are right; shipped "
            f"weights reach {100 * RIGHT:.0f} % on every machine. If these ship, please report it"
        )
    yield "self-test", f"{100 * right:.1f} % of the pixels of a rendered street are right"


def _time(predictor: Predictor, images: list[np.ndarray]) -> float:
    """Median seconds of an image, after the first."""
    predictor.predict(images[0])
    seconds: list[float] = []
    while sum(seconds) < SECONDS and len(seconds) < 50:
        start = time.perf_counter()
        predictor.predict(images[len(seconds) % len(images)])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))
