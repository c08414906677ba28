"""Topics copied from one recording to another, with their types and quality of service."""

from __future__ import annotations

import logging
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

MAX_LISTED = 20  # topics
MAX_DEFINITION = 1 << 17  # characters; parsing is slow
logger = logging.getLogger(__name__)
NO_HASH = "RIHS01_" + 64 * "0"  # of an unknown type


def copy_topics(bag: BagReader, writer: BagWriter) -> None:
    """Add every topic of a bag to a new one, with its definition and quality of service.

    Raises:
        BagError: the new bag cannot be written.
    """
    if bag.passed_over:
        logger.warning(
            "topics of %s that are not of ROS 2 are not copied: %s",
            bag.path, ", ".join(list(bag.passed_over)[:MAX_LISTED]),
        )  # fmt: skip
    publishers: dict[tuple[str, str], list[Connection]] = defaultdict(list)
    for each in bag.connections:
        publishers[each.topic, each.msgtype].append(each)
    for (topic, type_name), group in publishers.items():
        definition, digest = _definition(group)
        writer.add_copied(topic, type_name, definition, digest, _qos(group))


def find_storage(path: Path) -> str:
    """The storage of a bag: "mcap" or "sqlite3"."""
    names = [each.name for each in path.iterdir()] if path.is_dir() else [path.name]
    return "mcap" if any(".mcap" in name for name in names) else "sqlite3"


def _qos(group: list[Connection]) -> list[Qos]:
    """The profiles that the topic's publishers offered, each once."""
    offers: list[Qos] = []
    for each in group:
        assert isinstance(each.ext, ConnectionExtRosbag2)
        offers += [qos for qos in each.ext.offered_qos_profiles if qos not in offers]
    return offers


def _definition(group: list[Connection]) -> tuple[str, str]:
    """A type's definition and hash; recorders before ROS 2 Iron omit some of them."""
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
    types = standard_types()
    try:
        if given is not None:
            types = get_typestore(Stores.EMPTY)
            is_idl = given.format is MessageDefinitionFormat.IDL
            text = given.data
            types.register(get_types_from_idl(text) if is_idl else get_types_from_msg(text, name))
        return types.hash_rihs01(name)
    except Exception:  # a strange definition may fail in any way, and players need no hash
        return NO_HASH
