"""Keeps the running loss and the time left, and writes both where TensorBoard finds them."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

SMOOTHING = 0.95  # of the running loss: about twenty steps


class Tracker:
    """What one training reports of itself.

    Attributes:
        loss: running mean.
    """

    def __init__(self, folder: Path, steps: int, first: int) -> None:
        """Start the clock at step `first` of `steps`; events go to folder."""
        self.loss = float("nan")
        self._steps, self._first, self._step = steps, first, first
        self._start = time.monotonic()
        self._writer = _writer(folder, first)

    def step(self, step: int, loss: float, learning_rate: float) -> None:
        """Note a step's loss and learning rate."""
        self.loss = (
            loss if self.loss != self.loss else self.loss * SMOOTHING + loss * (1 - SMOOTHING)
        )
        self._step = step
        if self._writer:
            self._writer.add_scalar("train/loss", loss, step)
            self._writer.add_scalar("train/learning_rate", learning_rate, step)

    def measured(self, step: int, miou: float | None) -> None:
        """Note a measurement on val, if there was one."""
        if self._writer and miou is not None:
            self._writer.add_scalar("val/miou", miou, step)
            self._writer.flush()

    def seconds(self) -> tuple[float, float]:
        """Seconds since the start, and about how many are left."""
        elapsed = time.monotonic() - self._start
        return elapsed, elapsed / max(1, self._step - self._first) * (self._steps - self._step)


def _writer(folder: Path, first: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logger.info("no TensorBoard, so no curves: pip install 'segnet_ros[train]'")
        return None
    return SummaryWriter(str(folder), purge_step=first)
