"""The types of image messages that a camera can send, and their decoders."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.base.errors import ImageError, SegNetError
from segnet_model.images.sample_bits import SampleBits
from segnet_model.images.video_packets import PacketDecoder
from segnet_ros.ros.image_cdr import parse_packet
from segnet_ros.ros.image_conversion import parse, to_rgb
from segnet_ros.ros.message_types import install_command, message_class

FFMPEG_PACKET = "ffmpeg_image_transport_msgs/msg/FFMPEGPacket"
MAX_WAITING = 60  # packets that came and are not decoded


class Decoded(NamedTuple):
    """A decoded image message."""

    header: Header
    image: np.ndarray  # (H, W, 3) uint8 RGB


Decode: TypeAlias = Callable[[], Decoded]
Report: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Transport:
    """A type of image message, and its decoder.

    Attributes:
        kind: class of the messages; None where its package is not installed.
        decoder: makes the decoder of one camera, which may call its argument with a sentence to
            log. The executor calls the decoder with every message of the topic, in order, and gets
            a function at once. The worker calls that function, if the frame's turn comes, for the
            image or an ImageError. A format with state, such as H.264, decodes every message in a
            thread of its own.
        depth: messages that the subscription holds: the newest one, or all of a format with state.
    """

    kind: Any
    decoder: Callable[[Report], Callable[[bytes], Decode]]
    depth: int = 1


def find_transport(name: str) -> Transport:
    """A transport of `TRANSPORTS`; SegNetError where its messages are not installed."""
    transport = TRANSPORTS[name]
    if transport.kind is None:
        raise SegNetError(
            f"transport {name} needs the messages ffmpeg_image_transport_msgs; install them: "
            f"{install_command(FFMPEG_PACKET)}"
        )
    return transport


def _independent(kind: type) -> Transport:
    """A transport of independent images, of which dropped ones are never decoded."""

    def decode(bits: SampleBits, data: bytes) -> Decoded:
        message = parse(data, kind)
        return Decoded(message.header, to_rgb(message, bits))

    def decoder(report: Report) -> Callable[[bytes], Decode]:
        bits = SampleBits(report)
        return lambda data: partial(decode, bits, data)

    return Transport(kind, decoder)


class VideoDecoder:
    """Decodes the packets of a video in a thread: all of them, as an image builds on the others."""

    def __init__(self, _report: Report | None = None) -> None:
        """Start the thread.

        Raises:
            SettingsError: PyAV is not installed.
        """
        self._decoder = PacketDecoder()
        self._thread = ThreadPoolExecutor(1, "video")
        self._waiting: list[Future[Decode]] = []

    def __call__(self, data: bytes) -> Decode:
        """Decode a serialized FFMPEGPacket; returns a function that waits for its image."""
        self._waiting = [each for each in self._waiting if not each.done()]
        if len(self._waiting) >= MAX_WAITING:
            return _too_late  # the next packet finds that this one was lost
        future = self._thread.submit(self._decode, data)
        self._waiting.append(future)
        return lambda: future.result()()

    def _decode(self, data: bytes) -> Decode:
        packet = parse_packet(data)
        to_pixels = self._decoder.decode(packet.data, packet.encoding, packet.pts)
        return lambda: Decoded(packet.header, to_pixels())


def _too_late() -> NoReturn:
    raise ImageError("packets come faster than they are decoded; send smaller or fewer images")


TRANSPORTS = {
    "raw": _independent(Image),
    "compressed": _independent(CompressedImage),
    "ffmpeg": Transport(message_class(FFMPEG_PACKET), VideoDecoder, depth=MAX_WAITING),
}
