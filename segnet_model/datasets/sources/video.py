"""The frames of a video file, MP4 or any other that PyAV reads."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.base.errors import ImageError, VideoError, cause
from segnet_model.base.limits import MAX_PIXELS, check_size
from segnet_model.base.optional import require
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame, Key, escape
from segnet_model.datasets.sources.source import Source
from segnet_model.images.whole_frames import EXTRA, WholeFrames, set_limits

# Only containers with frames of their own: no playlists, no addresses, no text.
CONTAINERS = (
    "3gp,asf,av1,avi,dv,flv,gif,h261,h263,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mp4,mpeg,mpegts,"
    "mpegvideo,mxf,nut,obu,ogg,rm,vc1,webm,y4m,yuv4mpegpipe"
)
OPTIONS = {
    "format_whitelist": CONTAINERS,
    "protocol_whitelist": "file",
    "max_pixels": str(MAX_PIXELS),  # also while FFmpeg probes the stream
}
MAX_MISSING_NS = NANOSECONDS  # of the announced length, which containers round
logger = logging.getLogger(__name__)


class VideoSource(Source):
    """A video file; times are nanoseconds since its start, by the container's timestamps."""

    def __init__(self, path: Path) -> None:
        """Set the path; entering the context opens the file."""
        super().__init__(path, path.name)

    def __enter__(self) -> VideoSource:
        """Read the size and the length.

        Raises:
            SettingsError: PyAV is not installed.
            VideoError: the file is no video, or holds no frames.
        """
        self._av = require("av", EXTRA)
        with self._opened() as (container, stream):
            self._size = stream.codec_context.height, stream.codec_context.width
            self._tell(container, stream)
            self.end_ns = self._announced_end(container, stream)
            if not self.end_ns:  # neither the container nor the stream states it
                packets = (each for each in self._packets(container, stream) if each.size)
                self.end_ns = max((time for _, time in _timed(packets, stream)), default=-1) + 1
        if not self.end_ns:
            raise VideoError(f"{self.path} holds no frames; was its recorder stopped too early?")
        return self

    def _tell(self, container: Any, stream: Any) -> None:
        """Say what the images do not show: other videos in the file, and pixels of no square."""
        name = shlex.quote(str(self.path))
        if (count := len(_video_streams(container))) > 1:
            logger.warning(
                "%s holds %d videos, and the first is read; save another by itself: ffmpeg -i %s "
                "-map 0:v:1 -c copy second.mkv", self.path, count, name,
            )  # fmt: skip
        if (ratio := stream.sample_aspect_ratio) and ratio != 1:
            logger.warning(
                "the pixels of %s are not square but %s wide, and are read as stored; for a "
                "picture as players show it: ffmpeg -i %s -vf scale=iw*sar:ih,setsar=1 square.mkv",
                self.path, ratio, name,
            )  # fmt: skip

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """Open the container and its video stream; errors of FFmpeg become VideoError."""
        if not self.path.is_file():  # a pipe or a device might never end
            raise VideoError(f"{self.path} is no plain file; copy it to one")
        try:
            self.path.open("rb").close()
        except OSError as error:
            raise VideoError(cause(self.path, error)) from None
        try:
            with self._av.open(f"file:{self.path}", options=OPTIONS) as container:
                stream = next(iter(_video_streams(container)), None)
                if stream is None:
                    raise VideoError(
                        f"{self.path} holds no video stream; give a file with pictures, not sound"
                    )
                context = stream.codec_context
                if not context.height:
                    raise ImageError("there is no whole key frame at its begin; was that cut off?")
                check_size(context.height, context.width)
                set_limits(context)
                yield container, stream
        except ImageError as error:
            raise VideoError(f"video {self.path} is refused: {error}") from None
        except self._av.error.FFmpegError as error:
            raise VideoError(
                f"{self.path} is no bag, image or video that can be read ({error.strerror}); copy "
                "it again, and where its recorder was stopped too early, repair or record it again"
            ) from None

    def _read(self) -> Iterator[Frame]:
        last = -1
        with self._opened() as (container, stream):
            for decoded, last in _timed(self._decoded(container, stream), stream):
                yield self._frame(decoded, last)
        if last < 0:
            reasons = f":\n{self.rejected}" if len(self.rejected) else ""
            raise VideoError(
                f"{self.path} holds no frame that can be decoded; copy it again{reasons}"
            )
        if last < self.end_ns - MAX_MISSING_NS - self.end_ns // 50:
            logger.warning(
                "video %s ends at %.1f s of %.1f s; it was cut, and what is whole was read",
                self.path, last / NANOSECONDS, self.end_ns / NANOSECONDS,
            )  # fmt: skip

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        """Decode the stream with PyAV from the start of the part, or a little before."""
        self._seek(container, stream)
        for item in WholeFrames(stream.codec_context).decode(self._packets(container, stream)):
            if isinstance(item, ImageError):
                self.reject(item)
            else:
                yield item

    def _packets(self, container: Any, stream: Any) -> Iterator[Any]:
        """The stream's packets up to the end, or to the point where the file was cut."""
        with suppress(self._av.error.FFmpegError):
            yield from container.demux(stream)

    def _seek(self, container: Any, stream: Any) -> None:
        begin = self._window[0]
        # Other containers have no exact index: all before the part is decoded and left out.
        if begin > 0 and "mp4" in container.format.name:
            ticks = int(Fraction(int(begin), NANOSECONDS) / stream.time_base)
            container.seek(ticks + (stream.start_time or 0), stream=stream)

    def _frame(self, decoded: Any, time: int) -> Frame:
        folder = escape(self.path.resolve().parent.name)
        return Frame(
            Key(self.id, self.topic, time, time),
            f"{self.path.stem}_{time:013d}",  # an hour of nanoseconds, so that names sort
            time,
            time,
            lambda: _pixels(decoded),
            ("", f"_{folder}"),
        )

    def _announced_end(self, container: Any, stream: Any) -> int:
        if stream.duration and stream.time_base:
            return int(stream.duration * Fraction(stream.time_base) * NANOSECONDS)
        return int(container.duration or 0) * NANOSECONDS // int(self._av.time_base)


