"""Packets of a video, an image each, as ffmpeg_image_transport sends them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from segnet_model.base.errors import ImageError
from segnet_model.base.limits import MAX_PIXELS, check_size
from segnet_model.base.optional import require

EXTRA = "video"
# FFmpeg's decoders, by what the names of codecs and of their encoders hold: hevc_nvenc, libx264.
CODECS = {"264": "h264", "265": "hevc", "hevc": "hevc", "av1": "av1", "vp9": "vp9", "vp8": "vp8"}
OPTIONS = {
    "max_pixels": str(MAX_PIXELS),
    "err_detect": "explode",  # FFmpeg would conceal what is damaged
}
LOW_DELAY = 1 << 19  # AV_CODEC_FLAG_LOW_DELAY: an image leaves the decoder with its packet
TIMES = 10  # from one packet to the next: smaller steps are counts
MAX_NAME = 40  # characters of a codec in an error
INCOMPLETE = (
    "a packet of a video that builds on one that was lost, damaged or not recorded, before the "
    "next key frame; send them with a reliable QoS, and key frames more often"
)
Decode: TypeAlias = Callable[[], np.ndarray]


UNNUMBERED = (
    "a packet of a video with the number (pts) of the one before it, so that a lost one would not "
    "be noticed; let the encoder count its packets. Key frames are read"
)


class PacketDecoder:
    """Decodes all packets of a topic, in order: an image builds on those before it.

    After a packet that was lost or damaged, FFmpeg goes on with wrong images, and without a word.
    So they are refused up to the next key frame, which builds on none.
    """

    def __init__(self) -> None:
        """Begin before the first packet.

        Raises:
            SettingsError: PyAV is not installed.
        """
        self._av = require("av", EXTRA)
        self._context: Any = None
        self._key_frame = False  # whether there was one since the last loss
        self._last: int | None = None
        self._step = 0  # from one number to the next; 0 where it is not known yet
        self._missing = INCOMPLETE  # why images are missing up to the next key frame

    def decode(self, data: bytes | memoryview | np.ndarray, codec: str, number: int) -> Decode:
        """Decode the next packet.

        Args:
            data: the packet.
            codec: name of the codec or of its encoder, alone or before a semicolon.
            number: of the packet in its stream ("pts"), counted or a time; one that is left out
                was lost.

        Returns:
            A function that converts the image to (H, W, 3) uint8 RGB, or raises ImageError.

        Raises:
            ImageError: the codec is unknown, the packet is damaged, or one before it was lost.
        """
        if self._is_after_loss(number) or self._context is None:
            self._restart(codec)
        if not len(data):  # FFmpeg would take it for the end
            self._context = None
            raise ImageError("a packet of a video without data; is the encoder running?")
        image = self._decode(bytes(data), number)
        self._key_frame = self._key_frame or image.key_frame
        if image.is_corrupt or not self._key_frame:
            raise ImageError(self._missing)
        return partial(_pixels, image)

    def _is_after_loss(self, number: int) -> bool:
        """Whether a packet is missing between the last one and this one."""
        self._missing = UNNUMBERED if number == self._last else INCOMPLETE
        step, self._last = 0 if self._last is None else number - self._last, number
        if step <= 0:
            return True  # the first one, or the encoder began again
        usual = step if step >= TIMES else 1
        self._step = min(self._step or usual, usual)
        return 2 * step > 3 * self._step  # times may vary a little

    def _restart(self, codec: str) -> None:
        name = codec.partition(";")[0].lower()
        found = next((CODECS[part] for part in CODECS if part in name), None)
        if found is None:
            raise ImageError(
                f"packets of codec {codec[:MAX_NAME]!r} are not decoded; encode with one of "
                f"{', '.join(sorted(set(CODECS.values())))}"
            )
        self._context = self._av.CodecContext.create(found, "r")
        self._context.thread_type = "SLICE"  # threads for whole images would delay them
        self._context.flags |= LOW_DELAY
        self._context.options = OPTIONS
        self._key_frame = False

    def _decode(self, data: bytes, number: int) -> Any:
        packet = self._av.Packet(data)
        packet.pts = packet.dts = number
        try:
            images = self._context.decode(packet)
        except (self._av.error.FFmpegError, ValueError) as error:
            self._context = None  # begins anew
            if not self._key_frame:
                raise ImageError(self._missing) from None
            why = getattr(error, "strerror", error)
            raise ImageError(f"a damaged packet of a video ({why}); is it whole?") from None
        own = [image for image in images if image.pts == number]
        if not own:
            raise ImageError(
                "a packet of a video whose image comes with a later one; encode without B-frames "
                "and without delay: max_b_frames 0, tune zerolatency"
            )
        return own[0]


def _pixels(image: Any) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a decoded image."""
    check_size(image.height, image.width)
    pixels: np.ndarray = image.to_ndarray(format="rgb24")
    return pixels
