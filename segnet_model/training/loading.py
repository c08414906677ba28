"""Training batches, whose content depends only on the seed and the step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from segnet_model.datasets.folder import spread
from segnet_model.labels import LabelSet
from segnet_model.training.augment import augment
from segnet_model.training.augment_settings import AugmentSettings

Key = tuple[int, int]  # epoch, index of the image: together they seed its changes
BATCHES_AHEAD = 2


@dataclass(frozen=True)
class BatchPlan:
    """Plan of the images in each step's batch."""

    images: int
    batch_size: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every image occurs about once."""
        return max(1, self.images // self.batch_size)

    def batches(self, first: int, end: int) -> Iterator[list[Key]]:
        """Batches of steps first to end - 1, independent of earlier ones."""
        for step in range(first, end):
            epoch, batch = divmod(step, self.steps_per_epoch)
            order = np.random.default_rng([self.seed, epoch]).permutation(self.images)
            start = batch * self.batch_size
            # A set smaller than a batch repeats images, with the same random changes.
            yield [
                (epoch, int(order[i % self.images])) for i in range(start, start + self.batch_size)
            ]

    def spread(self, images: int) -> list[list[Key]]:
        """Full batches of at most so many images, evenly spaced over the folder."""
        count = min(images, self.images)
        size = min(count, self.batch_size)
        chosen = spread(count, self.images)
        whole = count // size if size else 0
        return [[(0, i) for i in chosen[b * size : (b + 1) * size]] for b in range(whole)]


class Folder(Protocol):
    """Images with labels, as of `LabeledFolder`."""

    @property
    def label_set(self) -> LabelSet:
        """Meaning of the ids."""

    def read(self, index: int, /) -> tuple[np.ndarray, np.ndarray]:
        """Image (H, W, 3) uint8 RGB and labels (H, W) uint8."""


@dataclass(frozen=True)
class AugmentedFolder:
    """Labeled images with random changes, different in each epoch."""

    folder: Folder
    size: tuple[int, int]  # (height, width) of whole images in the network
    settings: AugmentSettings
    seed: int
    crop: tuple[int, int] | None = None  # (height, width) of the crops; None for size

    def load(self, key: Key) -> tuple[np.ndarray, np.ndarray]:
        """Image (h, w, 3) uint8 RGB with the changes of an epoch, and its labels (h, w) uint8."""
        epoch, index = key
        image, labels = self.folder.read(index)
        rng = np.random.default_rng([self.seed, epoch, index])
        ignore = self.folder.label_set.ignore_id
        return augment(image, labels, self.size, ignore, self.settings, rng, self.crop)


def load_batches(
    data: AugmentedFolder, batches: Iterable[Sequence[Key]], workers: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Load batches ahead of their use, in threads.

    OpenCV and Pillow, which take most of the time, release Python's lock. Unlike processes, threads
    get no signals, and can be started beside the threads of ROS.

    Args:
        data: to load from.
        batches: keys of the images, all batches of one size.
        workers: threads that load, at least 1.

    Yields:
        (N, h, w, 3) uint8 RGB and (N, h, w) uint8.
    """
    ahead: deque[list[Future[tuple[np.ndarray, np.ndarray]]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for keys in batches:
            ahead.append([pool.submit(data.load, key) for key in keys])
            if len(ahead) > BATCHES_AHEAD:
                yield _collect(ahead.popleft())
        while ahead:
            yield _collect(ahead.popleft())


def _collect(samples: list[Future[tuple[np.ndarray, np.ndarray]]]) -> tuple[Tensor, Tensor]:
    images, labels = zip(*(sample.result() for sample in samples), strict=True)
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(labels))
