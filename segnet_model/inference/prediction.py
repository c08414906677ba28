"""Inference and its result: class probabilities of each pixel, from one pass or several."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that an export runs without PyTorch
    from torch import Tensor

TINY = 1e-30  # a probability; its logarithm is finite


@dataclass(frozen=True)
class Capture:
    """Camera and time of an image.

    Attributes:
        camera: its name; images of the same camera are averaged over time. None where an image is
            of none, and is averaged with no other.
        stamp: seconds; None where it is not known.
    """

    camera: str | None = ""
    stamp: float | None = None


def separate_cameras(count: int, stamp: float | None = None) -> list[Capture]:
    """Captures for a batch of images from as many cameras."""
    return [Capture(str(index), stamp) for index in range(count)]


@dataclass(frozen=True)
class Prediction:
    """Class probabilities of N images at the network's resolution.

    Attributes:
        probabilities: (N, C, h, w) float32, the mean over the passes.
        mean_entropy: (N, h, w) float32 in nats, the mean of the passes' entropies. None after a
            single pass without dropout.
        variance: (N, h, w) float32, the variance over the passes, averaged over the classes.
        refined: (N, C, h, w) float32, probabilities that only the labels are taken from. Confidence
            and uncertainty stay those of the network: smoother labels are no surer ones.
        ids: (N, h, w) uint8, from a network that answers class ids alone; all else is NaN then.
        score: (N, h, w) float32, 0 to 1: the feature score, which then is the uncertainty.
        place_scores: (N,) float32, the place scores; None where there are none.
    """

    probabilities: Tensor
    mean_entropy: Tensor | None = None
    variance: Tensor | None = None
    refined: Tensor | None = None
    ids: Tensor | None = None
    score: Tensor | None = None
    place_scores: Tensor | None = None

    @classmethod
    def of_ids(cls, ids: Tensor, classes: int) -> Prediction:
        """The prediction of a network that answers class ids (N, h, w) uint8 alone."""
        count, height, width = ids.shape
        import torch

        unknown = torch.tensor(nan).expand(count, classes, height, width)
        return cls(unknown, ids=ids)

    @property
    def uncertainty(self) -> Tensor:
        """The feature score, else the normalized predictive entropy: (N, h, w) float32, 0 to 1."""
        if self.score is not None:
            return self.score
        return normalized_entropy(self.probabilities)

    @property
    def mutual_information(self) -> Tensor | None:
        """Disagreement of the passes: (N, h, w) float32, 0 to 1, or None after a single one.

        The entropy of the mean less the mean of the entropies (Houlsby et al. 2011, equation 2;
        Gal 2016, section 3.3.1), divided by log C. It is high for things that training did not
        show, and low where training showed classes that look alike.
        """
        if self.mean_entropy is None:
            return None
        classes = self.probabilities.shape[1]
        if classes == 1:
            return self.mean_entropy.new_zeros(self.mean_entropy.shape)
        return ((entropy(self.probabilities) - self.mean_entropy) / log(classes)).clamp(0, 1)


def entropy(probabilities: Tensor) -> Tensor:
    """Entropy in nats of (N, C, H, W): (N, H, W)."""
    # Half the time of `torch.special.entr`, with the same values: 0 times a finite number is 0.
    logarithms = probabilities.clamp_min(TINY).log_()
    summed: Tensor = logarithms.mul_(probabilities).sum(1).neg_()
    return summed


def normalized_entropy(probabilities: Tensor) -> Tensor:
    """Predictive entropy as a share of the highest possible.

    H[p] / log C of Kendall, Badrinarayanan and Cipolla, "Bayesian SegNet", BMVC 2017, section 3,
    divided by log C so that a bound means the same with any number of classes.

    Args:
        probabilities: (N, C, H, W), floating, each pixel's C values sum to 1.

    Returns:
        (N, H, W) in the same dtype: 0 where one class has all, 1 where all are alike.
    """
    classes = probabilities.shape[1]
    if classes == 1:
        return probabilities.new_zeros(probabilities[:, 0].shape)
    return entropy(probabilities).div(log(classes)).clamp(0, 1)


def no_refinement() -> Callable[[Prediction, Tensor], Prediction]:
    """The refinement that leaves predictions as they are."""
    return lambda prediction, images: prediction


class Inference(ABC):
    """Runs a network on images, in one way to estimate uncertainty."""

    @abstractmethod
    def __call__(self, images: Tensor, captures: Sequence[Capture] = ()) -> Prediction:
        """Predict the classes of images.

        Args:
            images: (N, h, w, 3) uint8 RGB on the CPU.
            captures: camera and time of each; without, each is from a camera of its own.
        """

    def reset(self) -> None:  # noqa: B027 - most have nothing to forget
        """Forget earlier images."""

    def reduce_memory(self) -> bool:
        """Need less memory from now on; False where that is not possible."""
        return False
