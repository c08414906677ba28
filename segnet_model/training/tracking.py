"""Progress of a training: running loss, remaining time, curves and pictures."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segnet_model.base.errors import SegNetError

if TYPE_CHECKING:
    from segnet_model.training.events import Events

logger = logging.getLogger(__name__)

SMOOTHING = 0.95  # decay of the running loss: about twenty steps
DIVERGED = 10.0  # times the lowest running loss
# Growth from less is harmless: images without labels have no loss.
LOWEST_LOSS = 0.1
MEND = "lower the learning rate; the last saved state is left as it was"


@dataclass(frozen=True)
class Progress:
    """Progress of a training."""

    phase: str  # "counting classes", "training", "measuring" or "calibrating"
    epoch: int  # current one, from 1; 0 before the first step is done
    epochs: int
    step: int  # done
    steps: int
    loss: float  # running mean
    learning_rate: float
    miou: float | None  # on val at the last measurement, 0 to 1
    seconds_elapsed: float
    seconds_left: float


OnProgress = Callable[[Progress], None]


def describe(progress: Progress) -> str:
    """A line of a log."""
    if not progress.step:
        return progress.phase
    loss = "" if math.isnan(progress.loss) else f"loss {progress.loss:.3f}, "  # before a step
    miou = "" if progress.miou is None else f"val mIoU {progress.miou:.3f}, "
    left = timedelta(seconds=round(progress.seconds_left))
    return (
        f"epoch {progress.epoch} of {progress.epochs}, step {progress.step} of {progress.steps}: "
        f"{loss}{miou}{left} left"
    )


class Tracker:
    """Tracker of one training: loss, pace, and events for TensorBoard.

    Attributes:
        loss: running mean.
        miou: on val at the last measurement, 0 to 1; None without.
    """

    def __init__(self, steps: int, epochs: int) -> None:
        """Start the clock."""
        self.loss = self._rate = float("nan")
        self.miou: float | None = None
        self._lowest = float("inf")
        self._steps, self._epochs = steps, epochs
        self._first = self._step = 0
        self._start = time.monotonic()
        self._folder: Path | None = None
        self._opened: Events | None = None

    def begin(self, folder: Path | None, first: int, miou: float | None) -> None:
        """Restart the clock after step `first`, and write events to the folder.

        It is made with the first event, so that a training that is refused leaves none.
        """
        self.miou = miou
        self._first = self._step = first
        self._start = time.monotonic()
        self._folder = folder

    @property
    def _events(self) -> Events | None:
        """The events, opened at the first use; SegNetError where they cannot be written."""
        if self._folder:
            self._opened, self._folder = _open_events(self._folder, self._first), None
        return self._opened

    def end(self) -> None:
        """Close the events."""
        if self._opened:
            self._opened.close()

    def add_step(self, step: int, loss: float, learning_rate: float) -> None:
        """Add the loss and the learning rate of a step.

        Raises:
            SegNetError: the loss is not finite, or has grown far above the lowest one, or events
                cannot be written, as in the other methods.
        """
        if not math.isfinite(loss):
            raise SegNetError(f"the loss is {loss} at step {step}; {MEND}")
        first = math.isnan(self.loss)
        self.loss = loss if first else self.loss * SMOOTHING + loss * (1 - SMOOTHING)
        self._lowest = min(self._lowest, max(self.loss, LOWEST_LOSS))
        self._step, self._rate = step, learning_rate
        if self._events:
            self._events.scalar("train/loss", loss, step)
            self._events.scalar("train/learning_rate", learning_rate, step)
        if self._step - self._first > 100 and self.loss > DIVERGED * self._lowest:
            raise SegNetError(f"the loss grew to {loss:.3g} by step {step}; {MEND}")

    def add_miou(self, step: int, miou: float) -> None:
        """Add the mIoU on val."""
        self.miou = miou
        if self._events:
            self._events.scalar("val/miou", miou, step)

    def add_picture(self, tag: str, step: int, draw: Callable[[], np.ndarray]) -> None:
        """Add a picture (H, W, 3) uint8 RGB, drawn only if there is TensorBoard.

        One that cannot be drawn is left out with a warning: no picture is worth a training.
        """
        if not self._events:
            return
        try:
            picture = draw()
        except Exception as error:
            logger.warning("no picture %s of step %d: %r", tag, step, error)
        else:
            self._events.image(tag, picture, step)

    def progress(self, phase: str) -> Progress:
        """Progress now, with the remaining time at the pace so far."""
        steps_per_epoch = max(1, self._steps // self._epochs)
        elapsed = time.monotonic() - self._start
        done = self._step - self._first
        left = elapsed / max(1, done) * (self._steps - self._step)
        epoch = -(-self._step // steps_per_epoch)
        return Progress(
            phase, epoch, self._epochs, self._step, self._steps, self.loss, self._rate,
            self.miou, elapsed, left,
        )  # fmt: skip


def _open_events(folder: Path, first: int) -> Events | None:
    try:
        from segnet_model.training.events import Events
    except ImportError:
        logger.info("no TensorBoard, so no curves: pip install 'segnet_ros[train]'")
        return None
    return Events(folder, first)
