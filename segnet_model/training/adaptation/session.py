"""Session of an adaptation: student, teacher and optimizer, step by step."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segnet_model.networks.blocks import channels_last
from segnet_model.networks.inputs import Normalize
from segnet_model.networks.outputs import class_logits
from segnet_model.training.adaptation.frames import RecordedFrames
from segnet_model.training.adaptation.old_data import OldData
from segnet_model.training.adaptation.settings import AdaptSettings
from segnet_model.training.adaptation.teacher import (
    ClassThresholds,
    class_mix,
    coded,
    decoded,
    probabilities,
)
from segnet_model.training.augment import augment
from segnet_model.training.augment_settings import AugmentSettings
from segnet_model.training.averaging import WeightAverage, hold_statistics
from segnet_model.training.class_weights import count_classes, median_frequency
from segnet_model.training.optimization import autocast_dtype, learning_rate_factor, make_optimizer
from segnet_model.training.settings import TrainSettings
from segnet_model.weights.model_info import ModelInfo

STRONG = AugmentSettings(
    scale_min=0.75, scale_max=1.6, brightness=0.4, contrast=0.4, saturation=0.5, hue=0.06,
    blur=1.5, noise=0.04,
)  # fmt: skip
MIXED = 0.5  # share of the frames that get classes of another image
BALANCE = 0.25  # exponent of the class weights
WARM_UP, CLIP_NORM = 0.05, 5.0
Sample = tuple[np.ndarray, np.ndarray]  # image (h, w, 3) uint8 and codes (h, w) uint16


class Session:
    """Student, teacher and optimizer after a number of steps.

    Attributes:
        step: number of steps that are done.
        network: the student.
        average: the teacher, an average of the student over the steps.
        thresholds: of the classes.
        rate: factor of the learning rate, which the guard lowers.
        half: number format of the convolutions; None for float32.
    """

    def __init__(
        self, network: nn.Module, info: ModelInfo, frames: RecordedFrames, settings: AdaptSettings,
        device: torch.device,
    ) -> None:  # fmt: skip
        """Begin with the weights of a network, which is changed."""
        self.info, self.settings, self.frames, self.device = info, settings, frames, device
        self.step, self.rate = 0, 1.0
        self.network = channels_last(network.to(device)).eval()
        self.half = autocast_dtype(settings.precision, device)
        self.thresholds = ClassThresholds(info.labels.num_classes, settings.keep)
        self._normalize = Normalize(info.mean, info.std, device)
        self.restart(self.network)

    def restart(self, network: nn.Module) -> None:
        """Go on from the weights of a network, with a fresh teacher and optimizer."""
        self.network.load_state_dict(network.state_dict())
        self.average = WeightAverage(self.network, self.settings.average, ramp=False)
        self.average.network.eval()
        learning = TrainSettings(learning_rate=self.settings.learning_rate)
        self.optimizer = make_optimizer(self.network, learning)

    @property
    def teacher(self) -> nn.Module:
        """The averaged network, in eval mode."""
        return self.average.network

    def learn_old(self, old: OldData) -> None:
        """Set the old data to learn from, and the classes' weights by it."""
        self._old = old.learned
        weights = median_frequency(count_classes(old.learned)) ** BALANCE
        self._weights = torch.from_numpy(weights).float().to(self.device)

    def forward(self, network: nn.Module, images: Tensor) -> Tensor:
        """Run a network on (N, h, w, 3) uint8 RGB, its convolutions in half precision."""
        x = self._normalize(images.to(self.device))
        with torch.autocast(x.device.type, self.half, enabled=self.half is not None):
            logits: Tensor = network(x)
        return logits

    def train_step(self) -> float:
        """Take one step; returns the loss before it. All randomness is by seed and step."""
        rng = np.random.default_rng([self.settings.seed, self.step])
        torch.manual_seed(self.settings.seed + self.step)
        samples = self._samples(rng)
        images = torch.from_numpy(np.stack([image for image, _ in samples]))
        labels, sure = decoded(np.stack([codes for _, codes in samples]))
        self.network.train()  # for dropout
        hold_statistics(self.network)  # since batches of two worlds have none
        logits = class_logits(self.forward(self.network, images), self.info.activation)
        loss = self._loss(logits, torch.from_numpy(labels), torch.from_numpy(sure))
        self._update(loss)
        return float(loss.detach())

    def _update(self, loss: Tensor) -> None:
        factor = learning_rate_factor("cosine", WARM_UP, self.step, self.settings.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * factor * self.rate
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.network, self.step)

    def _loss(self, logits: Tensor, labels: Tensor, sure: Tensor) -> Tensor:
        """Mean cross-entropy of the frames by the teacher's confidence, plus that of old images."""
        labels, sure = labels.to(self.device), sure.to(self.device)
        known = labels != self.info.labels.ignore_id
        targets = labels.where(known, 0)
        errors = F.cross_entropy(logits.float(), targets, reduction="none")
        weights = self._weights[targets] * sure * known
        new, count = errors.new_zeros(()), self.settings.batch_size
        for part in (slice(count), slice(count, None)):
            total = (errors[part] * weights[part]).sum()
            new = new + total / weights[part].sum().clamp_min(1e-9)
        return new

    def _samples(self, rng: np.random.Generator) -> list[Sample]:
        """Frames with the teacher's labels, strongly changed, then old images."""
        ignore, size = self.info.labels.ignore_id, self.settings.batch_size
        chosen = rng.integers(len(self.frames.learned), size=size)
        frames = [self.frames.learned[index] for index in chosen]
        new = [self._changed(*each, rng) for each in zip(frames, self._codes(frames), strict=True)]
        old = [self._changed(*self._old_sample(int(index)), rng)
               for index in rng.integers(len(self._old), size=size)]  # fmt: skip
        donors = [(image.copy(), codes.copy()) for image, codes in new + old]
        for place, (image, codes) in enumerate(new):
            if rng.random() < MIXED:
                other = (place + 1 + int(rng.integers(len(donors) - 1))) % len(donors)
                class_mix(image, codes, donors[other], ignore, rng)
        return new + old

    def _codes(self, frames: list[np.ndarray]) -> list[np.ndarray]:
        """The teacher's labels of frames, where it is sure."""
        chances = probabilities(self.teacher, frames, self.forward, self.info.activation)
        best, ids = (each.cpu().numpy() for each in chances.max(1))
        labels, confidence = ids.astype(np.uint8), best.astype(np.float32)
        self.thresholds.update(labels, confidence)
        known = self.thresholds.known(labels, confidence)
        return list(coded(labels, confidence, known, self.info.labels.ignore_id))

    def _old_sample(self, index: int) -> Sample:
        image, labels = self._old.read(index)
        known = labels != self.info.labels.ignore_id
        sure = np.full(labels.shape, 1.0, np.float32)
        return image, coded(labels, sure, known, self.info.labels.ignore_id)

    def _changed(self, image: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> Sample:
        """A strongly changed crop, both parts fit to be written to."""
        ignore, size = self.info.labels.ignore_id, self.info.input_size
        height, width = (min(pair) for pair in zip(self.settings.crop_size, size, strict=True))
        image, codes = augment(image, codes, size, ignore, STRONG, rng, (height, width))
        return image.copy(), codes.copy()

    def copy_of_teacher(self) -> nn.Module:
        """A copy of the teacher, to be kept or measured."""
        return deepcopy(self.teacher)
