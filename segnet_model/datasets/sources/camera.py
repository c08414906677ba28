"""The images of a camera on this computer, such as /dev/video0, while it runs."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

from segnet_model.base.errors import VideoError
from segnet_model.base.limits import check_size
from segnet_model.base.signals import stop_on_signals
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame, Key
from segnet_model.datasets.sources.source import MAX_SECONDS, Source

VIDEO_MAJOR = 81  # of Linux' device numbers
logger = logging.getLogger(__name__)


def is_camera(path: Path) -> bool:
    """Whether a path is a video device of Linux."""
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) == VIDEO_MAJOR


class CameraSource(Source):
    """A camera. Its images end with Ctrl-C, as a video would; times are since the epoch."""

    wall_clock = True

    def __init__(self, path: Path) -> None:
        """Set the path; entering the context opens the camera."""
        super().__init__(path, path.name)

    def __enter__(self) -> CameraSource:
        """Open the camera, in the main thread: the first Ctrl-C ends its images from now on.

        Raises:
            VideoError: it does not open.
        """
        self._camera = open_camera(self.path)
        if not self._camera.isOpened():
            raise VideoError(
                f"the camera {self.path} does not open; does another program use it, are you in "
                "the group video, and is it a camera (v4l2-ctl --list-devices)?"
            )
        self._stack = ExitStack()
        self._stack.callback(self._camera.release)
        self._stopped = self._stack.enter_context(stop_on_signals())
        self.start_ns = time.time_ns()
        self.end_ns = self.start_ns + round(MAX_SECONDS * NANOSECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the camera."""
        self._stack.close()

    def _read(self) -> Iterator[Frame]:
        last = 0
        while not self._stopped():
            there, image = self._camera.read()
            if not there:
                break
            last = max(last + 1, time.time_ns())
            yield self._frame(image, last)
        if not last and not self._stopped():
            raise VideoError(f"the camera {self.path} gives no images; connect it anew")
        if not self._stopped():
            logger.warning("the camera %s gives no more images; was it unplugged?", self.path)

    def _frame(self, image: np.ndarray, now: int) -> Frame:
        """A frame of (H, W, 3) uint8 BGR."""

        def decode() -> np.ndarray:
            check_size(*image.shape[:2])
            return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

        return Frame(Key(self.id, self.topic, now, now), str(now), now, now, decode)


def open_camera(path: Path) -> cv2.VideoCapture:
    """Open a device; frames wait in no buffer, so that a slow network sees the newest."""
    camera = cv2.VideoCapture(str(path.resolve()), cv2.CAP_V4L2)
    camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return camera
