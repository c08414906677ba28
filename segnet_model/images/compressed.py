"""JPEG and PNG, as sensor_msgs/CompressedImage carries them, decoded to (H, W, 3) uint8 RGB.

OpenCV silently allocates any size in a header, and fills in the missing part of a cut file. So the
header's size and the end mark are checked first.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segnet_model.base.errors import ImageError
from segnet_model.base.limits import check_size
from segnet_model.images.bayer import demosaic, find_pattern

if TYPE_CHECKING:
    from array import array

    Bytes = bytes | bytearray | memoryview | array[int] | np.ndarray

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
JPEG_END = b"\xff\xd9"
JPEG_SCAN = b"\xff\xda"
MAX_SCANS = 64  # a progressive file has ten; each costs a whole image
# Start-of-frame markers; C4, C8 and CC lie among them and mean something else (ITU T.81, B.1).
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Rotated by its EXIF tag, an image would not fit its camera's calibration.
FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


def decode_compressed(data: Bytes, kind: str = "") -> np.ndarray:
    """Decode a JPEG or PNG file.

    Args:
        data: the whole file; anything with the buffer protocol.
        kind: a CompressedImage's format; image_transport writes e.g. "rgb8; jpeg compressed bgr8",
            the camera's encoding first. It matters for a mosaic, which is a gray file.

    Returns:
        (H, W, 3) uint8 RGB; gray is repeated, alpha is dropped, 16 bits are cut to the upper 8.

    Raises:
        ImageError: the file is neither, is damaged, cut, or of an absurd size.
    """
    file = bytes(data)
    try:
        check_size(*_announced_size(file, kind))
        image = _decode(file, kind)
    except (struct.error, IndexError, cv2.error):
        image = None
    if image is None:
        raise ImageError(f"a damaged image of {len(file)} bytes; is the driver's data cut?")
    return image


def _decode(file: bytes, kind: str) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB, or None if OpenCV cannot decode the file."""
    pattern = find_pattern(kind.partition(";")[0].strip())
    if pattern:
        raw = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
        if raw is not None and raw.ndim == 2:  # else it is in color already
            return demosaic(raw, pattern)
    bgr = cv2.imdecode(np.frombuffer(file, np.uint8), FLAGS)
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _announced_size(file: bytes, kind: str) -> tuple[int, int]:
    """(height, width) in the header; ImageError if the file is cut."""
    if file.startswith(PNG_SIGNATURE):
        _check_png(file)
        if file[12:16] != b"IHDR":
            raise ImageError("a PNG does not begin with its size; it was damaged")
        width, height = struct.unpack_from(">II", file, 16)
        return height, width
    if file.startswith(JPEG_SIGNATURE):
        # Some cameras pad their files, so the end mark need not be the very last.
        if JPEG_END not in file[-4096:]:
            raise ImageError(f"a JPEG of {len(file)} bytes has no end; is the driver's data cut?")
        if file.count(JPEG_SCAN) > MAX_SCANS:
            raise ImageError(f"a JPEG of more than {MAX_SCANS} scans; save it as a plain one")
        return _jpeg_size(file)
    if "compressedDepth" in kind:
        raise ImageError("compressedDepth holds depth, not colors; subscribe to a color image")
    raise ImageError(f"data that starts with {file[:8]!r} is neither JPEG nor PNG; convert it")


def _check_png(file: bytes) -> None:
    """Check all chunks (length, type, data, checksum) up to the last one, IEND."""
    position = len(PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", file, position)
        kind = file[position + 4 : position + 8]
        (checksum,) = struct.unpack_from(">I", file, position + 8 + length)
        if zlib.crc32(file[position + 4 : position + 8 + length]) != checksum:
            raise ImageError(f"a PNG's chunk {kind!r} has a wrong checksum; it was damaged")
        position += 12 + length


def _jpeg_size(file: bytes) -> tuple[int, int]:
    """(height, width) from the start of frame; segments are FF, marker, length, data."""
    position = 2
    while file[position] == 0xFF:
        marker = file[position + 1]
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", file, position + 5)
            return height, width
        # Fill bytes FF may precede a marker.
        position += 1 if marker == 0xFF else 2 + struct.unpack_from(">H", file, position + 2)[0]
    raise ImageError("a JPEG has no frame header; it was damaged")
