"""Train a network on labeled images."""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.base.terminal import raw
from segnet_model.commands import arguments
from segnet_model.training.augment_settings import AUGMENTATION
from segnet_model.training.settings import (
    DATA,
    LOSS,
    MACHINE,
    NETWORK,
    SCHEDULE,
    TrainSettings,
)

if TYPE_CHECKING:
    from tqdm import tqdm

    from segnet_model.training.tracking import Progress

EPILOG = f"""\
DATASET holds images in train/ and their labels, under the same names, in trainannot/; to evaluate
on while training, val/ and valannot/. Labels are PNGs of class ids or of the label set's colors.

From the default weights, {DEFAULT_WEIGHTS}; from those of a smaller network for a slow robot; from
your own; and from random weights:

  segnet train my_yard --out runs/yard
  segnet train my_yard --out runs/small --network segnet_basic
  segnet train my_yard --out runs/more --init runs/yard/weights.safetensors --epochs 30
  segnet train my_yard --out runs/scratch --network segnet_basic --init none

Labels of one label set can train weights of another:

  segnet train camvid --out runs/outdoor --map-to outdoor

Ctrl-C stops after the current step; the same command resumes. TensorBoard shows the curves and some
predictions:

  tensorboard --logdir runs

Several GPUs, or machines that share the folder of --out, share each batch:

  torchrun --nproc-per-node 4 -m segnet_model.cli train my_yard --out runs/yard --batch-size 32
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    headings = (DATA, NETWORK, SCHEDULE, LOSS, AUGMENTATION, MACHINE)
    groups = {heading: parser.add_argument_group(heading) for heading in headings}
    groups[DATA].add_argument(
        "dataset", type=Path, help="folder with train/, trainannot/, val/, valannot/"
    )
    groups[DATA].add_argument(
        "--out", type=Path, required=True, help="folder for the weights and the training state"
    )
    arguments.add_overwrite(groups[DATA])
    options.add_arguments(parser, TrainSettings, groups)
    arguments.add_map_file(groups[DATA])


def run(args: argparse.Namespace) -> None:
    """Train, with a progress bar, or in a log with lines."""
    from tqdm.contrib.logging import logging_redirect_tqdm

    from segnet_model.base.signals import stop_on_signals
    from segnet_model.training.trainer import train

    settings = options.from_arguments(TrainSettings, args)
    if args.map_file:
        both = {**arguments.file_map(args), **(settings.class_map or {})}
        settings = replace(settings, class_map=both)
    with stop_on_signals() as should_stop, _Bar() as bar, logging_redirect_tqdm():
        weights = train(args.dataset, args.out, settings, bar.show, should_stop)
    print(f"weights: {weights}" if weights else "stopped; run the same command to go on")


class _Bar:
    """Progress bar that appears with the first progress, and not with an early error."""

    def __init__(self) -> None:
        from segnet_model.base.progress import LogLines, shows_bars

        self._lines = None if shows_bars() else LogLines()
        self._bar: tqdm | None = None
        self._began = False

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Show the progress; steps of an earlier run do not count for the time left."""
        from tqdm import tqdm

        from segnet_model.training.tracking import describe

        if self._lines is not None:
            self._lines.show(lambda: describe(progress))
            return
        if self._bar is None:
            self._bar = tqdm(
                total=progress.steps, unit="step", dynamic_ncols=True, file=raw(sys.stderr)
            )
        bar = self._bar
        if not self._began:
            self._began = progress.phase == "training"
            bar.initial = progress.step - self._began
        bar.n = progress.step
        # The clock of training restarts after the classes are counted.
        bar.start_t = bar.last_print_t = time.time() - progress.seconds_elapsed
        bar.set_description(_doing(progress), refresh=False)
        bar.set_postfix_str(_reached(progress))


def _doing(progress: Progress) -> str:
    epoch = [f"epoch {progress.epoch}/{progress.epochs}"] if progress.epoch else []
    return ", ".join(epoch + ([] if progress.phase == "training" else [progress.phase]))


def _reached(progress: Progress) -> str:
    loss = [] if math.isnan(progress.loss) else [f"loss {progress.loss:.3f}"]
    return ", ".join(loss + ([] if progress.miou is None else [f"val mIoU {progress.miou:.3f}"]))
