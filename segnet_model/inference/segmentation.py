"""What is told of an image, and how it is read out of a belief."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from segnet_model.inference.belief import Belief
from segnet_model.networks.inputs import resize_maps


@dataclass(frozen=True)
class Segmentation:
    """What the network says of one image (H, W), or of N images with N as the first axis."""

    labels: np.ndarray  # (H, W) uint8, class ids
    confidence: np.ndarray  # (H, W) float32, probability of the chosen class, 0 to 1
    uncertainty: np.ndarray  # (H, W) float32, normalised predictive entropy, 0 to 1
    # The next two are None without Bayesian inference.
    mutual_information: np.ndarray | None = None  # (H, W) float32, 0 to 1: was it ever taught?
    variance: np.ndarray | None = None  # (H, W) float32, of the probabilities, over the passes

    def __getitem__(self, index: int) -> Segmentation:
        """That of one of N images."""
        maps = (self.labels, self.confidence, self.uncertainty)
        more = (self.mutual_information, self.variance)
        return Segmentation(
            *(m[index] for m in maps), *(m if m is None else m[index] for m in more)
        )

    def resized(self, size: tuple[int, int]) -> Segmentation:
        """That of one image at another (height, width), by nearest neighbour.

        A pixel of the result is the one that lies under its middle.
        """
        maps = (self.labels, self.confidence, self.uncertainty)
        more = (self.mutual_information, self.variance)
        return Segmentation(
            *(nearest(each, size) for each in maps),
            *(m if m is None else nearest(m, size) for m in more),
        )

    @property
    def uncertainties(self) -> dict[str, np.ndarray]:
        """Every measure of uncertainty that there is, by name."""
        measures = {
            "entropy": self.uncertainty,
            "mutual_information": self.mutual_information,
            "variance": self.variance,
        }
        return {name: values for name, values in measures.items() if values is not None}


def nearest(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map (H, W) at another (height, width): the value under the middle of each pixel."""
    if values.shape == size:
        return values
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.intp)
        for new, old in zip(size, values.shape, strict=True)
    )
    return values[np.ix_(rows, columns)]


def read_out(belief: Belief, size: tuple[int, int]) -> list[Tensor | None]:
    """The maps of a `Segmentation`, at an image's size, still on the device."""
    probabilities = resize_maps(belief.probabilities, size)
    if belief.refined is None:
        confidence, labels = probabilities.max(1)
    else:
        labels = resize_maps(belief.refined, size).argmax(1)
        confidence = probabilities.gather(1, labels[:, None])[:, 0]
    values = (belief.uncertainty, belief.mutual_information, belief.variance)
    resized = [None if v is None else resize_maps(v[:, None], size)[:, 0] for v in values]
    return [labels.to(torch.uint8), *(_compact(v) for v in (confidence, *resized))]


def _compact(values: Tensor | None) -> Tensor | None:
    """What has to cross a bus, in half the bytes."""
    return values.half() if values is not None and values.is_cuda else values


def plain(values: Tensor) -> Tensor:
    """On the CPU, and floats as float32."""
    return values.to("cpu", torch.float32 if values.is_floating_point() else values.dtype)
