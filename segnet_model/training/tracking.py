"""Tracking of a training: the running loss, the time left, curves and pictures."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segnet_model.base.errors import SegNetError

if TYPE_CHECKING:
    from segnet_model.training.events import Events

logger = logging.getLogger(__name__)

SMOOTHING = 0.95  # of the running loss: about twenty steps
DIVERGED = 10.0  # times the least running loss
LEAST = 0.1  # of a running loss: growing from less, as from an image without labels, is harmless
MEND = "lower the learning rate; the last saved state is left as it was"


@dataclass(frozen=True)
class Progress:
    """How far training has come."""

    phase: str  # "counting classes", "training", "measuring" or "calibrating"
    epoch: int  # the one under way, from 1; 0 before the first step is done
    epochs: int
    step: int  # done
    steps: int
    loss: float  # running mean
    learning_rate: float
    miou: float | None  # on val at the last measurement, 0 to 1
    seconds_elapsed: float
    seconds_left: float


OnProgress = Callable[[Progress], None]


class Tracker:
    """Follows one training: its loss, its pace, and TensorBoard's curves.

    Attributes:
        loss: running mean.
        miou: on val at the last measurement, 0 to 1; None without.
    """

    def __init__(self, steps: int, epochs: int) -> None:
        """Start the clock of a training of so many steps."""
        self.loss = self._rate = float("nan")
        self.miou: float | None = None
        self._least = float("inf")
        self._steps, self._epochs = steps, epochs
        self._first = self._step = 0
        self._start = time.monotonic()
        self._events: Events | None = None

    def begin(self, folder: Path | None, first: int, miou: float | None) -> None:
        """Start the clock anew after step `first`; TensorBoard's events go to the folder.

        Raises:
            SegNetError: they cannot be written, as from the other methods too.
        """
        self.miou = miou
        self._first = self._step = first
        self._start = time.monotonic()
        self._events = _events(folder, first) if folder else None

    def end(self) -> None:
        """Close TensorBoard's file."""
        if self._events:
            self._events.close()

    def step(self, step: int, loss: float, learning_rate: float) -> None:
        """Note a step's loss and learning rate.

        Raises:
            SegNetError: the loss is not finite, or has grown far beyond the least one.
        """
        if not math.isfinite(loss):
            raise SegNetError(f"the loss is {loss} at step {step}; {MEND}")
        fresh = self.loss != self.loss
        self.loss = loss if fresh else self.loss * SMOOTHING + loss * (1 - SMOOTHING)
        self._least = min(self._least, max(self.loss, LEAST))
        self._step, self._rate = step, learning_rate
        if self._events:
            self._events.scalar("train/loss", loss, step)
            self._events.scalar("train/learning_rate", learning_rate, step)
        if self._step - self._first > 100 and self.loss > DIVERGED * self._least:
            raise SegNetError(f"the loss grew to {loss:.3g} by step {step}; {MEND}")

    def measured(self, step: int, miou: float) -> None:
        """Note a measurement on val."""
        self.miou = miou
        if self._events:
            self._events.scalar("val/miou", miou, step)

    def drawn(self, tag: str, step: int, pictures: Callable[[], np.ndarray]) -> None:
        """Note a sheet of pictures (H, W, 3) uint8 RGB, drawn only for TensorBoard."""
        if self._events:
            self._events.image(tag, pictures(), step)

    def progress(self, phase: str) -> Progress:
        """How far it is now, and the time that the rest takes at the present pace."""
        steps_per_epoch = max(1, self._steps // self._epochs)
        elapsed = time.monotonic() - self._start
        done = self._step - self._first
        left = elapsed / max(1, done) * (self._steps - self._step)
        epoch = -(-self._step // steps_per_epoch)
        return Progress(
            phase, epoch, self._epochs, self._step, self._steps, self.loss, self._rate,
            self.miou, elapsed, left,
        )  # fmt: skip


def _events(folder: Path, first: int) -> Events | None:
    try:
        from segnet_model.training.events import Events
    except ImportError:
        logger.info("no TensorBoard, so no curves: pip install 'segnet_ros[train]'")
        return None
    return Events(folder, first)
