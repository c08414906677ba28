"""The frames of a video file, MP4 or any other that PyAV reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from segnet_model.base.errors import ImageError, VideoError
from segnet_model.base.limits import MAX_PIXELS, check_size
from segnet_model.base.optional import need
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame, Key
from segnet_model.datasets.sources.source import Source

EXTRA = "video"
# Only files that hold their own frames: no lists of other files or addresses, no text as a film.
CONTAINERS = (
    "3gp,asf,av1,avi,dv,flv,gif,h261,h263,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mp4,mpeg,mpegts,"
    "mpegvideo,mxf,nut,obu,ogg,rm,vc1,webm,y4m,yuv4mpegpipe"
)
OPTIONS = {
    "format_whitelist": CONTAINERS,
    "protocol_whitelist": "file",
    "max_pixels": str(MAX_PIXELS),  # also where FFmpeg decodes frames to learn the stream's kind
}
MOST_MISSING = NANOSECONDS  # of the announced length, which containers round
QUARTER = 90  # degrees
logger = logging.getLogger(__name__)


class VideoSource(Source):
    """A video file; times are nanoseconds since its begin, by the container's timestamps.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(path, path.name)

    def __enter__(self) -> VideoSource:
        """Look at the file.

        Raises:
            SettingsError: PyAV is not installed.
            VideoError: the file is no video, or holds no frames.
        """
        self._av = need("av", EXTRA)
        with self._opened() as (container, stream):
            self._size = stream.codec_context.height, stream.codec_context.width
            self.end_ns = self._announced_end(container, stream)
            if not self.end_ns:  # neither the container nor the stream says how long it is
                self.end_ns = max(self._packet_times(container, stream), default=-1) + 1
        if not self.end_ns:
            raise VideoError(f"{self.path} holds no frames; was its recorder stopped too early?")
        return self

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """The container and its video stream, from the begin; foreign errors become VideoError."""
        if not self.path.is_file():  # a pipe or a device might never end
            raise VideoError(f"{self.path} is no plain file; copy it to one")
        try:
            with self._av.open(f"file:{self.path}", options=OPTIONS) as container:
                stream = _video_stream(container)
                if stream is None:
                    raise VideoError(
                        f"{self.path} holds no video stream; give a file with pictures, not sound"
                    )
                context = stream.codec_context
                self._check_size(context.height, context.width)
                context.options = {"max_pixels": str(MAX_PIXELS)}
                yield container, stream
        except self._av.error.FFmpegError as error:
            raise VideoError(
                f"{self.path} is no bag, image or video that can be read ({error.strerror}); copy "
                "it again, and where its recorder was stopped too early, repair or record it again"
            ) from None

    def _check_size(self, height: int, width: int) -> None:
        try:
            check_size(height, width)
        except ImageError as error:
            raise VideoError(f"video {self.path} is refused: {error}") from None

    def _read(self) -> Iterator[Frame]:
        last = -1
        with self._opened() as (container, stream):
            for decoded in self._decoded(container, stream):
                time = self._time(decoded.pts, stream)
                last = _next(stream, last) if time is None else max(time, last + 1)
                yield self._frame(decoded, last)
        if last < 0:
            raise VideoError(
                f"{self.path} holds no frame that can be decoded; copy it again{self._why()}"
            )
        if last < self.end_ns - MOST_MISSING - self.end_ns // 50:
            logger.warning(
                "video %s ends at %.1f s of %.1f s; it was cut, and what is whole was read",
                self.path, last / NANOSECONDS, self.end_ns / NANOSECONDS,
            )  # fmt: skip

    def _why(self) -> str:
        return f":\n{self.rejected}" if len(self.rejected) else ""

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        """Frames of PyAV from the begin of the window on, or from a little before."""
        self._seek(container, stream)
        damaged = False  # frames are drawn on the ones before, up to the next that stands alone
        for packet in _packets(container, stream, self._av.error.FFmpegError):
            try:
                frames = packet.decode()
            except self._av.error.FFmpegError as error:
                damaged = True
                self.reject(ImageError(f"a damaged packet of a video ({error.strerror})"))
                continue
            for frame in frames:
                damaged = damaged and not frame.key_frame
                if damaged or frame.is_corrupt:
                    self.reject(ImageError("a frame of a video after a damaged one"))
                else:
                    yield frame

    def _seek(self, container: Any, stream: Any) -> None:
        begin = self._window[0]
        # Without an exact index, all that comes before is decoded and left out.
        if begin > 0 and "mp4" in container.format.name:
            ticks = int(Fraction(int(begin), NANOSECONDS) / stream.time_base)
            container.seek(ticks + (stream.start_time or 0), stream=stream)

    def _frame(self, decoded: Any, time: int) -> Frame:
        folder = quote(self.path.resolve().parent.name, safe="", errors="surrogateescape")
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

    def _packet_times(self, container: Any, stream: Any) -> Iterator[int]:
        """When the packets are shown, without decoding them."""
        last = -1
        for packet in _packets(container, stream, self._av.error.FFmpegError):
            if packet.size:
                time = self._time(packet.pts, stream)
                last = _next(stream, last) if time is None else time
                yield last

    def _time(self, pts: int | None, stream: Any) -> int | None:
        """Nanoseconds since the begin; None where the container does not say."""
        if pts is None or not stream.time_base:
            return None
        ticks: int = pts - (stream.start_time or 0)
        return max(0, round(ticks * Fraction(stream.time_base) * NANOSECONDS))


def _video_stream(container: Any) -> Any:
    """The first stream with moving pictures; the cover of a song is none."""
    cover = "attached_pic"
    moving = (s for s in container.streams.video if cover not in str(s.disposition))
    return next(moving, None)


def _packets(container: Any, stream: Any, errors: type[Exception]) -> Iterator[Any]:
    """The stream's packets up to the end, or to where the file was cut."""
    with suppress(errors):
        yield from container.demux(stream)


def _next(stream: Any, last: int) -> int:
    """The time of a frame that has none: the usual distance after the last one."""
    rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
    return 0 if last < 0 else last + round(NANOSECONDS / rate)


def _pixels(decoded: Any) -> np.ndarray:
    """(H, W, 3) uint8 RGB, turned as the camera was held."""
    check_size(decoded.height, decoded.width)  # it may change within a video
    image: np.ndarray = decoded.to_ndarray(format="rgb24")
    turns = round(decoded.rotation / QUARTER)
    return np.ascontiguousarray(np.rot90(image, turns)) if turns % 4 else image
