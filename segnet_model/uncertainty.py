"""How sure the network is of each pixel."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor


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
    entropy: Tensor = torch.special.entr(probabilities).sum(1)
    return entropy.div(log(classes)).clamp(0, 1)
