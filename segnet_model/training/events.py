"""The curves and pictures of a training, in TensorBoard's files.

PyTorch's `SummaryWriter` writes in a thread of its own: on a full disk that thread ends in a
traceback, and a later step in an error without a file's name. Here a step writes its own events.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # type: ignore[import-untyped]
from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-untyped]
from torch.utils.tensorboard import summary

from segnet_model.base.errors import SegNetError


class Events:
    """One file of events."""

    def __init__(self, folder: Path, first: int) -> None:
        """Begin a file in a folder, made where it is missing; it goes on after step `first`.

        Raises:
            SegNetError: it cannot be written, as from the other methods too.
        """
        self._folder = folder
        with self._named():
            folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{time.time():.6f}.{os.getpid()}"
            self._records = RecordWriter((folder / name).open("wb"))
        self._write(0, file_version="brain.Event:2")
        # TensorBoard then hides events of an earlier run from this step on.
        self._write(first + 1, session_log=SessionLog(status=SessionLog.START))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Add a point to a curve."""
        self._write(step, summary=summary.scalar(tag, value))

    def image(self, tag: str, image: np.ndarray, step: int) -> None:
        """Add a picture (H, W, 3) uint8 RGB."""
        self._write(step, summary=summary.image(tag, image, dataformats="HWC"))

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # every event was written, or its error told
            self._records.close()

    def _write(self, step: int, **content: Any) -> None:
        event = Event(wall_time=time.time(), step=step, **content)
        with self._named():
            self._records.write(event.SerializeToString())
            self._records.flush()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn errors of the system into SegNetError with the folder and the mend."""
        try:
            yield
        except OSError as error:
            raise SegNetError(
                f"cannot write to {self._folder}: {error}; free some space, and the same command "
                "goes on from the last saved state"
            ) from None
