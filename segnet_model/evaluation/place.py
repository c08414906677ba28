"""The place score of a network, fitted on images of the kind that it was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
import torch

from segnet_model.base.errors import UnfittedError, WeightsError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.folder import spread
from segnet_model.engines.place import PlaceScorer, deepest_layer, pooled
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.networks.inputs import network_size, resize_image
from segnet_model.weights.place import PlaceScore, check_place

MOST_IMAGES = 500  # spread over the folder
LEAST_IMAGES = 40
PARTS = 5  # each part of the images is judged by a fit of the others
RUN = 8  # consecutive images, often of one drive, that stay in one part
SHRINKAGE = 0.01  # of the variances, towards their mean; few images leave some unknown
VIEWS = 200  # that differ, in ten minutes; about one may look like another place


class Images(Protocol):
    """Images by their index, as a `LabeledFolder` has them."""

    def __len__(self) -> int: ...

    def read(self, index: int) -> tuple[np.ndarray, Any]:
        """An image (H, W, 3) uint8 RGB, and what belongs to it."""


def fit_place(engine: TorchEngine, folder: Images, progress: ShareDone = no_progress) -> PlaceScore:
    """Fit the place score of a network.

    Args:
        engine: runs the network.
        folder: images of the kind that it was trained on; their labels are not used.
        progress: called with the share that is done.

    Raises:
        SettingsError: the network does not name its deepest layer.
        UnfittedError: there are too few images, or their features hardly vary.
    """
    if len(folder) < LEAST_IMAGES:
        raise UnfittedError(
            f"{len(folder)} images do not show a place; give {LEAST_IMAGES} or more"
        )
    chosen, vectors = spread(MOST_IMAGES, len(folder)), []
    for done, vector in enumerate(_vectors(engine, folder, chosen), 1):
        vectors.append(vector)
        progress(done / len(chosen))
    return place_of(np.concatenate(vectors))


def _vectors(engine: TorchEngine, folder: Images, chosen: Sequence[int]) -> Iterator[np.ndarray]:
    """The vectors (1, D) float32 of images of a folder."""
    found: list[np.ndarray] = []

    def keep(layer: Any, inputs: Any, output: Any) -> None:
        found.append(pooled(output).cpu().numpy())

    hook = deepest_layer(engine.network).register_forward_hook(keep)
    try:
        for index in chosen:
            image, _ = folder.read(index)
            size = network_size((image.shape[0], image.shape[1]), engine.info.input_size)
            with torch.inference_mode():
                engine.logits(torch.from_numpy(resize_image(image, size))[None])
            yield found.pop()
    finally:
        hook.remove()


def place_of(vectors: np.ndarray) -> PlaceScore:
    """The place score of images with these vectors, (N, D), in the order of their drives.

    Raises:
        UnfittedError: the features hardly vary.
    """
    part = np.arange(len(vectors)) // RUN % PARTS
    distances = [
        PlaceScorer(_fitted(vectors[part != each]))(torch.from_numpy(vectors[part == each]))
        for each in range(PARTS)
    ]
    bound = place_bound(np.concatenate([each.numpy() for each in distances]))
    return _fitted(vectors, bound)


def _fitted(vectors: np.ndarray, bound: float = 1.0) -> PlaceScore:
    values = vectors.astype(np.float64)
    variances = values.var(0)
    deviations = np.sqrt(variances + SHRINKAGE * variances.mean())
    mean, deviation = (
        tuple(float(f"{x:.5g}") for x in row) for row in (values.mean(0), deviations)
    )
    place = PlaceScore(mean, deviation, float(f"{bound:.5g}"), len(vectors))
    try:
        check_place(place)
    except WeightsError as error:
        raise UnfittedError(
            f"{error}: the features hardly vary; give more images, or train for longer"
        ) from None
    return place


def place_bound(distances: np.ndarray) -> float:
    """The distance that about one in `VIEWS` other images of the same kind of drive exceeds.

    The prediction bound of one more value, by Student's t; the square root of a distance is nearly
    normal (that of a sum of squares would be with its third root, Wilson and Hilferty 1931).

    Args:
        distances: of images to the mean of others, (N,), 0 or more.
    """
    roots, count = np.sqrt(distances.astype(np.float64)), len(distances)
    t = _student(1 - 1 / VIEWS, count - 1)
    return float(roots.mean() + t * roots.std(ddof=1) * sqrt(1 + 1 / count)) ** 2


def _student(share: float, freedom: int) -> float:
    """Quantile of Student's t: Abramowitz and Stegun, equation 26.7.5."""
    z = NormalDist().inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    quantile: float = z + sum(term / freedom ** (i + 1) for i, term in enumerate(terms))
    return quantile
