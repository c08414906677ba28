"""Training: a folder of labelled images in, a weights file out, to be resumed at any step."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.checkpoint import (
    ModelInfo,
    load_weights,
    read_tensors,
    save_weights,
    write_tensors,
)
from segnet_model.data.augment import AugmentSettings
from segnet_model.data.camvid import LabelledFolder, has_split, load_label_set, open_split
from segnet_model.data.loading import AugmentedFolder, BatchPlan, load_batches
from segnet_model.errors import SegNetError, SettingsError, WeightsError
from segnet_model.evaluation import evaluate
from segnet_model.losses import cross_entropy, median_frequency_weights
from segnet_model.networks.blocks import channels_last
from segnet_model.predictor import Predictor, choose_device, find_weights
from segnet_model.preprocess import network_size, normalise
from segnet_model.tracking import Tracker

logger = logging.getLogger(__name__)

WEIGHTS_FILE = "weights.safetensors"
STATE_FILE = "training_state.safetensors"
STATE_KEY = "segnet_training"


@dataclass(frozen=True)
class TrainSettings:
    """How to train; the defaults suit a few hundred images of one robot's camera."""

    network: str = "segnet_basic"
    network_settings: dict[str, Any] = field(default_factory=dict)
    input_size: tuple[int, int] | None = None  # (height, width); None: half the images' sides
    labels: str | None = None  # a label set's name or YAML file; None: the data set's own
    epochs: int = 60
    batch_size: int = 8
    learning_rate: float = 2e-3  # the highest; it rises for a twentieth of the steps, then falls
    weight_decay: float = 1e-2
    balance: float = 0.5  # power of the median-frequency weights: 1 as in the paper, 0 for none
    clip_norm: float = 5.0
    init: str | None = None  # weights to start from; tensors of another shape start fresh
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    seed: int = 0
    workers: int = 1
    device: str = "auto"
    evaluate_every: int = 10  # epochs
    save_every_s: float = 60.0
    license: str = "unknown"  # of the weights, which is for the data's owner to say

    def __post_init__(self) -> None:
        """Refuse what cannot work, by name and with the mend."""
        for name in ("epochs", "batch_size", "evaluate_every"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)}; give at least 1")
        for name in ("learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name} is {getattr(self, name)}; give more than 0")
        if self.input_size and min(self.input_size) < 32:
            raise SettingsError(f"input size {self.input_size} is below 32 pixels a side")


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
            run.save_weights()
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
        self.info = ModelInfo(
            settings.network,
            label_set,
            settings.input_size or _half_size(folder),
            settings.network_settings,
            license=settings.license,
            training={"dataset": dataset.resolve().name, "images": len(folder), **_plain(settings)},
        )
        torch.manual_seed(settings.seed)
        network = self.info.build()
        if settings.init:
            _start_from(network, settings.init)
        self.network = channels_last(network.to(self.device))
        self.optimizer = _optimizer(self.network, settings)
        self.data = AugmentedFolder(folder, self.info.input_size, settings.augment, settings.seed)
        self.plan = BatchPlan(len(folder), settings.batch_size, settings.seed)
        self.steps = self.plan.steps_per_epoch * settings.epochs
        self.steps_per_evaluation = self.plan.steps_per_epoch * settings.evaluate_every
        self.step = 0
        self.miou: float | None = None
        weights = median_frequency_weights(folder, settings.balance)
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
        torch.manual_seed(self.settings.seed + self.step)  # dropout's draws, when resumed too
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate
        self.network.train()
        x = normalise(images.to(self.device), self.info.mean, self.info.std)
        # Half precision for the convolutions alone; weights, sums and the loss stay in float32.
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network(x)
        truth = labels.to(self.device).long()
        loss = cross_entropy(logits, truth, self.class_weights, self.info.labels.ignore_id)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.step += 1
        return loss.item()

    def measure(self) -> None:
        """Measure the network on val, at the labels' full size."""
        if self.val is None:
            return
        predictor = Predictor(deepcopy(self.network), self.info, str(self.device))
        self.miou = evaluate(predictor, self.val).mean_iou

    def progress(self, tracker: Tracker) -> Progress:
        epoch = (self.step - 1) // self.plan.steps_per_epoch + 1
        elapsed, left = tracker.seconds()
        return Progress(
            epoch, self.settings.epochs, self.step, self.steps, tracker.loss,
            self.learning_rate, self.miou, elapsed, left,
        )  # fmt: skip

    def save_weights(self) -> None:
        metrics = {} if self.miou is None else {"val_miou": round(self.miou, 4)}
        training = {**self.info.training, "step": self.step, "steps": self.steps}
        info = ModelInfo(**{**vars(self.info), "training": training, "metrics": metrics})
        save_weights(self.weights_path, self.network, info, torch.float16)

    def save_state(self) -> None:
        """Write everything that `resume` needs."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
        tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
        state = {"step": self.step, "miou": self.miou, "settings": _plain(self.settings)}
        write_tensors(self.out / STATE_FILE, tensors, {STATE_KEY: json.dumps(state)})

    def resume(self) -> None:
        """Take up the state in the output folder, if there is one."""
        path = self.out / STATE_FILE
        if not path.exists():
            return
        try:
            tensors, metadata = read_tensors(path)
            state = json.loads(metadata[STATE_KEY])
        except (KeyError, ValueError, WeightsError) as error:
            raise WeightsError(f"state {path}: {error}; delete it to start afresh") from None
        self._check_settings(state["settings"])
        self.network.load_state_dict(_below("network.", tensors))
        self.optimizer.load_state_dict(self._optimizer_state(_below("optimizer.", tensors)))
        self.step, self.miou = state["step"], state["miou"]
        logger.info("going on from step %d of %d", self.step, self.steps)

    def _optimizer_state(self, tensors: dict[str, Tensor]) -> dict[str, Any]:
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
        return {**self.optimizer.state_dict(), "state": state}

    def _check_settings(self, before: dict[str, Any]) -> None:
        now = json.loads(json.dumps(_plain(self.settings)))
        changed = [f"{k} {before.get(k)} -> {now[k]}" for k in now if before.get(k) != now[k]]
        if changed:
            raise SettingsError(
                f"{self.out} holds a run with other settings ({', '.join(changed)}); "
                "give the same ones to go on, or another folder to start afresh"
            )


def _half_size(folder: LabelledFolder) -> tuple[int, int]:
    height, width = folder.read(0)[1].shape
    return network_size((height, width), (height // 2, width // 2))


def _plain(settings: TrainSettings) -> dict[str, Any]:
    """The settings that shape the result; where it runs and how often it reports do not."""
    values = asdict(settings)
    for name in ("device", "workers", "save_every_s"):
        del values[name]
    return values


def _optimizer(network: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """AdamW; biases and batch normalisation are not decayed, having no direction to shrink."""
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def _start_from(network: nn.Module, weights: str) -> None:
    """Copy every tensor that has its match in a weights file."""
    source = load_weights(find_weights(weights))[0].state_dict()
    own = network.state_dict()
    fitting = {k: v for k, v in source.items() if k in own and v.shape == own[k].shape}
    network.load_state_dict({**own, **fitting})
    logger.info("started from %s: %d of %d tensors", weights, len(fitting), len(own))


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
