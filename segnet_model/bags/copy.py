"""What a copy of a recording has to know of each of its topics."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
    Qos,
)
from rosbags.typesys import (
    Stores,
    TypesysError,
    get_types_from_idl,
    get_types_from_msg,
    get_typestore,
)

from segnet_model.bags.messages import standard_types
from segnet_model.bags.reader import BagReader
from segnet_model.bags.writer import BagWriter

MAX_DEFINITION = 1 << 17  # letters; parsing is slow
NO_HASH = "RIHS01_" + 64 * "0"  # of a type that nobody defines


def announce_topics(bag: BagReader, writer: BagWriter) -> None:
    """Announce every topic of a bag in a new one, with its definition and quality of service.

    Raises:
        BagError: the new bag cannot be written.
    """
    publishers: dict[tuple[str, str], list[Connection]] = defaultdict(list)
    for each in bag.connections:
        publishers[each.topic, each.msgtype].append(each)
    for (topic, type_name), group in publishers.items():
        definition, digest = _definition(group)
        writer.add_copied(topic, type_name, definition, digest, _qos(group))


def storage_of(path: Path) -> str:
    """In what a bag is stored, "mcap" or "sqlite3"."""
    names = [each.name for each in path.iterdir()] if path.is_dir() else [path.name]
    return "mcap" if any(".mcap" in name for name in names) else "sqlite3"


def _qos(group: list[Connection]) -> list[Qos]:
    """What the topic's publishers offered, each once."""
    offers: list[Qos] = []
    for each in group:
        assert isinstance(each.ext, ConnectionExtRosbag2)
        offers += [qos for qos in each.ext.offered_qos_profiles if qos not in offers]
    return offers


def _definition(group: list[Connection]) -> tuple[str, str]:
    """A type's definition and its hash; recorders before ROS 2 Iron leave them out in part."""
    name = group[0].msgtype
    given = next((each.msgdef for each in group if each.msgdef.data), None)
    text = given.data if given else _standard_definition(name)
    digest = next((each.digest for each in group if each.digest), "")
    return text, digest or _hash(name, given)


def _standard_definition(name: str) -> str:
    try:
        return standard_types().generate_msgdef(name, ros_version=2)[0]
    except TypesysError:
        return ""


def _hash(name: str, given: MessageDefinition | None) -> str:
    if given is not None and len(given.data) > MAX_DEFINITION:
        return NO_HASH
    try:
        if given is None:
            return standard_types().hash_rihs01(name)
        types = get_typestore(Stores.EMPTY)
        is_idl = given.format is MessageDefinitionFormat.IDL
        types.register(
            get_types_from_idl(given.data) if is_idl else get_types_from_msg(given.data, name)
        )
        return types.hash_rihs01(name)
    except Exception:  # what a stranger defines may fail in any way, and players do without
        return NO_HASH
