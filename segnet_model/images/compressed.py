"""JPEG and PNG, as sensor_msgs/CompressedImage carries them, decoded to (H, W, 3) uint8 RGB.

OpenCV silently allocates any size in the header of a PNG, so that is checked first, and all
checksums with it. `jpeg` says why OpenCV does not decode JPEG here.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segnet_model.base.errors import ImageError
from segnet_model.base.limits import check_size
from segnet_model.images.bayer import demosaic, find_pattern
from segnet_model.images.jpeg import SIGNATURE as JPEG_SIGNATURE
from segnet_model.images.jpeg import decode_jpeg
from segnet_model.images.other_kinds import ANIMATION, check_colors, check_one, describe_other
from segnet_model.images.sample_bits import SampleBits

if TYPE_CHECKING:
    from array import array

    Bytes = bytes | bytearray | memoryview | array[int] | np.ndarray

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by PNG's color type
MAX_DEFLATION = 1032  # bytes that one byte of a deflated stream stands for, at most
VIDEO = re.compile("h26[45]|hevc|avc|av1|vp[89]|x26[45]", re.IGNORECASE)  # codecs' names
MAX_NAME = 40  # characters of a format in an error
# Turned by its EXIF tag, an image would not fit its camera's calibration.
FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
GRAY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION


def decode_compressed(data: Bytes, kind: str = "", bits: SampleBits | None = None) -> np.ndarray:
    """Decode a JPEG or PNG file.

    Args:
        data: the whole file; anything with the buffer protocol. Bytes after its end are ignored.
        kind: a CompressedImage's format; image_transport writes e.g. "rgb8; jpeg compressed bgr8",
            the camera's encoding first. It matters for a mosaic, which is a gray file, and depth.
        bits: what the camera's images before this one showed; None for a lone image.

    Returns:
        (H, W, 3) uint8 RGB; gray is repeated, alpha is dropped, 16 bits are cut to the upper 8 of
        those in use.

    Raises:
        ImageError: the file is neither, is damaged, cut, holds depth, or is of an absurd size.
    """
    file = bytes(data)
    if "compressedDepth" in kind:
        raise ImageError("compressedDepth holds depth, not colors; subscribe to a color image")
    encoding = kind.partition(";")[0].strip()
    check_colors(encoding)
    pattern = find_pattern(encoding)
    if file.startswith(JPEG_SIGNATURE):
        image = decode_jpeg(file, keep_gray=pattern is not None)
    elif file.startswith(PNG_SIGNATURE):
        image = _decode_png(file, pattern is not None, bits or SampleBits())
    elif VIDEO.search(encoding):
        raise ImageError(
            f"format {kind[:MAX_NAME]!r} is a video, and not an image of its own; send it by "
            "ffmpeg_image_transport, or as JPEG"
        )
    elif not file:
        raise ImageError(
            "there is no data: it is empty, so neither JPEG nor PNG; save or record it again"
        )
    else:
        raise ImageError(describe_other(file))
    return demosaic(image, pattern) if pattern and image.ndim == 2 else image


def _decode_png(file: bytes, keep_gray: bool, bits: SampleBits) -> np.ndarray:
    """(H, W, 3) uint8 RGB, or (H, W) uint8 if a gray file stays gray."""
    try:
        is_color = _check_png(file)
        gray = keep_gray and not is_color
        image = cv2.imdecode(np.frombuffer(file, np.uint8), GRAY if gray else FLAGS)
    except (struct.error, IndexError, cv2.error):
        image = None
    if image is None:
        raise ImageError(f"a damaged PNG of {len(file)} bytes; is the driver's data cut?")
    if image.dtype == np.uint16:
        if not is_color and not keep_gray:
            bits.doubt_gray(image)
        image = bits.reduce(image)
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _check_png(file: bytes) -> bool:
    """Whether a PNG is in color; ImageError for damage, an absurd size, or too few bytes."""
    if file[12:16] != b"IHDR":
        raise ImageError("a PNG does not begin with its size; it was damaged")
    width, height, bits, color = struct.unpack_from(">IIBB", file, 16)
    check_size(height, width)
    deflated = sum(length for kind, length in _chunks(file) if kind == b"IDAT")
    if 8 * MAX_DEFLATION * deflated < height * width * bits * CHANNELS.get(color, 1):
        raise ImageError(
            f"a PNG of {len(file)} bytes is too short for {width}x{height} pixels; is the "
            "driver's data cut?"
        )
    return color not in (0, 4)  # gray, without and with alpha


def _chunks(file: bytes) -> Iterator[tuple[bytes, int]]:
    """Type and length of all chunks up to the last one, IEND, their checksums compared."""
    position = len(PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", file, position)
        kind = file[position + 4 : position + 8]
        (checksum,) = struct.unpack_from(">I", file, position + 8 + length)
        if zlib.crc32(file[position + 4 : position + 8 + length]) != checksum:
            raise ImageError(f"a PNG's chunk {kind!r} has a wrong checksum; it was damaged")
        if kind == b"acTL":
            check_one(struct.unpack_from(">I", file, position + 8)[0], ANIMATION)
        position += 12 + length
        yield kind, length
