"""The feature score of a network, fitted on images like those that it was trained on.

The images are read three times, and only sums and a few thousand pixels of each are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from segnet_model.base.errors import UnfittedError, WeightsError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.folder import LabeledFolder, spread
from segnet_model.engines.features import FeatureScorer, Tap
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.networks.inputs import network_size, resize_image
from segnet_model.weights.features import PIECES, FeatureScore, check_features

MOST_IMAGES = 200  # spread over the folder
SEPARATE = 10  # images of each half from which on distances are judged on others than fitted on
PIXELS = 2000  # of each image; its neighbors say much the same
SHRINKAGE = 1e-3  # of the covariance, towards equal variances; few images leave some unknown
RAREST = 1e-4  # share of the right pixels that a scale ends with


class Gaussian:
    """Mean and covariance of vectors, from a few at a time to any number, in float64.

    Example:
        >>> gaussian = Gaussian()
        >>> gaussian.update(np.array([[0.0, 1.0], [2.0, 1.0]]))
        >>> gaussian.update(np.array([[1.0, 4.0]]))
        >>> gaussian.mean.tolist(), gaussian.covariance.round(3).tolist()
        ([1.0, 2.0], [[0.667, 0.0], [0.0, 2.0]])
    """

    def __init__(self) -> None:
        """Start with no vectors."""
        self.count = 0
        self._origin = self._sum = np.zeros(0)
        self._products = np.zeros((0, 0))

    def update(self, vectors: np.ndarray) -> None:
        """Count vectors (N, D)."""
        values = vectors.astype(np.float64)
        if not self.count and len(values):  # sums about a value amid them lose fewer digits
            self._origin = values.mean(0)
            self._sum = np.zeros(values.shape[1])
            self._products = np.zeros((values.shape[1], values.shape[1]))
        if len(values):
            away = values - self._origin
            self.count += len(away)
            self._sum += away.sum(0)
            self._products += away.T @ away

    @property
    def mean(self) -> np.ndarray:
        """(D,) float64."""
        mean: np.ndarray = self._origin + self._sum / self.count
        return mean

    @property
    def covariance(self) -> np.ndarray:
        """(D, D) float64, of the vectors themselves."""
        away = self._sum / self.count
        covariance: np.ndarray = self._products / self.count - np.outer(away, away)
        return covariance

    def whitening(self) -> tuple[np.ndarray, np.ndarray]:
        """Matrix (D, D) and offset (D,) after which the squared length is the distance."""
        covariance = self.covariance
        size = len(covariance)
        even = max(np.trace(covariance) / size, 1e-12)
        values, vectors = np.linalg.eigh(covariance + SHRINKAGE * even * np.eye(size))
        matrix = (vectors / np.sqrt(values)).T
        return matrix, -matrix @ self.mean


def rarity_scale(values: np.ndarray) -> tuple[float, ...]:
    """The values that a tenth, a hundredth ... of all exceed: a scale for `scaled`.

    Args:
        values: (N,), of right pixels.

    Returns:
        The least value, those that shares of 0.1, 0.01 and 0.001 exceed, and that of `RAREST`.
    """
    shares = [1 - RAREST ** (piece / PIECES) for piece in range(PIECES + 1)]
    scale = np.quantile(values.astype(np.float64), shares)
    gap = max(1e-6, 1e-6 * float(np.abs(scale).max()))
    return tuple((np.maximum.accumulate(scale) + gap * np.arange(len(scale))).tolist())


@dataclass(frozen=True)
class _Pass:
    """Values of one image, where the score is measured."""

    features: Tensor  # (1, D, h, w) float32
    logits: Tensor  # (1, C, h, w) float32
    stride: int
    right: np.ndarray  # (h * w,) bool


def fit_features(
    engine: TorchEngine, folder: LabeledFolder, progress: ShareDone = no_progress, seed: int = 0
) -> FeatureScore:
    """Fit the feature score of a network.

    Args:
        engine: runs the network; its temperature is used.
        folder: labeled images of the kind that it was trained on.
        progress: called with the share that is done.
        seed: of the choice of pixels.

    Raises:
        SettingsError: the network has no layer named classifier.
        UnfittedError: no pixel of the images is right, or their features hardly vary.
    """
    chosen, rng = spread(MOST_IMAGES, len(folder)), np.random.default_rng(seed)
    halves = (chosen[::2], chosen[1::2]) if len(chosen) >= 2 * SEPARATE else (chosen, chosen)
    total, done = len(halves[0]) + 2 * len(halves[1]), 0

    def passes(indices: Sequence[int]) -> Iterator[_Pass]:
        nonlocal done
        for index in indices:
            yield run(index)
            done += 1
            progress(done / total)

    run, gaussian = _runner(engine, folder), Gaussian()
    for each in passes(halves[0]):
        known = each.features[0].flatten(1).T.numpy()
        gaussian.update(known[each.right])
    if not gaussian.count:
        raise UnfittedError(
            "no pixel of these images is labeled, or the network finds none of them"
        )
    score = _with_distances(gaussian)
    scorer = FeatureScorer(score, engine.info.temperature("none"))
    kept = [_sampled(scorer, each, rng) for each in passes(halves[1])]
    if not sum(map(len, (entropy for entropy, _ in kept))):
        raise UnfittedError("no pixel of these images is right; give more images")
    entropy, distance = (np.concatenate(values) for values in zip(*kept, strict=True))
    score = replace(
        score, entropy_scale=rarity_scale(entropy), distance_scale=rarity_scale(distance)
    )
    return _checked(_finished(score, engine, passes(halves[1]), rng))


def _checked(score: FeatureScore) -> FeatureScore:
    """The score, if a weights file with it can be read again."""
    try:
        check_features(score)
    except WeightsError as error:
        raise UnfittedError(
            f"{error}: the features hardly vary; give more images, or train for longer"
        ) from None
    return score


def _runner(engine: TorchEngine, folder: LabeledFolder) -> Callable[[int], _Pass]:
    """A function that runs the network on an image of the folder, by its index."""
    tap, info = Tap.on(engine.network), engine.info

    def run(index: int) -> _Pass:
        image, truth = folder.read(index)
        size = network_size((truth.shape[0], truth.shape[1]), info.input_size)
        small = torch.from_numpy(resize_image(image, size))[None]
        with torch.inference_mode():
            engine.logits(small)
            features, logits, stride = tap.measured(size, info.activation)
        found = logits[0].argmax(0).cpu().numpy()
        covered = stride * found.shape[0] / size[0], stride * found.shape[1] / size[1]
        rows, columns = (
            np.minimum(((np.arange(n) + 0.5) * share * side / n).astype(int), side - 1)
            for n, share, side in zip(found.shape, covered, truth.shape, strict=True)
        )
        known = truth[np.ix_(rows, columns)]
        right = (known == found) & (known != folder.label_set.ignore_id)
        return _Pass(features.cpu(), logits.cpu(), stride, right.ravel())

    return run


def _with_distances(gaussian: Gaussian) -> FeatureScore:
    matrix, offset = gaussian.whitening()
    rows = tuple(tuple(float(f"{x:.8g}") for x in row) for row in matrix.tolist())
    even = tuple(i / PIECES for i in range(PIECES + 1))
    return FeatureScore(rows, tuple(offset.tolist()), even, even, even, 1)


def _sampled(
    scorer: FeatureScorer, each: _Pass, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Entropy and distance of some right pixels."""
    right = np.flatnonzero(each.right)
    places = rng.choice(right, min(PIXELS, len(right)), replace=False)
    with torch.inference_mode():
        maps = scorer.entropy(each.logits), scorer.distance(each.features)
    entropy, distance = (values.flatten().numpy()[places] for values in maps)
    return entropy, distance


def _finished(
    score: FeatureScore, engine: TorchEngine, passes: Iterator[_Pass], rng: np.random.Generator
) -> FeatureScore:
    """The score with its last scale."""
    scorer = FeatureScorer(score, engine.info.temperature("none"))
    of_right = []
    for each in passes:
        with torch.inference_mode():
            mixed = scorer.mixed(each.features, each.logits, each.stride).flatten().numpy()
        places = rng.choice(len(mixed), min(PIXELS, len(mixed)), replace=False)
        of_right.append(mixed[places][each.right[places]])
    scale = rarity_scale(np.concatenate(of_right))
    return replace(score, scale=scale, images=len(of_right))
