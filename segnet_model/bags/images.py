"""Images decoded from the messages of a bag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn

import numpy as np
from rosbags.serde import SerdeError

from segnet_model.bags.messages import COMPRESSED_IMAGE, IMAGE, standard_types
from segnet_model.base.errors import ImageError
from segnet_model.images.compressed import decode_compressed
from segnet_model.images.encodings import decode_message
from segnet_model.images.sample_bits import SampleBits
from segnet_model.images.video_packets import PacketDecoder

LABEL_ENCODINGS = ("mono8", "8UC1")


@dataclass(frozen=True)
class RawMessage:
    """A serialized message of a bag."""

    topic: str
    type: str  # e.g. "sensor_msgs/msg/Image"
    receive_ns: int  # when it was recorded, since the epoch
    data: bytes | memoryview  # CDR
    decode: Callable[[], np.ndarray] | None = None  # of a video's packet: makes (H, W, 3) RGB


def parse(raw: RawMessage) -> Any:
    """Deserialize a standard message; ImageError if its bytes are damaged."""
    try:
        return standard_types().deserialize_cdr(raw.data, raw.type)
    except (SerdeError, UnicodeDecodeError) as error:
        raise ImageError(f"the message is damaged ({error})") from None


def to_rgb(message: Any, type_name: str, bits: SampleBits | None = None) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an Image or CompressedImage; ImageError if it is malformed."""
    if type_name == COMPRESSED_IMAGE:
        return decode_compressed(message.data, message.format, bits)
    return decode_message(message, bits)


def decode_packet(raw: RawMessage, decoder: PacketDecoder) -> RawMessage:
    """The next packet of a video with its image, or with the ImageError that `decode` raises."""
    try:
        message = parse(raw)
        decode = decoder.decode(message.data, message.encoding, message.pts)
    except ImageError as error:
        decode = partial(_raise, error)
    return replace(raw, decode=decode)


def _raise(error: Exception) -> NoReturn:
    raise error


def to_ids(message: Any) -> np.ndarray:
    """(H, W) uint8 class ids of an Image; ImageError if it is malformed or not mono8."""
    if message.encoding not in LABEL_ENCODINGS:
        raise ImageError(
            f"labels are {message.encoding}; expected {' or '.join(LABEL_ENCODINGS)}: publish the "
            "class id of each pixel as one byte"
        )
    # mono8 is decoded to gray RGB: each channel holds the ids.
    return np.ascontiguousarray(to_rgb(message, IMAGE)[..., 0])
