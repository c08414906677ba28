"""Average of the weights over the steps, and statistics of batch normalization, fresh or held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, update_bn

Group = tuple[Tensor, ...] | list[Tensor]  # tensors of one type


class WeightAverage:
    """Exponential moving average of a network's weights over the steps.

    Polyak and Juditsky (1992) averaged all steps; here old steps fade, as in Tarvainen and Valpola,
    "Mean teachers", NeurIPS 2017, section 2. The decay is lower in the first steps, so that the
    random initial weights fade quickly.
    """

    def __init__(self, network: nn.Module, decay: float, *, ramp: bool = True) -> None:
        """Begin with a network's weights.

        Args:
            network: to average.
            decay: weight of the past at each step, 0 or more and below 1.
            ramp: whether the decay is lower in the first steps; not where the initial weights are
                good ones.
        """
        self._decay, self._steps, self._ramp = decay, 0, ramp
        self._average = AveragedModel(network, multi_avg_fn=self._mix, use_buffers=True)
        self._count(0)

    @property
    def network(self) -> nn.Module:
        """Network with the averaged weights and statistics."""
        network: nn.Module = self._average.module
        return network

    def update(self, network: nn.Module, step: int) -> None:
        """Add the weights after this step, counted from 1."""
        self._steps = step
        self._average.update_parameters(network)

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Load a saved average of the first steps."""
        self.network.load_state_dict(tensors)
        self._count(step)

    def _count(self, steps: int) -> None:
        """Set the number of steps in the average; without any, it copies those of the next."""
        self._average.n_averaged.fill_(steps if self._ramp else max(steps, 1))

    def _mix(self, averages: Group, new_values: Group, count: Tensor | int) -> None:
        decay = self._decay
        if self._ramp:
            decay = min(decay, (1 + self._steps) / (10 + self._steps))
        for average, new in zip(averages, new_values, strict=True):
            if average.is_floating_point():
                average.lerp_(new, 1 - decay)
            else:  # number of batches in the statistics
                average.copy_(new)


def recompute_statistics(
    network: nn.Module,
    batches: Iterable[Tensor],
    forward: Callable[[nn.Module, Tensor], object],
    seed: int,
) -> None:
    """Recompute the statistics of batch normalization, as SegNet's authors do at the end.

    The running statistics come from the weights of many steps; these from the given weights alone.

    Args:
        network: changed in place, and left in eval mode.
        batches: training images in batches of one size; without any, the statistics stay.
        forward: runs the network on a batch.
        seed: of the dropout masks; dropout is on as in training.
    """
    torch.manual_seed(seed)
    first = next(batches := iter(batches), None)
    if first is not None:
        adapter = _Adapter(network, forward)
        with torch.no_grad():
            update_bn(chain([first], batches), adapter)
    network.eval()


def hold_statistics(network: nn.Module) -> None:
    """Let batch normalization use its statistics in training too, and not change them."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


class _Adapter(nn.Module):
    """Adapter: `update_bn` calls it with images, and it runs the network on them."""

    def __init__(self, network: nn.Module, run: Callable[[nn.Module, Tensor], object]) -> None:
        super().__init__()
        self.network, self._run = network, run

    def forward(self, images: Tensor) -> object:
        return self._run(self.network, images)
