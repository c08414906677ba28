"""Labels, confidence and uncertainty of one image, and how a prediction becomes these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from segnet_model.inference import likeliest
from segnet_model.inference.prediction import Prediction
from segnet_model.networks.inputs import resize_maps

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Segmentation:
    """Labels, confidence and uncertainty of an image (H, W), or of N with N as the first axis.

    A place score is one number for an image, or (N,).
    """

    labels: np.ndarray  # (H, W) uint8, class ids
    # Both are NaN everywhere where the network answers ids alone.
    confidence: np.ndarray  # (H, W) float32, probability of the chosen class, 0 to 1
    uncertainty: np.ndarray  # (H, W) float32, 0 to 1: normalized entropy, or the feature score
    # The next two are None without Bayesian inference.
    mutual_information: np.ndarray | None = None  # (H, W) float32, 0 to 1: never seen in training?
    variance: np.ndarray | None = None  # (H, W) float32, of the probabilities, over the passes
    place_score: np.ndarray | None = None  # () float32; None where the weights have none

    @property
    def ids_alone(self) -> bool:
        """Whether the network answered ids alone: confidence and uncertainty are NaN everywhere."""
        # The first pixel spares the others of nearly all images.
        return bool(np.isnan(self.confidence.flat[0]) and np.isnan(self.confidence).all())

    @classmethod
    def from_maps(cls, maps: Sequence[Tensor | None]) -> Segmentation:
        """Copy the fields from maps on any device, floats as float32."""
        arrays: list[Any] = [None if each is None else _to_numpy(each) for each in maps]
        return cls(*arrays)

    def __getitem__(self, index: int) -> Segmentation:
        """The segmentation of one of N images."""
        return self._each(lambda values: values[index])

    def resized(self, size: tuple[int, int]) -> Segmentation:
        """The segmentation of one image at another (height, width), as `resize_nearest`."""
        return self._each(lambda map_: resize_nearest(map_, size) if map_.ndim else map_)

    def _each(self, change: Callable[[np.ndarray], Any]) -> Segmentation:
        maps: list[Any] = [None if each is None else change(each) for each in vars(self).values()]
        return Segmentation(*maps)

    @property
    def uncertainties(self) -> dict[str, np.ndarray]:
        """Every measure of uncertainty that there is, by name."""
        measures = {
            "entropy": self.uncertainty,
            "mutual_information": self.mutual_information,
            "variance": self.variance,
        }
        return {name: values for name, values in measures.items() if values is not None}


def resize_nearest(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a map (H, W) to (height, width): the value under the middle of each new pixel."""
    if values.shape == size:
        return values
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.intp)
        for new, old in zip(size, values.shape, strict=True)
    )
    return values[np.ix_(rows, columns)]


def to_maps(prediction: Prediction, size: tuple[int, int]) -> list[Tensor | None]:
    """The fields of a `Segmentation` of N images at (height, width), still on the device."""
    import torch
    import torch.nn.functional as F

    if prediction.ids is not None:
        labels = F.interpolate(prediction.ids[:, None], size=size, mode="nearest-exact")[:, 0]
        unknown = torch.full(labels.shape, nan)
        return [labels, unknown, unknown, None, None, None]
    if prediction.refined is None:
        confidence, labels = most_likely(prediction.probabilities, size)
    else:
        labels = resize_maps(prediction.refined, size).argmax(1)
        probabilities = resize_maps(prediction.probabilities, size)
        confidence = probabilities.gather(1, labels[:, None])[:, 0]
    values = (prediction.uncertainty, prediction.mutual_information, prediction.variance)
    resized = [None if v is None else resize_maps(v[:, None], size)[:, 0] for v in values]
    maps = [_halve_on_gpu(v) for v in (confidence, *resized)]
    return [labels.to(torch.uint8), *maps, prediction.place_scores]


def most_likely(probabilities: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The highest of resized probabilities (N, C, h, w), and its class: both (N, height, width)."""
    import torch

    if probabilities.device.type != "cpu" or probabilities.dtype != torch.float32:
        confidence, labels = resize_maps(probabilities, size).max(1)
        return confidence, labels.to(torch.uint8)
    each = [likeliest.most_likely(image.contiguous().numpy(), size) for image in probabilities]
    best, ids = (torch.from_numpy(stacked(maps)) for maps in zip(*each, strict=True))
    return best, ids


def stacked(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Maps (H, W) as (N, H, W); a single one is not copied."""
    return maps[0][None] if len(maps) == 1 else np.stack(maps)


def _halve_on_gpu(values: Tensor | None) -> Tensor | None:
    """Half the bytes for the bus between GPU and CPU."""
    return values.half() if values is not None and values.is_cuda else values


def _to_numpy(values: Tensor) -> np.ndarray:
    import torch

    dtype = torch.float32 if values.is_floating_point() else values.dtype
    return values.to("cpu", dtype).numpy()
