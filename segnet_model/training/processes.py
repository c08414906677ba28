"""Processes that train one network together, started by `torchrun`; or this one alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.parallel import DistributedDataParallel

from segnet_model.base.errors import SettingsError
from segnet_model.engines.torch_engine import choose_device

Item = TypeVar("Item")
EVALUATION_TIMEOUT = timedelta(hours=12)  # the first process evaluates, and the others wait


@dataclass(frozen=True)
class Processes:
    """This process among those of one training."""

    rank: int  # of this process, from 0
    count: int  # of all
    device: torch.device  # of this process

    @property
    def first(self) -> bool:
        """Whether this process evaluates, logs and writes."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is no other process."""
        return self.count == 1

    def share(self, batch: Sequence[Item]) -> Sequence[Item]:
        """Part of a batch for this process."""
        return batch[self.rank :: self.count]

    def any(self, value: bool) -> bool:
        """Whether the value is true in any process; all must call this at the same step."""
        if self.alone:
            return value
        total = torch.tensor(float(value), device=self.device)
        dist.all_reduce(total)
        return bool(total.item() > 0)

    def mean(self, value: Tensor) -> float:
        """Mean of a number over all processes."""
        if not self.alone:
            dist.all_reduce(value)
        return value.item() / self.count

    def from_first(self, value: int) -> int:
        """The value in the first process; the others wait for it."""
        if self.alone:
            return value
        shared = torch.tensor(value, device=self.device)
        dist.broadcast(shared, 0)
        return int(shared.item())

    def distribute(self, network: nn.Module) -> nn.Module:
        """Wrap a network so that its gradients are averaged over all processes."""
        if self.alone:
            return network
        ids = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=ids)


@contextmanager
def join_processes(device: str, batch_size: int) -> Iterator[Processes]:
    """Join the processes that `torchrun` started, while the context lasts.

    Args:
        device: for `choose_device`; each process of a machine gets its own GPU.
        batch_size: of all processes together.

    Raises:
        SettingsError: no such device, or the batch cannot be shared out evenly.
    """
    count, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    if count == 1:
        yield Processes(0, 1, choose_device(device))
        return
    if batch_size % count:
        raise SettingsError(
            f"a batch of {batch_size} cannot be shared by {count} processes; give a multiple"
        )
    if device in ("auto", "cuda") and torch.cuda.is_available():
        device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
    chosen = choose_device(device)
    backend = "nccl" if chosen.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=EVALUATION_TIMEOUT)
    try:
        yield Processes(rank, count, chosen)
    finally:
        dist.destroy_process_group()


def mean_over_processes(x: Tensor) -> Tensor:
    """Differentiable mean of a tensor over all processes; x itself in a single process."""
    if process_count() == 1:
        return x
    total: Tensor = all_reduce(x)
    return total / process_count()


def process_count() -> int:
    """Number of processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization over the batches of all processes, which are of one size.

    It runs on any device, where PyTorch's own `SyncBatchNorm` needs a GPU.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, H, W): Ioffe and Szegedy, ICML 2015, algorithm 1."""
        if not self.training:
            return super().forward(x)
        over, column = (0, 2, 3), (1, -1, 1, 1)
        values = x.float()
        mean = mean_over_processes(values.mean(over))
        variance = mean_over_processes((values - mean.view(column)).square().mean(over))
        self._update_running(mean.detach(), variance.detach(), values.numel() // len(mean))
        scale = self.weight * (variance + self.eps).rsqrt()
        y = (values - mean.view(column)) * scale.view(column) + self.bias.view(column)
        return y.to(x.dtype)

    def _update_running(self, mean: Tensor, variance: Tensor, own: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        count = own * process_count()
        self.num_batches_tracked += 1
        factor = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, factor)
        self.running_var.lerp_(variance * count / (count - 1), factor)


def share_batch_norm(network: nn.Module) -> nn.Module:
    """Make batch normalization use the images of all processes; changes the network in place."""
    for module in network.modules():
        if type(module) is nn.BatchNorm2d and module.affine and module.track_running_stats:
            module.__class__ = SharedBatchNorm2d  # the same parameters, under the same names
    return network


def unshare_batch_norm(network: nn.Module) -> nn.Module:
    """Undo `share_batch_norm`, for a network that one process runs alone."""
    for module in network.modules():
        if type(module) is SharedBatchNorm2d:
            module.__class__ = nn.BatchNorm2d  # type: ignore[assignment]
    return network
