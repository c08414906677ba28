"""One training: all that it changes, step by step, and what it leaves behind."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.base.errors import SegNetError
from segnet_model.datasets.folder import LabelledFolder, has_split, load_label_set, open_split
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.assess import evaluate
from segnet_model.inference.predictor import Predictor
from segnet_model.networks.blocks import channels_last
from segnet_model.networks.inputs import Normalise, network_size
from segnet_model.networks.outputs import output_channels
from segnet_model.training.averaging import WeightAverage, recompute_statistics
from segnet_model.training.batch_norm import own_batch_norm, share_batch_norm
from segnet_model.training.before import check_crop, check_val, weigh_classes
from segnet_model.training.calibrating import calibrate
from segnet_model.training.class_weights import ClassCounts, count_classes
from segnet_model.training.loading import AugmentedFolder, BatchPlan, load_batches
from segnet_model.training.objective import Objective
from segnet_model.training.processes import Processes
from segnet_model.training.schedule import share_of_highest
from segnet_model.training.settings import UNCHANGED, TrainSettings
from segnet_model.training.start import autocast_dtype, make_optimizer, start
from segnet_model.training.state import TrainingState, check_same, save_state
from segnet_model.training.supervision import Supervised
from segnet_model.training.tracking import OnProgress, Tracker, answers
from segnet_model.weights.checkpoint import save_weights

logger = logging.getLogger(__name__)

WEIGHTS_FILE = "weights.safetensors"
STATE_FILE = "training_state.safetensors"


class Stopped(Exception):  # noqa: N818 - no error, but a wish come true
    """Leads out of whatever is being done."""


class Run:
    """Network, optimiser, and how far they have come.

    Attributes:
        step: steps that are done.
        steps: how many there will be.
        weights_path: where the weights are, or will be.
        half: the half precision of the convolutions, None for float32.
    """

    def __init__(
        self, dataset: Path, out: Path, settings: TrainSettings, processes: Processes,
        on_progress: OnProgress, should_stop: Callable[[], bool],
    ) -> None:  # fmt: skip
        """Get ready for the first step; see `train` for the arguments."""
        self.settings, self.out, self.dataset, self.processes = settings, out, dataset, processes
        self._on_progress, self._should_stop = on_progress, should_stop
        self.device, self.weights_path = processes.device, out / WEIGHTS_FILE
        label_set = load_label_set(dataset, settings.labels)
        self.folder = open_split(dataset, "train", label_set)
        self.val = open_split(dataset, "val", label_set) if has_split(dataset, "val") else None
        self.plan = BatchPlan(len(self.folder), settings.batch_size, settings.seed)
        self.steps = self.plan.steps_per_epoch * settings.epochs
        self.steps_per_evaluation = self.plan.steps_per_epoch * settings.evaluate_every
        self.step = self.measured_at = self.best_at = 0
        self.miou: float | None = None
        self.best: float | None = None
        self.tracker = Tracker(self.steps, settings.epochs)
        check_val(self.val, settings, dataset, self._count)
        class_weights = weigh_classes(self.folder, settings, self._count).to(self.device)
        self.fingerprint = self.folder.fingerprint()  # reads every label file: once, not a save
        torch.manual_seed(settings.seed)
        network, self.info = start(settings, label_set, self.folder, dataset.resolve().name)
        check_crop(settings, self.info.input_size)
        self.loss = Objective(settings, self.info, class_weights)
        channels = output_channels(label_set.num_classes, self.info.activation)
        supervised = Supervised(network, channels, inner=settings.supervision > 0)
        self.network, self.trained = network, channels_last(supervised.to(self.device))
        if processes.count > 1:
            share_batch_norm(self.network)
        self._learner = processes.joined(self.trained)
        self.average = WeightAverage(self.network, settings.average) if settings.average else None
        self._normalise = Normalise(self.info.mean, self.info.std, self.device)
        self.half = autocast_dtype(settings.precision, self.device)
        self.optimizer = make_optimizer(self.trained, settings)
        self.data = AugmentedFolder(
            self.folder, self.info.input_size, settings.augment, settings.seed, settings.crop_size
        )

    def _count(self, folder: LabelledFolder) -> ClassCounts:
        return count_classes(folder, lambda index: self.tell("counting classes"))

    @property
    def learning_rate(self) -> float:
        """Of the step under way."""
        of_highest = share_of_highest(
            self.settings.schedule, self.settings.warm_up, self.step, self.steps
        )
        return self.settings.learning_rate * of_highest

    @property
    def is_due(self) -> bool:
        """Whether this is a step after which val is measured."""
        return self.step == self.steps or self.step % self.steps_per_evaluation == 0

    @property
    def waited_enough(self) -> bool:
        """Whether val has not become better for as long as the patience lasts."""
        epochs = (self.measured_at - self.best_at) / self.plan.steps_per_epoch
        return 0 < self.settings.patience <= epochs

    def go(self) -> None:
        """Take all steps that are left.

        Raises:
            Stopped: somebody wished so.
            SegNetError: the loss is no number any more, or grows and grows.
        """
        self.tracker.begin(self.out / "tensorboard" if self.processes.first else None, self.step)
        saved = time.monotonic()
        if self.step and self.is_due and self.measured_at < self.step:  # stopped in between
            self.measure()
        for images, labels in self.batches():
            if self.waited_enough:
                logger.info("val has not become better for %d epochs", self.settings.patience)
                break
            loss = self.learn(images, labels)
            if not math.isfinite(loss):
                raise SegNetError(f"the loss is {loss} at step {self.step}; {_MEND}")
            self.tracker.step(self.step, loss, self.learning_rate)
            if self.tracker.diverges:
                raise SegNetError(f"the loss grew to {loss:.3g} by step {self.step}; {_MEND}")
            self.tell("training")
            if self.is_due:
                self.measure()
            if time.monotonic() - saved > self.settings.save_every_s:
                self.save_state()
                saved = time.monotonic()

    def finish(self) -> None:
        """Let the weights know how sure they may be, and keep that all is done."""
        if not self.weights_path.exists():  # of a training that was finished before
            self.best = None
            self.measure()
        self.save_state()
        if self.processes.first and self.val is not None:
            calibrate(
                self.weights_path, self.info.network, self.val, str(self.device),
                lambda share: self.tell("calibrating"), self.settings.seed,
            )  # fmt: skip

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's part of each batch that is left."""
        batches = self.plan.batches(self.step, self.steps)
        return load_batches(self.data, map(self.processes.share, batches), self.settings.workers)

    def learn(self, images: Tensor, labels: Tensor) -> float:
        """Take one step; returns the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self._learner.train()
        # For dropout, also after a resume; each process draws its own masks.
        torch.manual_seed(self.settings.seed + self.step + (self.processes.rank << 32))
        said = self.forward(self._learner, images)
        loss = self.loss(said, labels.to(self.device).long())
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.trained.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.step += 1
        if self.average:
            self.average.update(self.network, self.step)
        return self.processes.mean(loss.detach())

    def forward(self, network: nn.Module, images: Tensor) -> Any:
        """What a network says of (N, h, w, 3) uint8 RGB; its convolutions are in half precision."""
        x = self._normalise(images.to(self.device))
        with torch.autocast(self.device.type, self.half, enabled=self.half is not None):
            return network(x)

    def measure(self) -> None:
        """Measure on val, at the labels' full size, and keep the weights that are to be kept."""
        if self.processes.first:
            self._measure(self.answering())
        self.measured_at = self.step
        self.best_at = self.processes.from_first(self.best_at)

    def _measure(self, network: nn.Module) -> None:
        predictor = Predictor(TorchEngine(deepcopy(network), self.info, str(self.device)))
        if self.val is None:
            self.tracker.drawn("train/answers", self.step, answers(predictor, self.folder))
        else:
            self.miou = evaluate(predictor, self.val, lambda i: self.tell("measuring")).mean_iou
            self.tracker.measured(self.step, self.miou)
            self.tracker.drawn("val/answers", self.step, answers(predictor, self.val))
            self.tell("measuring")
        better = self.best is None or self.miou is None or self.miou > self.best
        if better:
            self.best, self.best_at = self.miou, self.step
        if better or not self.settings.patience:
            self._save_weights(network)

    def answering(self) -> nn.Module:
        """A copy of the network as it is to be used: averaged, with statistics of its own."""
        source = self.average.network if self.average else self.network
        network = own_batch_norm(deepcopy(source))
        height, width = self.folder.read_labels(0).shape
        size = network_size((height, width), self.info.input_size)  # without a grey border
        plain = AugmentedFolder(self.folder, size, UNCHANGED, self.settings.seed)
        keys = self.plan.spread(self.settings.statistics_images)
        batches = load_batches(plain, keys, self.settings.workers)
        recompute_statistics(
            network, (images for images, _ in batches), self.forward, self.settings.seed
        )
        return network

    def _save_weights(self, network: nn.Module) -> None:
        metrics = {} if self.miou is None else {"val_miou": round(self.miou, 4)}
        training = {**self.info.training, "step": self.step, "steps": self.steps}
        info = replace(self.info, training=training, metrics=metrics)
        save_weights(self.weights_path, network, info, torch.float16)

    def tell(self, phase: str) -> None:
        """Report, and leave by `Stopped` where somebody wishes to stop."""
        self._on_progress(self.tracker.progress(phase, self.miou))
        wish = self._should_stop()
        # Only in training are all processes at the same place, and can agree.
        if self.processes.any(wish) if phase == "training" else wish and self.processes.count == 1:
            raise Stopped

    def save_state(self) -> None:
        """Write everything that `resume` needs."""
        facts = {
            "step": self.step, "miou": self.miou, "measured_at": self.measured_at,
            "best": self.best, "best_at": self.best_at, "settings": self.settings.shaping(),
            "data": self.fingerprint,
        }  # fmt: skip
        if self.processes.first:
            average = self.average.network if self.average else None
            save_state(self.out / STATE_FILE, self.trained, average, self.optimizer, facts)

    def resume(self) -> None:
        """Take up the state in the output folder, if there is one."""
        path = self.out / STATE_FILE
        if not path.exists():
            return
        state = TrainingState.read(path)
        check_same(state.facts, self.settings, self.fingerprint, self.dataset, self.out)
        state.restore(self.trained, self.optimizer)
        if self.average:
            state.restore_average(self.average)
        for name in ("step", "miou", "measured_at", "best", "best_at"):
            setattr(self, name, state.facts[name])
        if self.step == self.steps:
            logger.info("this training is finished; give another folder for a new one")
        else:
            logger.info("going on from step %d of %d", self.step, self.steps)


_MEND = "lower the learning rate; the last saved state is left as it was"
