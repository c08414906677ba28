"""Session of a training: the network, its optimizer and its average, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.networks.blocks import channels_last
from segnet_model.networks.inputs import Normalize, network_size
from segnet_model.networks.outputs import output_channels
from segnet_model.training.augment_settings import UNCHANGED
from segnet_model.training.averaging import (
    WeightAverage,
    hold_statistics,
    recompute_statistics,
)
from segnet_model.training.keeping import Keeping
from segnet_model.training.loading import AugmentedFolder, load_batches
from segnet_model.training.losses import Objective
from segnet_model.training.optimization import autocast_dtype, learning_rate_factor, make_optimizer
from segnet_model.training.preparation import TrainingData, initial_network
from segnet_model.training.processes import Processes, share_batch_norm, unshare_batch_norm
from segnet_model.training.supervision import Supervised


class Session:
    """Network, optimizer and average after a number of steps.

    Attributes:
        data: to train on.
        step: number of steps that are done.
        fingerprint: of the images and labels to train on.
        origins: digests of what it begins with, see `segnet_model.training.origins`.
        network: with the weights of the last step.
        info: for the weights file.
        supervised: the network with the heads of its inner stages.
        average: of the weights over the steps; None without.
        augmented: images and labels with random changes.
        keeping: images on which the network answers as at the start; None without.
        half: number format of the convolutions; None for float32.
    """

    def __init__(
        self,
        data: TrainingData,
        class_weights: Tensor,
        processes: Processes,
    ) -> None:
        """Prepare the first step; random numbers depend on the seed alone.

        Args:
            data: to train on, and how.
            class_weights: (classes,) float32.
            processes: that share each batch.
        """
        settings = data.settings
        self.data, self.settings, self.processes, self.step = data, settings, processes, 0
        self.origins = data.origins()
        self.fingerprint = data.folder.fingerprint()  # reads every label file: once, not at a save
        torch.manual_seed(settings.seed)
        self.network, self.info = initial_network(settings, data.folder, data.name)
        channels = output_channels(self.info.labels.num_classes, self.info.activation)
        wrapped = Supervised(self.network, channels, inner=settings.supervision > 0)
        self.supervised = channels_last(wrapped.to(processes.device))
        if not processes.alone:
            share_batch_norm(self.network)
        kept = data.kept
        self.keeping = Keeping(kept, settings, self.network, self.info) if kept else None
        self._distributed = processes.distribute(self.supervised)
        self.average = WeightAverage(self.network, settings.average) if settings.average else None
        self.loss = Objective(settings, self.info, class_weights.to(processes.device))
        self.optimizer = make_optimizer(self.supervised, settings)
        self.half = autocast_dtype(settings.precision, processes.device)
        self.augmented = AugmentedFolder(
            data.folder, self.info.input_size, settings.augment, settings.seed, settings.crop_size
        )
        self._normalize = Normalize(self.info.mean, self.info.std, processes.device)

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step."""
        settings = self.settings
        factor = learning_rate_factor(
            settings.schedule, settings.warm_up, self.step, self.data.steps
        )
        return settings.learning_rate * factor

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Load this process's part of each remaining batch, and behind it images to keep."""
        rest = self.step, self.data.steps
        own = map(self.processes.share, self.data.plan.batches(*rest))
        batches = load_batches(self.augmented, own, self.settings.workers)
        if self.keeping is None:
            return batches
        kept = self.keeping.batches(map(self.processes.share, self.keeping.keys(*rest)))
        return (
            (torch.cat([images, more]), labels)
            for (images, labels), more in zip(batches, kept, strict=True)
        )

    def train_step(self, images: Tensor, labels: Tensor) -> float:
        """Take one step; returns the loss before it.

        Args:
            images: (N, h, w, 3) uint8 RGB, and behind them those to keep.
            labels: (N, h, w) uint8.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self._distributed.train()
        if self.keeping:
            hold_statistics(self._distributed)
        # For dropout: the same masks after a resume, and others in each process.
        torch.manual_seed(self.settings.seed + self.step + (self.processes.rank << 32))
        outputs, count = self.forward(self._distributed, images), len(labels)
        truth = labels.to(self.processes.device).long()
        loss = self.loss([each[:count] for each in outputs], truth)
        if self.keeping:
            with torch.no_grad():
                at_start = self.forward(self.keeping.start, images[count:])
            loss = loss + self.keeping.loss(outputs[0][count:], at_start)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.supervised.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.step += 1
        if self.average:
            self.average.update(self.network, self.step)
        return self.processes.mean(loss.detach())

    def forward(self, network: nn.Module, images: Tensor) -> Any:
        """Run a network on (N, h, w, 3) uint8 RGB, its convolutions in half precision."""
        x = self._normalize(images.to(self.processes.device))
        with torch.autocast(x.device.type, self.half, enabled=self.half is not None):
            return network(x)

    def final_network(self) -> nn.Module:
        """Copy of the network for use: averaged, with recomputed statistics."""
        source = self.average.network if self.average else self.network
        network = unshare_batch_norm(deepcopy(source))
        if self.keeping:
            return network.eval()
        images = (images for images, _ in self._whole_images())
        recompute_statistics(network, images, self.forward, self.settings.seed)
        return network

    def _whole_images(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Load batches of images as in use: unchanged, and without a gray border."""
        height, width = self.data.folder.read_labels(0).shape
        size = network_size((height, width), self.info.input_size)
        plain = AugmentedFolder(self.data.folder, size, UNCHANGED, self.settings.seed)
        keys = self.data.plan.spread(self.settings.statistics_images)
        return load_batches(plain, keys, self.settings.workers)
