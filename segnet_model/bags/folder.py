"""rosbag2 folders: their metadata, and the files that it lists, none outside of the folder."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection

from segnet_model.bags.kinds import METADATA, PACKED, SUFFIXES, first_bytes
from segnet_model.bags.storage import CDR, NO_DEFINITION, Storage, connection
from segnet_model.bags.unpacking import MAX_METADATA, unpacked_files
from segnet_model.base.documents import read_yaml
from segnet_model.base.errors import BagError, SettingsError

INFO = "rosbag2_bagfile_information"
KNOWN = 9  # version of the metadata
logger = logging.getLogger(__name__)


class FolderBag:
    """An open rosbag2 folder; see `Storage`.

    The files say what is in them. The metadata adds the order of the files, the quality of service,
    which people edit there, and the number of messages, which shows what was lost.
    """

    cut = False

    def __init__(self, path: Path, open_file: Callable[[Path], Storage]) -> None:
        """Open the files that the metadata lists.

        Args:
            path: of the folder.
            open_file: opens each of them.

        Raises:
            BagError: the metadata is damaged, or a file is missing or outside of the folder.
        """
        info = read_metadata(path)
        with ExitStack() as stack:
            files = stack.enter_context(unpacked_files(_listed_files(path, info)))
            self._storages: list[Storage] = []
            for file in files:
                self._storages.append(open_file(file))
                stack.callback(self._storages[-1].close)
            self._join(_announced(info, path), path)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    def messages(
        self, connections: Collection[Connection], since_ns: int = 0
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Messages of some of the connections with receive times, in their order."""
        chosen = {_key(each): each for each in connections}
        for storage in sorted(self._storages, key=lambda each: each.start_ns):
            inside = [each for each in storage.connections if _key(each) in chosen]
            wanted = inside and storage.end_ns > since_ns
            for each, time, data in storage.messages(inside, since_ns) if wanted else ():
                yield chosen[_key(each)], time, data

    def _join(self, announced: list[Connection], bag: Path) -> None:
        """Join the topics of the metadata and of the files, by name and type."""
        self.passed_over: dict[str, str] = {}
        groups: dict[tuple[str, str], list[Connection]] = defaultdict(list)
        for storage in self._storages:
            self.passed_over.update(storage.passed_over)
            for each in storage.connections:
                groups[_key(each)].append(each)
        told: dict[tuple[str, str], list[Connection]] = defaultdict(list)
        for each in announced:
            if _key(each) not in groups and each.topic in self.passed_over:
                continue
            if each.msgcount and _key(each) not in groups:
                logger.warning(
                    "%s announces %d messages of type %s on %s, and its files have no such topic",
                    bag / METADATA, each.msgcount, each.msgtype, each.topic,
                )  # fmt: skip
            else:
                told[_key(each)].append(each)
        self.connections = [
            _joined(number, told[key], groups[key])
            for number, key in enumerate(dict.fromkeys([*told, *groups]), 1)
        ]
        with_messages = [each for each in self._storages if each.end_ns]
        self.start_ns = min((each.start_ns for each in with_messages), default=0)
        self.end_ns = max((each.end_ns for each in with_messages), default=0)


