"""The average of the weights over the steps, and fresh statistics of batch normalization."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, update_bn

Group = tuple[Tensor, ...] | list[Tensor]  # tensors of one type


class WeightAverage:
    """An exponentially weighted average of a network's weights over the steps.

    Polyak and Juditsky (1992) averaged all; the weight of old steps fades here, as in Tarvainen
    and Valpola, "Mean teachers", NeurIPS 2017, section 2. Early on, fewer steps are averaged over,
    so that the random beginning is soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Begin with a network's weights.

        Args:
            network: whose steps will be averaged.
            decay: weight of the past at each step, 0 or more and below 1.
        """
        self._decay, self._steps = decay, 0
        self._average = AveragedModel(network, multi_avg_fn=self._mix, use_buffers=True)

    @property
    def network(self) -> nn.Module:
        """With the averaged weights and statistics."""
        network: nn.Module = self._average.module
        return network

    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after this step, counted from 1."""
        self._steps = step
        self._average.update_parameters(network)

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Load the average as it was after a step."""
        self.network.load_state_dict(tensors)
        self._average.n_averaged.fill_(step)

    def _mix(self, averages: Group, news: Group, count: Tensor | int) -> None:
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        for average, new in zip(averages, news, strict=True):
            if average.is_floating_point():
                average.lerp_(new, 1 - decay)
            else:  # how many batches the statistics are of
                average.copy_(new)


def recompute_statistics(
    network: nn.Module,
    batches: Iterable[Tensor],
    forward: Callable[[nn.Module, Tensor], object],
    seed: int,
) -> None:
    """Compute the statistics of batch normalization anew, as SegNet's authors do at the end.

    The running statistics are of the weights of many steps; these are of the given weights.

    Args:
        network: changed in place, and left in eval mode.
        batches: training images, all of one number; none leaves the statistics as they are.
        forward: runs the network on a batch.
        seed: of the dropout masks, which are on as in training.
    """
    torch.manual_seed(seed)
    first = next(batches := iter(batches), None)
    if first is not None:
        adapter = _Adapter(network, forward)
        with torch.no_grad():
            update_bn(chain([first], batches), adapter)
    network.eval()


class _Adapter(nn.Module):
    """Adapter: `update_bn` calls it with images, and it runs the network on them."""

    def __init__(self, network: nn.Module, run: Callable[[nn.Module, Tensor], object]) -> None:
        super().__init__()
        self.network, self._run = network, run

    def forward(self, images: Tensor) -> object:
        return self._run(self.network, images)
