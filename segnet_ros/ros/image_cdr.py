"""sensor_msgs/Image and CompressedImage as the bytes that travel, read in place and written.

rclpy copies an image's bytes three times on its way in and out of a message. A subscription with
`raw=True` hands over the serialized message instead, and a publisher takes one: here the pixels
stay where they are, and are copied once on their way out.

CDR (OMG DDS-XTypes 1.3, 7.4): four bytes of encapsulation, of which the second names the
representation, and then the fields, each at a multiple of its own size. A string is its length with
a closing zero, and its bytes; a sequence of bytes is its length and its bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from segnet_model.base.errors import ImageError

ENCAPSULATION: Final = 4  # bytes
# Plain CDR of version 1 and 2, which differ only for types of eight bytes.
BYTE_ORDERS: Final = {b"\0\0": ">", b"\0\1": "<", b"\0\6": ">", b"\0\7": "<"}
CDR_2: Final = (6, 7)  # second bytes of version 2
LITTLE_ENDIAN: Final = b"\0\1\0\0"
MAX_TEXT: Final = 4096  # bytes; names come into logs, and strangers send them


@dataclass(frozen=True)
class RawImage:
    """The fields of a sensor_msgs/Image, its pixels still where they arrived."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview  # (height * step,) uint8, read-only


@dataclass(frozen=True)
class RawCompressedImage:
    """The fields of a sensor_msgs/CompressedImage, its file still where it arrived."""

    header: Header
    format: str
    data: memoryview  # the file, read-only


@dataclass(frozen=True)
class RawPacket:
    """The fields of an ffmpeg_image_transport_msgs/FFMPEGPacket that decoding needs."""

    header: Header
    encoding: str
    pts: int
    data: memoryview  # the packet, read-only


class Reader:
    """Takes one field after the other from a serialized message."""

    def __init__(self, data: bytes) -> None:
        """Begin behind the encapsulation.

        Raises:
            ImageError: data is no plain CDR.
        """
        self._data = memoryview(data)
        self._at = ENCAPSULATION
        kind = bytes(self._data[:2])
        if len(self._data) < ENCAPSULATION or kind not in BYTE_ORDERS:
            raise ImageError(
                f"a message of {len(self._data)} bytes that starts with {kind.hex() or 'nothing'} "
                "is no plain CDR; send it with a ROS 2 middleware"
            )
        self._order = BYTE_ORDERS[kind]
        self._alignment = 4 if kind[1] in CDR_2 else 8  # bytes, at most

    def header(self) -> Header:
        """A std_msgs/Header; what is not UTF-8 in its frame_id is replaced, as rclpy does."""
        stamp = Time(sec=self._number("i"), nanosec=self._number("I"))
        return Header(stamp=stamp, frame_id=self.text())

    def uint8(self) -> int:
        """One byte."""
        return self._number("B")

    def uint32(self) -> int:
        """Four bytes."""
        return self._number("I")

    def uint64(self) -> int:
        """Eight bytes, at a multiple of 8, or of 4 in CDR of version 2."""
        return self._number("Q")

    def text(self) -> str:
        """A string up to its first zero; ImageError where it is absurdly long."""
        length = self._number("I")
        if length > MAX_TEXT:
            raise ImageError(
                f"a message with a name of {length} bytes, of {MAX_TEXT} at most; it was damaged"
            )
        return bytes(self._take(length)).partition(b"\0")[0].decode(errors="replace")

    def octets(self) -> memoryview:
        """A sequence of bytes, in place."""
        return self._take(self._number("I"))

    def _number(self, kind: str) -> int:
        size = struct.calcsize(f"={kind}")
        self._at += (ENCAPSULATION - self._at) % min(size, self._alignment)
        (value,) = struct.unpack(self._order + kind, self._take(size))
        return int(value)

    def _take(self, length: int) -> memoryview:
        end = self._at + length
        if end > len(self._data):
            raise ImageError(
                f"a message of {len(self._data)} bytes announces at least {end}; it was cut or "
                "damaged on its way"
            )
        taken, self._at = self._data[self._at : end], end
        return taken


def parse_image(data: bytes) -> RawImage:
    """Read a serialized sensor_msgs/Image.

    Args:
        data: as a subscription with raw=True gets it. Bytes behind the message, with which some
            middlewares fill up, are left alone.

    Raises:
        ImageError: it is cut short, or no CDR. Whether the fields fit each other is not looked at.
    """
    fields = Reader(data)
    return RawImage(
        header=fields.header(),
        height=fields.uint32(),
        width=fields.uint32(),
        encoding=fields.text(),
        is_bigendian=fields.uint8(),
        step=fields.uint32(),
        data=fields.octets(),
    )


def parse_compressed(data: bytes) -> RawCompressedImage:
    """Read a serialized sensor_msgs/CompressedImage, as `parse_image` does."""
    fields = Reader(data)
    return RawCompressedImage(fields.header(), fields.text(), fields.octets())


def parse_packet(data: bytes) -> RawPacket:
    """Read a serialized ffmpeg_image_transport_msgs/FFMPEGPacket, as `parse_image` does."""
    fields = Reader(data)
    header = fields.header()
    fields.uint32(), fields.uint32()  # width and height, which the packets have too
    encoding, number = fields.text(), fields.uint64()
    fields.uint8(), fields.uint8()  # flags, byte order
    return RawPacket(header, encoding, number, fields.octets())


def serialize_image(pixels: np.ndarray, encoding: str, header: Header) -> bytes:
    """Write a sensor_msgs/Image, rows without a gap.

    Args:
        pixels: (H, W) or (H, W, channels), contiguous; H at least 1, numbers little-endian.
        encoding: what they are.
        header: goes out as it is.
    """
    height, width = pixels.shape[:2]
    start = _header(header) + struct.pack("<II", height, width) + _text(encoding)
    little_endian = b"\0"
    start = _aligned(start + little_endian)
    sizes = struct.pack("<II", pixels.nbytes // height, pixels.nbytes)
    return b"".join((start, sizes, memoryview(pixels).cast("B")))


def serialize_compressed(file: bytes | memoryview, kind: str, header: Header) -> bytes:
    """Write a sensor_msgs/CompressedImage of a JPEG or PNG file.

    Args:
        file: the whole file.
        kind: what the message calls its format, e.g. "png".
        header: goes out as it is.
    """
    start = _aligned(_header(header) + _text(kind))
    return b"".join((start, struct.pack("<I", len(file)), file))


def _header(header: Header) -> bytes:
    stamp = struct.pack("<iI", header.stamp.sec, header.stamp.nanosec)
    return _aligned(LITTLE_ENDIAN + stamp + _text(header.frame_id))


def _text(text: str) -> bytes:
    content = text.partition("\0")[0].encode(errors="replace") + b"\0"
    return struct.pack("<I", len(content)) + content


def _aligned(data: bytes) -> bytes:
    """Filled up for a number of four bytes to follow."""
    return data + bytes(-len(data) % 4)
