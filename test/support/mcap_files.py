"""MCAP files of any form, made record by record: https://mcap.dev/spec."""

import struct
from functools import cache

import numpy as np

from segnet_model.bags import messages

TOPIC = "/camera/image_raw"
START = 1_700_000_000_000_000_000
MAGIC = b"\x89MCAP0\r\n"


def text(data):
    """Bytes after their number."""
    return struct.pack("<I", len(data)) + data


def record(kind, body, length=None):
    """A record, which may claim another length."""
    return struct.pack("<BQ", kind, len(body) if length is None else length) + body


def schema(number=1, name="sensor_msgs/msg/Image", encoding="ros2msg", data=b""):
    """The content of a schema record."""
    return struct.pack("<H", number) + text(name.encode()) + text(encoding.encode()) + text(data)


def channel(number=1, topic=TOPIC, encoding="cdr", of=1, metadata=b""):
    """The content of a channel record."""
    names = text(topic.encode()) + text(encoding.encode())
    return struct.pack("<HH", number, of) + names + text(metadata)


def message(data=b"", at=START, number=1):
    """A message record."""
    return record(5, struct.pack("<HIQQ", number, 0, at, at) + data)


def chunk(packed, size, kind=b"zstd", checksum=0, times=(START, START)):
    """A chunk record."""
    head = struct.pack("<QQQI", *times, size, checksum)
    return record(6, head + text(kind) + struct.pack("<Q", len(packed)) + packed)


def mcap(folder, *records, summary=0, profile=b"ros2", name="strange.mcap"):
    """Write a file of some records."""
    path = folder / name
    footer = record(2, struct.pack("<QQI", summary, 0, 0))
    path.write_bytes(MAGIC + header(profile) + b"".join(records) + footer + MAGIC)
    return path


def header(profile=b"ros2"):
    """A header record."""
    return record(1, text(profile) + text(b""))


@cache
def image_data(value):
    """The CDR of an image (9, 14, 3) of one value."""
    pixels = np.full((9, 14, 3), value, np.uint8)
    made = messages.image_message(messages.make_header(START + value, "camera"), pixels, "rgb8")
    return bytes(messages.standard_types().serialize_cdr(made, messages.IMAGE))


def image(value, number=1, at=None):
    """A message record of `image_data`, received at START + value."""
    return message(image_data(value), START + value if at is None else at, number)
