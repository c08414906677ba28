"""The frames of a video file that are whole: built on no frame that was lost or damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from segnet_model.base.errors import ImageError
from segnet_model.base.limits import MAX_PIXELS
from segnet_model.base.optional import require
from segnet_model.images.h264 import FrameNumbers

EXTRA = "video"
# FFmpeg fills what they lost with the frame before, unless it is told to refuse.
REFUSING = ("mjpeg", "hevc")
AFTER = "a frame of a video after one that was lost or damaged, before the next key frame"
OUTPUT_CORRUPT = 1 << 3  # AV_CODEC_FLAG_OUTPUT_CORRUPT: frames that are not whole come marked
B_FRAME = 3  # AV_PICTURE_TYPE_B
Item: TypeAlias = Any  # a frame of PyAV, or the ImageError of one that is not whole


def set_limits(context: Any) -> None:
    """Let a decoder refuse absurd sizes, and damage where it can."""
    context.flags |= OUTPUT_CORRUPT
    context.thread_count = 1  # with several, FFmpeg does not mark what it fills
    refuse = {"err_detect": "explode"} if context.name in REFUSING else {}
    context.options = {"max_pixels": str(MAX_PIXELS), **refuse}


class WholeFrames:
    """Decodes the packets of a video, and refuses what follows a loss.

    After a loss nothing comes before the next key frame. So a stream that refreshes its images bit
    by bit and has no key frames ends there: FFmpeg may be wrong about when it is in step again.
    """

    def __init__(self, context: Any) -> None:
        """Begin before the first packet.

        Args:
            context: the codec context of the stream, not opened yet.
        """
        self._av, self._context = require("av", EXTRA), context
        self._numbers = FrameNumbers(context.extradata) if context.name == "h264" else None
        self._damaged = False
        self._held: list[Any] = []  # B-frames, until the frame is known that they build on

    def decode(self, packets: Iterable[Any]) -> Iterator[Item]:
        """Decode packets in their order; the last one is empty.

        Yields:
            Frames of PyAV in the order of their times, and an ImageError for each packet or frame
            that is not whole.
        """
        for packet in packets:
            if self._numbers and self._numbers.is_after_loss(bytes(packet)):
                yield from self._restart()
            try:
                if packet.is_corrupt:  # the container misses a part of it
                    raise ImageError("it lost a part")
                frames = packet.decode()
            except (self._av.error.FFmpegError, ImageError) as error:
                yield from self._restart()
                why = getattr(error, "strerror", error)
                yield ImageError(f"a damaged packet of a video ({why})")
                continue
            for frame in frames:
                yield from self._judged(frame)
        yield from self._released()

    def _restart(self) -> Iterator[Item]:
        """Hand out what came before the loss, and let the decoder begin anew."""
        try:
            frames = self._context.decode(None)
        except (self._av.error.FFmpegError, EOFError):
            frames = []
        for frame in frames:
            yield from self._judged(frame)
        yield from self._released()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._context.flush_buffers()
        self._damaged = True

    def _judged(self, frame: Any) -> Iterator[Item]:
        """Hold a B-frame; hand out others, if whole, after those held."""
        if frame.is_corrupt and not self._damaged:
            self._held, held = [], self._held
            yield from (ImageError(AFTER) for _ in held)
            self._begin_anew()
        self._damaged = self._damaged and (frame.is_corrupt or not frame.key_frame)
        if self._damaged:
            yield ImageError(AFTER)
            return
        if int(frame.pict_type) != B_FRAME:
            yield from self._released()
            yield frame
        else:
            self._held.append(frame)

    def _released(self) -> Iterator[Item]:
        self._held, held = [], self._held
        yield from held
