"""Training: a folder of labelled images in, a weights file out, to be resumed at any step."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.checkpoint import save_weights
from segnet_model.data.camvid import has_split, load_label_set, open_split
from segnet_model.data.loading import AugmentedFolder, BatchPlan, load_batches
from segnet_model.engines.torch_engine import TorchEngine, choose_device
from segnet_model.errors import DatasetError, SegNetError, SettingsError
from segnet_model.evaluation import evaluate
from segnet_model.losses import LOSSES, median_frequency_weights
from segnet_model.networks.blocks import channels_last
from segnet_model.outputs import class_logits
from segnet_model.predictor import Predictor
from segnet_model.preprocess import Normalise
from segnet_model.settings import TrainSettings
from segnet_model.temperature import fit_temperatures, temperatures
from segnet_model.tracking import Tracker
from segnet_model.training_start import make_optimizer, start
from segnet_model.training_state import TrainingState, save_state

logger = logging.getLogger(__name__)

WEIGHTS_FILE = "weights.safetensors"
STATE_FILE = "training_state.safetensors"


@dataclass(frozen=True)
class Progress:
    """How far training has come."""

    epoch: int  # the one under way, from 1
    epochs: int
    step: int  # done, from 1
    steps: int
    loss: float  # running mean
    learning_rate: float
    miou: float | None  # on val at the last measurement, 0 to 1
    seconds_elapsed: float
    seconds_left: float


def train(
    dataset: Path,
    out: Path,
    settings: TrainSettings,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path | None:
    """Train a network, or go on where an interrupted run left off.

    The same data, settings and seed give the same weights, interrupted or not.

    Args:
        dataset: a folder as `segnet_model.data.camvid` describes it; `val` may be missing.
        out: gets the weights, the state to resume from and TensorBoard's events.
        settings: how to train.
        on_progress: called after every step.
        should_stop: asked after every step; True leaves a state to resume from.

    Returns:
        The weights file, or None when stopped before the end.

    Raises:
        DatasetError: the data set lacks files or holds labels that do not fit.
        SettingsError: the settings do not work, or out holds a run with other settings.
        SegNetError: the loss is no number any more.
        WeightsError: a file cannot be written; the last whole state stays.
    """
    run = _Run(dataset, out, settings)
    run.resume()
    if run.step == run.steps:
        logger.info("this training is finished; give more epochs or another folder for a new one")
        if not run.weights_path.exists():
            run.save_weights(calibrated=True)
    tracker = Tracker(out / "tensorboard", run.steps, run.step)
    saved = time.monotonic()
    for images, labels in run.batches():
        loss = run.learn(images, labels)
        if not math.isfinite(loss):
            raise SegNetError(f"the loss is {loss} at step {run.step}; lower the learning rate")
        tracker.step(run.step, loss, run.learning_rate)
        if run.step == run.steps or run.step % run.steps_per_evaluation == 0:
            run.measure()
            tracker.measured(run.step, run.miou)
            run.save_weights(calibrated=run.step == run.steps)
        on_progress(run.progress(tracker))
        stop = should_stop() and run.step < run.steps
        if stop or run.step == run.steps or time.monotonic() - saved > settings.save_every_s:
            run.save_state()
            saved = time.monotonic()
        if stop:
            logger.info("stopped at step %d; run the same command to go on", run.step)
            return None
    return run.weights_path


class _Run:
    """Everything that one training changes: network, optimiser, and how far it has come."""

    def __init__(self, dataset: Path, out: Path, settings: TrainSettings) -> None:
        self.settings, self.out, self.dataset = settings, out, dataset
        label_set = load_label_set(dataset, settings.labels)
        folder = open_split(dataset, "train", label_set)
        self.val = open_split(dataset, "val", label_set) if has_split(dataset, "val") else None
        self.device = choose_device(settings.device)
        torch.manual_seed(settings.seed)
        network, self.info = start(settings, label_set, folder, dataset.resolve().name)
        self.network = channels_last(network.to(self.device))
        self.normalise = Normalise(self.info.mean, self.info.std, self.device)
        self.optimizer = make_optimizer(self.network, settings)
        self.data = AugmentedFolder(folder, self.info.input_size, settings.augment, settings.seed)
        self.plan = BatchPlan(len(folder), settings.batch_size, settings.seed)
        self.steps = self.plan.steps_per_epoch * settings.epochs
        self.steps_per_evaluation = self.plan.steps_per_epoch * settings.evaluate_every
        self.step = 0
        self.miou: float | None = None
        logger.info("counting the classes of %d images", len(folder))
        weights = median_frequency_weights(folder, settings.balance)
        self.fingerprint = folder.fingerprint()  # reads every label file, so once and not a save
        self.class_weights = torch.from_numpy(weights).to(self.device)
        out.mkdir(parents=True, exist_ok=True)

    @property
    def weights_path(self) -> Path:
        return self.out / WEIGHTS_FILE

    @property
    def learning_rate(self) -> float:
        """Rises linearly for a twentieth of the steps, then falls as half a cosine to zero."""
        warm = max(1, self.steps // 20)
        rise = min(1.0, (self.step + 1) / warm)
        done = max(0.0, (self.step - warm) / max(1, self.steps - warm))
        return self.settings.learning_rate * rise * (1 + math.cos(math.pi * done)) / 2

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        return load_batches(self.data, self.plan, self.step, self.steps, self.settings.workers)

    def learn(self, images: Tensor, labels: Tensor) -> float:
        """Take one step; returns the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self.network.train()
        torch.manual_seed(self.settings.seed + self.step)  # for dropout, also after a resume
        x = self.normalise(images.to(self.device))
        # Half precision for the convolutions alone; weights, sums and the loss stay in float32.
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network(x)
        truth = labels.to(self.device).long()
        loss = self.loss(class_logits(logits, self.info.activation), truth)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.step += 1
        return loss.item()

    def loss(self, logits: Tensor, truth: Tensor) -> Tensor:
        ignored = self.info.labels.ignore_id
        terms = LOSSES[self.settings.loss]
        return torch.stack([t(logits, truth, self.class_weights, ignored) for t in terms]).sum()

    def measure(self) -> None:
        """Measure the network on val, at the labels' full size."""
        if self.val is None:
            return
        self.miou = evaluate(Predictor(self.engine()), self.val).mean_iou

    def engine(self) -> TorchEngine:
        """The network as it is now, ready to answer."""
        return TorchEngine(deepcopy(self.network), self.info, str(self.device))

    def temperatures(self) -> dict[str, float]:
        """Fitted on val, where there is one; see `temperature`."""
        if self.val is None:
            return {}
        logger.info("fitting how sure the network is to how often it is right")
        return temperatures(fit_temperatures(self.engine(), self.val, seed=self.settings.seed))

    def progress(self, tracker: Tracker) -> Progress:
        epoch = (self.step - 1) // self.plan.steps_per_epoch + 1
        elapsed, left = tracker.seconds()
        return Progress(
            epoch, self.settings.epochs, self.step, self.steps, tracker.loss,
            self.learning_rate, self.miou, elapsed, left,
        )  # fmt: skip

    def save_weights(self, *, calibrated: bool) -> None:
        """Write the weights as they are now; calibrated ones take a little longer."""
        metrics = {} if self.miou is None else {"val_miou": round(self.miou, 4)}
        training = {**self.info.training, "step": self.step, "steps": self.steps}
        fitted = self.temperatures() if calibrated else {}
        info = replace(self.info, training=training, metrics=metrics, temperatures=fitted)
        save_weights(self.weights_path, self.network, info, torch.float16)

    def save_state(self) -> None:
        """Write everything that `resume` needs."""
        facts = {
            "step": self.step,
            "miou": self.miou,
            "settings": self.settings.shaping(),
            "data": self.fingerprint,
        }
        save_state(self.out / STATE_FILE, self.network, self.optimizer, facts)

    def resume(self) -> None:
        """Take up the state in the output folder, if there is one."""
        path = self.out / STATE_FILE
        if not path.exists():
            return
        state = TrainingState.read(path)
        self._check_same(state.facts)
        state.restore(self.network, self.optimizer)
        self.step, self.miou = state.facts["step"], state.facts["miou"]
        logger.info("going on from step %d of %d", self.step, self.steps)

    def _check_same(self, facts: dict[str, Any]) -> None:
        if facts["data"] != self.fingerprint:
            raise DatasetError(
                f"{self.dataset} has other images or labels than when the training in {self.out} "
                "began; train into another folder, with init naming the weights in this one"
            )
        before = facts["settings"]
        now = json.loads(json.dumps(self.settings.shaping()))
        changed = [f"{k} {before.get(k)} -> {now[k]}" for k in now if before.get(k) != now[k]]
        if changed:
            raise SettingsError(
                f"{self.out} holds a run with other settings ({', '.join(changed)}); "
                "give the same ones to go on, or another folder to start afresh"
            )
