"""Events for TensorBoard: curves and pictures of a training.

PyTorch's `SummaryWriter` writes in a thread: on a full disk that thread ends with a traceback, and
a later step with an error that names no file. Here the training thread writes.
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
    """File of events."""

    def __init__(self, folder: Path, first: int) -> None:
        """Create a file in a folder, for the events after step `first`.

        Raises:
            SegNetError: it cannot be written; all methods but close raise it.
        """
        self._folder = folder
        with self._naming_folder():
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
        with suppress(OSError):  # every event was flushed, or raised its error
            self._records.close()

    def _write(self, step: int, **content: Any) -> None:
        event = Event(wall_time=time.time(), step=step, **content)
        with self._naming_folder():
            self._records.write(event.SerializeToString())
            self._records.flush()

    @contextmanager
    def _naming_folder(self) -> Iterator[None]:
        """Turn an OSError into SegNetError with the folder and the mend."""
        try:
            yield
        except OSError as error:
            raise SegNetError(
                f"cannot write to {self._folder}: {error}; free some space, and the same command "
                "goes on from the last saved state"
            ) from None
