"""Feeds training batches whose content depends on nothing but the seed and the step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from segnet_model.data.augment import AugmentSettings, augment
from segnet_model.data.camvid import LabelledFolder

Key = tuple[int, int]  # epoch, index of the image: together they seed its changes


@dataclass(frozen=True)
class BatchPlan:
    """Which images make up each step's batch."""

    images: int
    batch_size: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches that show every image about once."""
        return max(1, self.images // self.batch_size)

    def batches(self, first: int, end: int) -> Iterator[list[Key]]:
        """The batches of steps first to end - 1, the same whether or not earlier ones were run."""
        for step in range(first, end):
            epoch, batch = divmod(step, self.steps_per_epoch)
            order = np.random.default_rng([self.seed, epoch]).permutation(self.images)
            start = batch * self.batch_size
            # A set smaller than a batch shows images more than once; each time is changed alike.
            yield [
                (epoch, int(order[i % self.images])) for i in range(start, start + self.batch_size)
            ]


@dataclass(frozen=True)
class AugmentedFolder(Dataset[tuple[Tensor, Tensor]]):
    """Images (h, w, 3) uint8 RGB with labels (h, w) uint8, cut to the training size."""

    folder: LabelledFolder
    size: tuple[int, int]
    settings: AugmentSettings
    seed: int

    def __getitem__(self, key: Key) -> tuple[Tensor, Tensor]:
        """One image as this epoch changes it."""
        cv2.setNumThreads(1)  # the network needs the cores
        epoch, index = key
        image, labels = self.folder.read(index)
        rng = np.random.default_rng([self.seed, epoch, index])
        ignore = self.folder.label_set.ignore_id
        image, labels = augment(image, labels, self.size, ignore, self.settings, rng)
        return torch.from_numpy(image), torch.from_numpy(labels)


def load_batches(
    data: AugmentedFolder, plan: BatchPlan, first: int, end: int, workers: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of steps first to end - 1: (N, h, w, 3) uint8 RGB and (N, h, w) uint8.

    Args:
        data: gives the images.
        plan: says which.
        first: step to begin with.
        end: step to stop before.
        workers: processes that load ahead; 0 loads in this one.
    """
    return iter(
        DataLoader(
            data,
            batch_sampler=list(plan.batches(first, end)),
            num_workers=workers,
            # A fork copies locks that another thread holds, and ROS has threads.
            multiprocessing_context="forkserver" if workers else None,
        )
    )
