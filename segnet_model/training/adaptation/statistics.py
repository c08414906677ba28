"""Statistics of batch normalization, of the new camera mixed into the old."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import nn

from segnet_model.training.adaptation.teacher import Forward
from segnet_model.training.averaging import recompute_statistics

BATCH = 8  # frames
SHARES = (0.5, 0.25, 0.1)  # of the new statistics, the boldest first


def measured_statistics(
    network: nn.Module, frames: Sequence[np.ndarray], forward: Forward, seed: int
) -> nn.Module:
    """A copy of a network with the statistics of frames (h, w, 3) uint8 RGB of one size."""
    copy = deepcopy(network)
    whole = len(frames) // BATCH * BATCH
    batches = (
        torch.from_numpy(np.stack(frames[first : first + BATCH]))
        for first in range(0, whole, BATCH)
    )
    recompute_statistics(copy, batches, forward, seed)
    return copy


def mixed(network: nn.Module, measured: nn.Module, share: float) -> nn.Module:
    """A copy of a network whose statistics have this share of the measured ones.

    Schneider et al., "Improving robustness against common corruptions by covariate shift
    adaptation", NeurIPS 2020, equation 5: few images alone would give poor statistics.
    """
    copy, new = deepcopy(network), dict(measured.named_buffers())
    for name, buffer in copy.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.lerp_(new[name], share)
    return copy
