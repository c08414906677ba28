"""The interface of a file or folder with messages, and parts that all of them share."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, Protocol, cast

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
    Qos,
)
from rosbags.rosbag2.metadata import parse_qos

from segnet_model.bags.unpacking import MAX_METADATA
from segnet_model.base.documents import read_yaml
from segnet_model.base.errors import BagError

MAX_NAME = 255  # characters of a topic or type, as in DDS
CDR = "cdr"  # the only encoding of messages that ROS 2 records
NO_DEFINITION = MessageDefinition(MessageDefinitionFormat.NONE, "")
DEFINITIONS = {
    "ros2msg": MessageDefinitionFormat.MSG,
    "ros2idl": MessageDefinitionFormat.IDL,
    "omgidl": MessageDefinitionFormat.IDL,
    "": MessageDefinitionFormat.NONE,
}
_ENDLESS = {"sec": 9223372036, "nsec": 854775807}
_USUAL = {
    "history": "system_default", "depth": 10, "reliability": "system_default",
    "durability": "system_default", "deadline": _ENDLESS, "lifespan": _ENDLESS,
    "liveliness": "system_default",
    "liveliness_lease_duration": _ENDLESS, "avoid_ros_namespace_conventions": False,
}  # fmt: skip


class Storage(Protocol):
    """An open file or folder with messages.

    Attributes:
        connections: topics with CDR messages.
        passed_over: encoding of each topic that has other messages.
        start_ns: receive time of the first message.
        end_ns: just after the receive time of the last one; 0 without messages.
        cut: whether it lacks its end, and only its whole records are read.
    """

    connections: list[Connection]
    passed_over: dict[str, str]
    start_ns: int
    end_ns: int
    cut: bool

    def messages(
        self, connections: Collection[Connection], since_ns: int = 0
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Messages of some of the connections with receive times, in their order.

        Args:
            connections: those to read.
            since_ns: receive time of the first; most of what came before is not read.
        """

    def close(self) -> None:
        """Close the files."""


def connection(
    number: int,
    topic: str,
    type_name: str,
    count: int,
    definition: MessageDefinition = NO_DEFINITION,
    digest: str = "",
    qos: Any = "",
) -> Connection:
    """A connection of rosbags, with the quality of service as YAML or as its values.

    Raises:
        BagError: the name of the topic or the type is impossible.
    """
    check_name(topic)
    check_name(type_name)
    type_name = ros_name(type_name)
    ext = ConnectionExtRosbag2(CDR, read_qos(qos))
    return Connection(number, topic, type_name, definition, digest, count, ext, None)


def check_name(name: Any) -> None:
    """Raise BagError for an impossible name of a topic or type."""
    if not isinstance(name, str) or len(name) > MAX_NAME or not name.isprintable():
        raise BagError(f"a topic or type is called {str(name)[:40]!r}; record it again")


def ros_name(name: str) -> str:
    """ROS 2's name of a type, of `sensor_msgs/Image` and `sensor_msgs::msg::dds_::Image_` too."""
    parts = [part for part in name.replace("::", "/").split("/") if part != "dds_"]
    if len(parts) == 2:
        parts.insert(1, "msg")
    return "/".join(parts).removesuffix("_")


def read_qos(value: Any) -> list[Qos]:
    """Profiles of YAML or of its values; those that cannot be read are left out.

    People edit them in metadata.yaml, and messages are read without them.

    Raises:
        SettingsError: the YAML has aliases, or is long or deep.
    """
    return list(_qos_of_text(value)) if isinstance(value, str) else _qos(value)


@lru_cache(maxsize=1024)
def _qos_of_text(text: str) -> tuple[Qos, ...]:
    return tuple(_qos(read_yaml(text, MAX_METADATA))) if text else ()


def _qos(values: Any) -> list[Qos]:
    profiles: list[Qos] = []
    for each in values if isinstance(values, list) else ():
        try:
            profiles += parse_qos([cast(Any, {**_USUAL, **each})])
        except (AttributeError, KeyError, TypeError):
            continue
    return profiles