def read_metadata(bag: Path) -> dict[str, Any]:
    """Read the information in metadata.yaml; BagError where it is none."""
    file = bag / METADATA
    first_bytes(file)
    size = file.stat().st_size
    if size > MAX_METADATA:
        raise BagError(f"{METADATA} of {size} bytes, of {MAX_METADATA} at most; is it one?")
    try:
        values = read_yaml(file.read_text(encoding="utf-8"), MAX_METADATA)
    except (SettingsError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise BagError(
            f"{METADATA} is damaged ({reason}); make it anew with `ros2 bag reindex {bag}`, or "
            "name the files themselves"
        ) from None
    info = values.get(INFO) if isinstance(values, dict) else None
    if not isinstance(info, dict) or not isinstance(info.get("relative_file_paths"), list):
        version = info.get("version") if isinstance(info, dict) else None
        if isinstance(version, int) and version > KNOWN:
            raise BagError(
                f"{METADATA} is of version {version} and lists its files in an unknown form; name "
                "the files themselves"
            )
        raise BagError(
            f"{METADATA} lists no files; make it anew with `ros2 bag reindex {bag}`, or name the "
            "files themselves"
        )
    return info


def _listed_files(bag: Path, info: dict[str, Any]) -> list[Path]:
    """The files of a bag, packed or unpacked, in their order; BagError where one is missing."""
    names = [_name(str(path)) for path in info["relative_file_paths"]]
    for name in (METADATA, *names):
        if (bag / name).resolve().parent != bag.resolve():
            raise BagError(f"{name} leads outside the bag; name the file itself, or copy it there")
    found = {name: _packed_or_not(bag / name) for name in names}
    if missing := [str(bag / name) for name, file in found.items() if file is None]:
        left = [str(each) for each in _recordings(bag)]
        ways = f"name those that are left, {', '.join(left[:9])}, or make" if left else "make"
        raise BagError(
            f"files are missing: {', '.join(missing[:9])}; copy it again, or {ways} the metadata "
            "anew with `ros2 bag reindex`"
        )
    files = [file for file in found.values() if file]
    _warn_of_others(bag, files)
    return files


def _packed_or_not(file: Path) -> Path | None:
    others = (file, file.with_name(file.name.removesuffix(PACKED)), Path(f"{file}{PACKED}"))
    return next((each for each in others if each.exists()), None)


def _warn_of_others(bag: Path, files: list[Path]) -> None:
    """Warn of recordings in the folder that are not listed."""
    known = {file.name.removesuffix(PACKED) for file in files}
    others = [e.name for e in _recordings(bag) if e.name.removesuffix(PACKED) not in known]
    if others:
        logger.warning(
            "%s does not list %s, so it is not read; name it, or run `ros2 bag reindex %s`",
            bag / METADATA, ", ".join(others[:9]), bag,
        )  # fmt: skip


def _recordings(bag: Path) -> list[Path]:
    """Recordings in the folder; not hidden files, as macOS keeps one beside each file."""
    return sorted(
        each
        for each in bag.iterdir()
        if each.name.removesuffix(PACKED).endswith(tuple(SUFFIXES))
        and not each.name.startswith(".")
    )


def _name(path: str) -> str:
    """The name of a file in the metadata, where recorders write paths, also of Windows."""
    return re.split(r"[/\\]", path)[-1]


def _announced(info: dict[str, Any], bag: Path) -> list[Connection]:
    """The topics of the metadata; none where they have an unknown form, which is said."""
    try:
        return _topics(info)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logger.warning(
            "the topics in %s are not read (%s: %s): what the files say of them is taken",
            bag / METADATA, type(error).__name__, error,
        )  # fmt: skip
        return []


def _topics(info: dict[str, Any]) -> list[Connection]:
    """The topics of the metadata; TypeError or KeyError where they have another form."""
    found = []
    for number, each in enumerate(info.get("topics_with_message_count") or ()):
        topic, count = each["topic_metadata"], each["message_count"]
        if topic.get("serialization_format", CDR) == CDR:
            qos, digest = topic.get("offered_qos_profiles"), topic.get("type_description_hash", "")
            found.append(
                connection(
                    number, topic["name"], topic["type"], int(count), NO_DEFINITION, digest, qos
                )
            )
    return found


def _key(each: Connection) -> tuple[str, str]:
    return each.topic, each.msgtype


def _joined(number: int, told: list[Connection], found: list[Connection]) -> Connection:
    """One connection of a topic in the metadata and in the files."""
    first = (told or found)[0]
    definition = next((each.msgdef for each in found if each.msgdef.data), first.msgdef)
    digest = next((each.digest for each in [*told, *found] if each.digest), "")
    count = sum(each.msgcount for each in told or found)
    return first._replace(id=number, msgdef=definition, digest=digest, msgcount=count)