def _video_streams(container: Any) -> list[Any]:
    """The streams with moving pictures; the cover of a song is none."""
    return [s for s in container.streams.video if "attached_pic" not in str(s.disposition)]


def _timed(items: Iterator[Any], stream: Any) -> Iterator[tuple[Any, int]]:
    """Frames or packets with their nanoseconds since the start, which always rise.

    An item without a time follows the last one at the stream's rate.
    """
    last = -1
    for item in items:
        if item.pts is not None and stream.time_base:
            ticks = item.pts - (stream.start_time or 0)
            time = max(0, round(ticks * Fraction(stream.time_base) * NANOSECONDS))
        else:
            rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
            time = 0 if last < 0 else last + round(NANOSECONDS / rate)
        last = max(time, last + 1)
        yield item, last


def _pixels(decoded: Any) -> np.ndarray:
    """(H, W, 3) uint8 RGB, turned as the camera was held."""
    check_size(decoded.height, decoded.width)  # it may change within a video
    image: np.ndarray = decoded.to_ndarray(format="rgb24")
    matrix = decoded.side_data.get("DISPLAYMATRIX")
    return image if matrix is None else _as_held(image, np.frombuffer(matrix, np.int32))


def _as_held(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn and mirror an image by its display matrix: x' = ax + cy, y' = bx + dy.

    QuickTime File Format, "Matrices": a, b, u, c, d, v, x, y, w. A tilt goes to the next quarter.
    """
    a, b, c, d = (int(each) for each in matrix[[0, 1, 3, 4]])
    if abs(b) + abs(c) > abs(a) + abs(d):
        image, a, d = image.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
