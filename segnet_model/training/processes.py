"""Several processes that train one network, as `torchrun` starts them, or just this one."""

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
MEASURING = timedelta(hours=12)


@dataclass(frozen=True)
class Processes:
    """Who trains with whom.

    Attributes:
        rank: of this process, from 0.
        count: of all.
        device: of this process.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether it is this process that measures, logs and writes."""
        return self.rank == 0

    def share(self, batch: Sequence[Item]) -> Sequence[Item]:
        """What of a batch this process computes."""
        return batch[self.rank :: self.count]

    def any(self, wish: bool) -> bool:
        """Whether any process has the wish; all must ask at the same step."""
        if self.count == 1:
            return wish
        asked = torch.tensor(float(wish), device=self.device)
        dist.all_reduce(asked)
        return bool(asked.item() > 0)

    def mean(self, value: Tensor) -> float:
        """The mean of a number over all processes."""
        if self.count > 1:
            dist.all_reduce(value)
        return value.item() / self.count

    def from_first(self, value: int) -> int:
        """What the first process says; the others wait for it."""
        if self.count == 1:
            return value
        told = torch.tensor(value, device=self.device)
        dist.broadcast(told, 0)
        return int(told.item())

    def joined(self, network: nn.Module) -> nn.Module:
        """The network as it is trained: gradients and batch statistics are those of all."""
        if self.count == 1:
            return network
        ids = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=ids)


@contextmanager
def processes_of(device: str, batch_size: int) -> Iterator[Processes]:
    """Join the processes that `torchrun` started, for as long as the context lasts.

    Args:
        device: as `choose_device` takes it; each process of a machine gets a GPU of its own.
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
    dist.init_process_group(backend, timeout=MEASURING)  # the others wait while the first measures
    try:
        yield Processes(rank, count, chosen)
    finally:
        dist.destroy_process_group()


def mean_over_processes(x: Tensor) -> Tensor:
    """The mean of a tensor over all processes, through which gradients flow; x itself if alone."""
    if process_count() == 1:
        return x
    total: Tensor = all_reduce(x)
    return total / process_count()


def process_count() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
