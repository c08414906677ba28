"""Images of foxglove_msgs, as the same images of sensor_msgs.

Both have the same values in another order. A video of foxglove_msgs is refused: its packets have no
numbers, by which a lost one would be noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from rosbags.interfaces import Connection, MessageDefinition, MessageDefinitionFormat
from rosbags.serde import SerdeError
from rosbags.typesys import get_types_from_msg
from rosbags.typesys.store import Typestore

from segnet_model.bags.messages import COMPRESSED_IMAGE, IMAGE, new_types

RAW, COMPRESSED = "foxglove_msgs/msg/RawImage", "foxglove_msgs/msg/CompressedImage"
HEAD = "builtin_interfaces/Time timestamp\nstring frame_id\n"
FIELDS = {
    RAW: "uint32 width\nuint32 height\nstring encoding\nuint32 step\nuint8[] data\n",
    COMPRESSED: "uint8[] data\nstring format\n",
}
DAMAGED = b""  # which no image is read of
NO_DEFINITION = MessageDefinition(MessageDefinitionFormat.NONE, "")


def as_standard(connection: Connection) -> Connection:
    """The connection, of the type that its messages are converted to."""
    if connection.msgtype not in STANDARD:
        return connection
    kind, _ = STANDARD[connection.msgtype]
    return connection._replace(msgtype=kind, msgdef=NO_DEFINITION, digest="")


def to_standard(kind: str, data: bytes | memoryview) -> bytes | memoryview:
    """CDR of the message of sensor_msgs; of a damaged message, CDR that is damaged, too."""
    if kind not in STANDARD:
        return data
    try:
        found: Any = _types().deserialize_cdr(data, kind)
    except (SerdeError, UnicodeDecodeError):
        return DAMAGED
    standard, convert = STANDARD[kind]
    header = _types().types["std_msgs/msg/Header"](stamp=found.timestamp, frame_id=found.frame_id)
    return bytes(_types().serialize_cdr(convert(header, found), standard))


def _raw(header: Any, found: Any) -> Any:
    return _types().types[IMAGE](
        header=header,
        height=found.height,
        width=found.width,
        encoding=found.encoding,
        is_bigendian=0,
        step=found.step,
        data=found.data,
    )


def _compressed(header: Any, found: Any) -> Any:
    return _types().types[COMPRESSED_IMAGE](header=header, format=found.format, data=found.data)


STANDARD: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    RAW: (IMAGE, _raw),
    COMPRESSED: (COMPRESSED_IMAGE, _compressed),
}


@cache
def _types() -> Typestore:
    """The standard types, and foxglove's."""
    types = new_types()
    for name, fields in FIELDS.items():
        types.register(get_types_from_msg(HEAD + fields, name))
    return types
