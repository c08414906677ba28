"""Training: a folder of labeled images in, a weights file out, to be resumed at any step."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import torch

from segnet_model.base.atomic import check_output
from segnet_model.base.errors import DeviceMemoryError, SettingsError
from segnet_model.base.lock import locked
from segnet_model.training.defaults import log_advice, log_start
from segnet_model.training.estimate import log_plan
from segnet_model.training.preparation import TrainingData, weigh_classes
from segnet_model.training.processes import Processes, join_processes
from segnet_model.training.session import Session
from segnet_model.training.settings import TrainSettings
from segnet_model.training.state import resume, save_state
from segnet_model.training.tracking import OnProgress, Tracker
from segnet_model.training.validation import Validation

logger = logging.getLogger(__name__)

WEIGHTS_FILE = "weights.safetensors"
STATE_FILE = "training_state.safetensors"


def train(
    dataset: Path,
    out: Path,
    settings: TrainSettings,
    on_progress: OnProgress = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path | None:
    """Train a network, or resume an interrupted training.

    The same data, settings and seed give the same weights, interrupted or not. Started by
    `torchrun`, the processes share each batch and give the same weights up to rounding.

    Args:
        dataset: a folder as `segnet_model.datasets.folder` describes it; `val` may be missing.
        out: gets the weights, the state to resume from and TensorBoard's events.
        settings: how to train.
        on_progress: called after every step, and for each image that is counted or evaluated.
        should_stop: called as often; True stops and leaves a state to resume from.

    Returns:
        The weights file, or None when stopped before the end.

    Raises:
        DatasetError: the data set lacks files or holds labels that do not fit.
        SettingsError: the settings do not work, or out holds a training with other settings, or
            one that is still going on, or an adaptation, or weights that segnet did not write.
        SegNetError: the loss is not finite any more, or grows and grows; or TensorBoard's events
            cannot be written.
        WeightsError: a file cannot be written; the last whole state stays.
        DeviceMemoryError: the GPU has too little memory.

    Example:
        >>> from segnet_model.datasets.drives import write_dataset
        >>> write_dataset("drives", seeds=[1], frames=2, val=0.0, workers=1)
        (2, 0)
        >>> settings = TrainSettings(
        ...     network="segnet_basic", network_settings={"features": 4}, input_size=(32, 48),
        ...     epochs=1, batch_size=2, device="cpu",
        ... )
        >>> str(train(Path("drives"), Path("run"), settings))
        'run/weights.safetensors'
    """
    with (
        join_processes(settings.device, settings.batch_size) as processes,
        locked(out, "training") if processes.first else nullcontext(),
    ):
        if not (out / STATE_FILE).exists():
            check_output(out / WEIGHTS_FILE)
        report = on_progress if processes.first else lambda progress: None
        try:
            trainer = Trainer(dataset, out, settings, processes, report, should_stop)
        except _Stopped:  # before the first step
            return None
        return trainer.run()


class _Stopped(Exception):  # noqa: N818 - not an error
    """Raised to end the training early, when `should_stop` returns True."""


class Trainer:
    """One training from top to bottom: prepare, resume, take the steps, calibrate.

    Attributes:
        session: network, optimizer and average.
        validation: scores on val, and the weights file.
    """

    def __init__(
        self, dataset: Path, out: Path, settings: TrainSettings, processes: Processes,
        on_progress: OnProgress, should_stop: Callable[[], bool],
    ) -> None:  # fmt: skip
        """Prepare the first step, with the arguments of `train`."""
        self._on_progress, self._should_stop = on_progress, should_stop
        data = TrainingData.open(dataset, settings)
        settings = data.settings
        self._settings, self._out, self._processes = settings, out, processes
        if processes.first:
            log_start(settings)
            log_advice(data, dataset)
        self._tracker = Tracker(data.steps, settings.epochs)
        class_weights = weigh_classes(data, lambda: self._report("counting classes"))
        self.session = Session(data, class_weights, processes)
        self.validation = Validation(self.session, out / WEIGHTS_FILE, self._tracker, self._report)

    def run(self) -> Path | None:
        """Take the remaining steps; returns the weights file, or None when stopped."""
        self._resume()
        try:
            self._take_steps()
            self.validation.rewrite_missing_weights()
            self._save()
            self.validation.calibrate()
        except _Stopped:
            self._save()
            logger.info("stopped at step %d; run the same command to go on", self.session.step)
            return None
        except torch.cuda.OutOfMemoryError as error:
            raise DeviceMemoryError(
                f"{str(error).splitlines()[0]}; lower batch_size, crop_size or input_size"
            ) from None
        finally:
            self._tracker.end()
        return self.validation.weights_path

    def _take_steps(self) -> None:
        """Loop over the batches: take a step, evaluate and save when due."""
        session, validation, tracker = self.session, self.validation, self._tracker
        events = self._out / "tensorboard" if self._processes.first else None
        log_plan(session)
        tracker.begin(events, session.step, validation.scores.miou)
        saved_at = time.monotonic()
        if validation.is_due:  # stopped between a step and its measurement
            validation.measure()
        for images, labels in session.batches():
            if validation.patience_is_over:
                logger.info("val mIoU has not improved for %d epochs", self._settings.patience)
                break
            loss = session.train_step(images, labels)
            tracker.add_step(session.step, loss, session.learning_rate)
            self._report("training")
            if validation.is_due:
                validation.measure()
            if time.monotonic() - saved_at > self._settings.save_every_s:
                self._save()
                saved_at = time.monotonic()

    def _resume(self) -> None:
        """Resume from the state in the output folder, if there is one."""
        resume(self._out / STATE_FILE, self.session, self.validation.scores)
        if self._processes.from_first(self.session.step) != self.session.step:
            raise SettingsError(
                f"the processes see different states in {self._out}; let all share the folder"
            )

    def _save(self) -> None:
        if self._processes.first:
            save_state(self._out / STATE_FILE, self.session, self.validation.scores)

    def _report(self, phase: str) -> None:
        """Report the progress; raises _Stopped when the training should stop."""
        self._on_progress(self._tracker.progress(phase))
        stop = self._should_stop()
        # All processes reach the same place, and can agree, only in training.
        if self._processes.any(stop) if phase == "training" else stop and self._processes.alone:
            raise _Stopped
