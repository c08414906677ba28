"""How sure the network is of each pixel, and what it is unsure of."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor


@dataclass(frozen=True)
class Belief:
    """What one or several passes of a network say of each pixel, at the network's resolution.

    Attributes:
        probabilities: (N, C, h, w) float32, the mean over the passes.
        mean_entropy: (N, h, w) float32 in nats: the mean over the passes of each one's entropy.
            None where there was a single pass without dropout.
        variance: (N, h, w) float32: the variance over the passes, averaged over the classes.
        refined: (N, C, h, w) float32, what the labels are taken from instead of `probabilities`
            where something else than the network had a say. How sure one may be stays the
            network's word: a field that smooths labels makes them no surer.
    """

    probabilities: Tensor
    mean_entropy: Tensor | None = None
    variance: Tensor | None = None
    refined: Tensor | None = None

    @property
    def uncertainty(self) -> Tensor:
        """Normalised predictive entropy: (N, h, w) float32, 0 to 1; see `normalised_entropy`."""
        return normalised_entropy(self.probabilities)

    @property
    def mutual_information(self) -> Tensor | None:
        """How much the passes disagree: (N, h, w) float32, 0 to 1, or None.

        The entropy of the mean less the mean of the entropies (Houlsby et al. 2011, equation 2;
        Gal 2016, section 3.3.1), divided by log C. It is high where the network was never taught,
        and low where it learned that classes look alike.
        """
        if self.mean_entropy is None:
            return None
        classes = self.probabilities.shape[1]
        if classes == 1:
            return torch.zeros_like(self.mean_entropy)
        return ((entropy(self.probabilities) - self.mean_entropy) / log(classes)).clamp(0, 1)


def entropy(probabilities: Tensor) -> Tensor:
    """Entropy in nats of (N, C, H, W): (N, H, W)."""
    summed: Tensor = torch.special.entr(probabilities).sum(1)
    return summed


def normalised_entropy(probabilities: Tensor) -> Tensor:
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
        return torch.zeros_like(probabilities[:, 0])
    return entropy(probabilities).div(log(classes)).clamp(0, 1)
