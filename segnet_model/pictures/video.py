"""MP4 files for every player, with a time stamp for each picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segnet_model.base.atomic import whole_file
from segnet_model.base.errors import SettingsError
from segnet_model.base.marks import MARK
from segnet_model.base.optional import require

EXTRA = "video"
CODEC = "libx264"
RATE = 30  # nominal pictures a second; the pictures keep their own times
TICKS = 1000  # a second
MAX_GAP = 5.0  # seconds between pictures, across pauses and changes of the clock
MAX_SIZE = (3840, 2160)  # pixels: width, height; many players refuse more
QUALITY = {"crf": "21", "preset": "veryfast"}


@contextmanager
def video(path: str | Path) -> Iterator[Video]:
    """Write an MP4 file with H.264, whole or not at all.

    Args:
        path: ends in .mp4.

    Raises:
        SettingsError: the path is refused by `check_video`, or no picture was added.
    """
    path = Path(path)
    check_video(path)
    with whole_file(path) as temporary:
        writer = Video(require("av", EXTRA), temporary)
        try:
            yield writer
        except BaseException:
            with suppress(Exception):  # the first error matters more
                writer.close()
            raise
        writer.close()
        if not writer.count:
            raise SettingsError(f"there are no pictures for {path}")


def check_video(path: Path) -> None:
    """Raise SettingsError if path does not end in .mp4, or its folder or PyAV is missing."""
    if path.suffix.lower() != ".mp4":
        raise SettingsError(f"{path} must end in .mp4; nothing else is written")
    if not path.absolute().parent.is_dir():
        raise SettingsError(f"there is no folder {path.absolute().parent}; make it")
    require("av", EXTRA)


class Video:
    """The writer of a video; see `video`.

    Attributes:
        count: pictures so far.
    """

    def __init__(self, av: Any, path: Path) -> None:
        """Open a file, with PyAV."""
        self._av = av
        self._file = av.open(str(path), "w", format="mp4")
        self._file.metadata["comment"] = MARK
        self._stream: Any = None
        self._size = (0, 0)  # pixels: width, height
        self._ticks, self._seconds = 0, 0.0  # of the last picture, in the file and as added
        self.count = 0

    def add(self, picture: np.ndarray, seconds: float) -> None:
        """Append a picture.

        Args:
            picture: (H, W, 3) uint8 RGB; resized to the size of the first one.
            seconds: its time stamp. In the video, time always rises, by at most `MAX_GAP`.
        """
        if self._stream is None:
            self._begin(picture.shape[0], picture.shape[1])
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
        frame.time_base = Fraction(1, TICKS)
        frame.pts = self._tick(seconds)
        self._file.mux(self._stream.encode(frame))
        self.count += 1

    def _begin(self, height: int, width: int) -> None:
        shrink = min(1.0, MAX_SIZE[0] / width, MAX_SIZE[1] / height)
        # 4:2:0, the only format that every player supports, needs even sides.
        width, height = (max(2, int(side * shrink) // 2 * 2) for side in (width, height))
        self._size = (width, height)
        self._stream = self._file.add_stream(CODEC, RATE, options=QUALITY)
        self._stream.pix_fmt = "yuv420p"
        self._stream.width, self._stream.height = width, height
        self._stream.codec_context.time_base = Fraction(1, TICKS)

    def _tick(self, seconds: float) -> int:
        if self.count:
            gap = min(MAX_GAP, seconds - self._seconds)
            self._ticks += max(1, round(gap * TICKS))
        self._seconds = seconds
        return self._ticks

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not None:
            self._file.mux(self._stream.encode())
        self._file.close()
