"""Between ROS image messages and NumPy arrays, with a copy only where nothing else will do."""

from __future__ import annotations

from array import array
from typing import TypeAlias

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.base.errors import ImageError
from segnet_model.base.limits import check_size
from segnet_model.images.compressed import decode_compressed
from segnet_model.images.encodings import ENCODINGS, decode_message
from segnet_model.images.other_kinds import check_colors
from segnet_model.images.sample_bits import SampleBits
from segnet_ros.ros.image_cdr import (
    RawCompressedImage,
    RawImage,
    parse_compressed,
    parse_image,
    serialize_compressed,
    serialize_image,
)

try:
    from cv_bridge import CvBridge
except (ImportError, AttributeError):  # the latter where it was built for another NumPy
    CvBridge = None

__all__ = [
    "RawCompressedImage",
    "RawImage",
    "parse",
    "serialize",
    "serialize_compressed",
    "to_message",
    "to_rgb",
]

AnyImage: TypeAlias = Image | CompressedImage | RawImage | RawCompressedImage
DTYPES = {"mono8": "u1", "rgb8": "u1", "32FC1": "<f4"}


def parse(data: bytes, kind: type[Image] | type[CompressedImage] = Image) -> AnyImage:
    """Read what a subscription with raw=True receives; the pixels stay where they are.

    Args:
        data: the serialized message.
        kind: what the topic carries.

    Returns:
        An object with the message's fields: header is a real std_msgs/Header, data a read-only
        view. `to_rgb` takes it as it takes the message.

    Raises:
        ImageError: it is cut short, or no CDR.
    """
    return parse_compressed(data) if kind is CompressedImage else parse_image(data)


def serialize(pixels: np.ndarray, encoding: str, header: Header) -> bytes:
    """Make an image message as `to_message` does, serialized for a publisher's publish().

    Args:
        pixels: (H, W) or (H, W, 3) in the encoding's type.
        encoding: "mono8", "rgb8" or "32FC1".
        header: goes out as it is.
    """
    return serialize_image(np.ascontiguousarray(pixels, DTYPES[encoding]), encoding, header)


def to_rgb(message: AnyImage, bits: SampleBits | None = None) -> np.ndarray:
    """Decode the pixels of a message.

    Args:
        message: of any type that `parse` returns, or rclpy's.
        bits: what the camera's images before this one showed; None for a lone image.

    Returns:
        (H, W, 3) uint8 RGB; for rgb8 a view of the message's data.

    Raises:
        ImageError: the message is not the image that it claims to be.
    """
    if isinstance(message, CompressedImage | RawCompressedImage):
        return decode_compressed(message.data, message.format, bits)
    if message.encoding not in ENCODINGS and CvBridge is not None:
        return by_cv_bridge(message)
    return decode_message(message, bits)


def by_cv_bridge(message: Image | RawImage) -> np.ndarray:
    """Decode with cv_bridge: (H, W, 3) uint8 RGB, or ImageError."""
    check_colors(message.encoding)  # it would make a picture of depth
    check_size(message.height, message.width)
    try:
        image: np.ndarray = CvBridge().imgmsg_to_cv2(message, "rgb8")
    except Exception as error:  # it raises CvBridgeError, TypeError, cv2.error, ...
        raise ImageError(
            f"encoding {message.encoding!r} is not known here, and cv_bridge says: {error}"
        ) from None
    return image


def to_message(pixels: np.ndarray, encoding: str, header: Header) -> Image:
    """Make an image message.

    Args:
        pixels: (H, W) or (H, W, 3) in the encoding's type.
        encoding: "mono8", "rgb8" or "32FC1".
        header: goes out as it is.

    Returns:
        A message with rows that follow each other without a gap, which is all that some readers
        understand: step is the width times the bytes of a pixel.
    """
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels, DTYPES[encoding])
    message = Image(header=header, height=height, width=width, encoding=encoding, is_bigendian=0)
    message.step = pixels.nbytes // height
    # Image() copies an array of bytes again; the attribute takes it as it is, but looks at each
    # element of anything else.
    message.data = array("B")
    message.data.frombytes(memoryview(pixels).cast("B"))
    return message
