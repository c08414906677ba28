"""Between ROS image messages and NumPy arrays, with a copy only where nothing else will do."""

from __future__ import annotations

from array import array

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.encodings import ENCODINGS, decode_compressed, decode_message
from segnet_model.errors import ImageError

try:
    from cv_bridge import CvBridge
except (ImportError, AttributeError):  # the latter where it was built for another NumPy
    CvBridge = None

DTYPES = {"mono8": np.uint8, "rgb8": np.uint8, "32FC1": np.float32}


def to_rgb(message: Image | CompressedImage) -> np.ndarray:
    """Decode the pixels of a message.

    Returns:
        (H, W, 3) uint8 RGB; for rgb8 and rgba8 a view of the message's data.

    Raises:
        ImageError: the message is not the image that it claims to be.
    """
    if isinstance(message, CompressedImage):
        return decode_compressed(message.data)
    if message.encoding not in ENCODINGS and CvBridge is not None:
        return by_cv_bridge(message)
    return decode_message(message)


def by_cv_bridge(message: Image) -> np.ndarray:
    """Decode with cv_bridge: (H, W, 3) uint8 RGB, or ImageError."""
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
    # rclpy takes an array of bytes as it is, but looks at each element of anything else.
    data = array("B")
    data.frombytes(memoryview(pixels).cast("B"))
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=len(data) // height,
        data=data,
    )
