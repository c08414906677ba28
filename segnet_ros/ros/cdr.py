"""The stamp inside a serialized message, read and replaced without unpacking the message.

CDR puts four bytes of encapsulation first, of which the second tells the byte order, and then the
fields: of a message that begins with a std_msgs/Header int32 sec and uint32 nanosec.
"""

from __future__ import annotations

import struct

from segnet_model.base.units import NANOSECONDS

AT = 4


def stamp_of(data: bytes | memoryview) -> int:
    """Nanoseconds since the epoch; 0 where the message is too short to hold a stamp."""
    if len(data) < AT + 8:
        return 0
    seconds, nanoseconds = struct.unpack_from(_layout(data), data, AT)
    return int(seconds) * NANOSECONDS + int(nanoseconds)


def with_stamp(data: bytes | memoryview, stamp_ns: int) -> bytes:
    """A copy that says another time; the message as it is where it is too short."""
    if len(data) < AT + 8:
        return bytes(data)
    copy = bytearray(data)
    struct.pack_into(_layout(data), copy, AT, *divmod(stamp_ns, NANOSECONDS))
    return bytes(copy)


def _layout(data: bytes | memoryview) -> str:
    return "<iI" if data[1] & 1 else ">iI"
