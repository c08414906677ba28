"""Training: a folder of labelled images in, a weights file out, to be resumed at any step."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import torch

from segnet_model.base.errors import DeviceMemoryError, SettingsError
from segnet_model.training.lock import locked
from segnet_model.training.processes import Processes, processes_of
from segnet_model.training.run import Run, Stopped
from segnet_model.training.settings import TrainSettings
from segnet_model.training.tracking import OnProgress

logger = logging.getLogger(__name__)


def train(
    dataset: Path,
    out: Path,
    settings: TrainSettings,
    on_progress: OnProgress = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path | None:
    """Train a network, or go on where an interrupted run left off.

    The same data, settings and seed give the same weights, interrupted or not. Started by
    `torchrun`, the processes share each batch and give what one would, up to rounding.

    Args:
        dataset: a folder as `segnet_model.datasets.folder` describes it; `val` may be missing.
        out: gets the weights, the state to resume from and TensorBoard's events.
        settings: how to train.
        on_progress: called after every step, and while classes are counted or val is measured.
        should_stop: asked as often; True leaves a state to resume from.

    Returns:
        The weights file, or None when stopped before the end.

    Raises:
        DatasetError: the data set lacks files or holds labels that do not fit.
        SettingsError: the settings do not work, or out holds a run with other settings, or one
            that is still going on.
        SegNetError: the loss is no number any more, or grows and grows; or TensorBoard's events
            cannot be written.
        WeightsError: a file cannot be written; the last whole state stays.
        DeviceMemoryError: the GPU has too little memory.
    """
    with processes_of(settings.device, settings.batch_size) as processes:
        if not processes.first:
            return _train(dataset, out, settings, processes, lambda p: None, should_stop)
        with locked(out):
            return _train(dataset, out, settings, processes, on_progress, should_stop)


def _train(
    dataset: Path, out: Path, settings: TrainSettings, processes: Processes,
    on_progress: OnProgress, should_stop: Callable[[], bool],
) -> Path | None:  # fmt: skip
    try:
        run = Run(dataset, out, settings, processes, on_progress, should_stop)
    except Stopped:  # before the first step
        return None
    run.resume()
    if processes.from_first(run.step) != run.step:
        raise SettingsError(
            f"the processes see different states in {out}; let all share the folder"
        )
    try:
        run.go()
        run.finish()
    except Stopped:
        run.save_state()
        logger.info("stopped at step %d; run the same command to go on", run.step)
        return None
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceMemoryError(
            f"{str(error).splitlines()[0]}; lower batch_size, crop_size or input_size"
        ) from None
    finally:
        run.tracker.end()
    return run.weights_path
