"""A network as it learns: its weights, their optimizer and their average, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.networks.blocks import channels_last
from segnet_model.networks.inputs import Normalize, network_size
from segnet_model.networks.outputs import output_channels
from segnet_model.training.averaging import WeightAverage, recompute_statistics
from segnet_model.training.loading import AugmentedFolder, load_batches
from segnet_model.training.losses import Objective
from segnet_model.training.optimization import autocast_dtype, make_optimizer, share_of_highest
from segnet_model.training.preparation import TrainingData, initial_network
from segnet_model.training.processes import Processes, own_batch_norm, share_batch_norm
from segnet_model.training.settings import UNCHANGED, TrainSettings
from segnet_model.training.supervision import Supervised


class Session:
    """Network, optimizer and average, and how many steps they have taken.

    Attributes:
        data: to learn from.
        step: steps that are done.
        fingerprint: of the images and labels to learn from.
        network: with the weights of the last step.
        info: for the weights file.
        trained: the network with the heads of its inner stages.
        average: of the weights over the steps, None without.
        augmented: images and labels, each epoch changed in another way.
        half: half precision of the convolutions, None for float32.
    """

    def __init__(
        self,
        data: TrainingData,
        class_weights: Tensor,
        settings: TrainSettings,
        processes: Processes,
    ) -> None:
        """Make everything as it is before the first step; the seed alone decides how.

        Args:
            data: to learn from.
            class_weights: (classes,) float32.
            settings: how to train.
            processes: that share each batch.
        """
        self.data, self.settings, self.processes, self.step = data, settings, processes, 0
        self.fingerprint = data.folder.fingerprint()  # reads every label file: once, not at a save
        torch.manual_seed(settings.seed)
        self.network, self.info = initial_network(settings, data.folder, data.name)
        channels = output_channels(self.info.labels.num_classes, self.info.activation)
        supervised = Supervised(self.network, channels, inner=settings.supervision > 0)
        self.trained = channels_last(supervised.to(processes.device))
        if not processes.alone:
            share_batch_norm(self.network)
        self._joined = processes.joined(self.trained)
        self.average = WeightAverage(self.network, settings.average) if settings.average else None
        self.loss = Objective(settings, self.info, class_weights.to(processes.device))
        self.optimizer = make_optimizer(self.trained, settings)
        self.half = autocast_dtype(settings.precision, processes.device)
        self.augmented = AugmentedFolder(
            data.folder, self.info.input_size, settings.augment, settings.seed, settings.crop_size
        )
        self._normalize = Normalize(self.info.mean, self.info.std, processes.device)

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        of_highest = share_of_highest(
            self.settings.schedule, self.settings.warm_up, self.step, self.data.steps
        )
        return self.settings.learning_rate * of_highest

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's part of each batch that is left."""
        batches = self.data.plan.batches(self.step, self.data.steps)
        own = map(self.processes.share, batches)
        return load_batches(self.augmented, own, self.settings.workers)

    def learn(self, images: Tensor, labels: Tensor) -> float:
        """Take one step; returns the loss before it.

        Args:
            images: (N, h, w, 3) uint8 RGB.
            labels: (N, h, w) uint8.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self._joined.train()
        # For dropout, also after a resume; each process draws its own masks.
        torch.manual_seed(self.settings.seed + self.step + (self.processes.rank << 32))
        answers = self.forward(self._joined, images)
        loss = self.loss(answers, labels.to(self.processes.device).long())
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.trained.parameters(), self.settings.clip_norm)
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

    def result(self) -> nn.Module:
        """A copy of the network as it is to be used: averaged, with statistics of its own."""
        source = self.average.network if self.average else self.network
        network = own_batch_norm(deepcopy(source))
        images = (images for images, _ in self._whole_images())
        recompute_statistics(network, images, self.forward, self.settings.seed)
        return network

    def _whole_images(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of unchanged images, as the network will see them: without a gray border."""
        height, width = self.data.folder.read_labels(0).shape
        size = network_size((height, width), self.info.input_size)
        plain = AugmentedFolder(self.data.folder, size, UNCHANGED, self.settings.seed)
        keys = self.data.plan.spread(self.settings.statistics_images)
        return load_batches(plain, keys, self.settings.workers)
