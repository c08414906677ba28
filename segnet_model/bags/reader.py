"""Recordings read without ROS: rosbag2 folders, or a lone .mcap or .db3 file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rosbags.interfaces import Connection, ConnectionExtRosbag2, QosDurability

from segnet_model.bags.cut_mcap import CutMcap, is_cut
from segnet_model.bags.guarded import GuardedReader
from segnet_model.bags.images import RawMessage
from segnet_model.bags.messages import COMPRESSED_IMAGE, IMAGE
from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import BagError, SegNetError

__all__ = ["BagReader", "BagWriter", "RawMessage", "TopicInfo"]

IMAGE_TYPES = (IMAGE, COMPRESSED_IMAGE)
MAX_NAME = 255  # characters of a topic or type, as in DDS
MAX_REASON, MAX_LISTED = 500, 100  # characters of a reason, topics in a list


@dataclass(frozen=True)
class TopicInfo:
    """Type and size of a topic."""

    type: str  # e.g. "sensor_msgs/msg/Image"
    count: int  # messages
    latched: bool  # whether late subscribers get the last message (transient local)


class BagReader:
    """An open recording; a context manager.

    Attributes:
        path: of the rosbag2 folder, .mcap or .db3 file.
        topics: by name, sorted.
        start_ns: receive time of the first message, since the epoch.
        end_ns: just after the receive time of the last message.
        cut: whether the file was cut, and only its whole records are read.

    Example:
        >>> from segnet_model.datasets.drives import write_drive
        >>> write_drive("drive", seed=7, seconds=0.1)
        1
        >>> with BagReader("drive") as bag:
        ...     [topic for topic in bag.topics if topic.startswith("/camera")]
        ...     [message.type for message in bag.messages("/camera/image_raw")]
        ['/camera/camera_info', '/camera/image_raw']
        ['sensor_msgs/msg/Image']
    """

    def __init__(self, path: str | Path, *, cut_ok: bool = False) -> None:
        """Name a recording; the context opens it.

        Args:
            path: of the rosbag2 folder, .mcap or .db3 file.
            cut_ok: read the whole records of an .mcap file that was cut, or is still being written.
        """
        self.path = Path(path)
        self._cut_ok = cut_ok
        self.cut = False
        self.topics: dict[str, TopicInfo] = {}
        self.start_ns = self.end_ns = 0

    def __enter__(self) -> BagReader:
        """Open the recording.

        Raises:
            BagError: it does not exist, or is damaged.
        """
        self._check_path()
        with self._bag_errors():
            self.cut = self._cut_ok and is_cut(self.path)
            self._reader = GuardedReader(cast(Any, CutMcap(self.path)) if self.cut else self.path)
            self._reader.open()
            _check_names(self._reader.connections)
            connections = sorted(self._reader.connections, key=lambda c: c.topic)
            self.topics = {c.topic: _info(connections, c) for c in connections}
            self.start_ns, self.end_ns = self._reader.start_time, self._reader.end_time
        return self

    def __exit__(self, *error: object) -> None:
        """Close the recording."""
        self._reader.close()

    @property
    def connections(self) -> list[Connection]:
        """The connections of rosbags: one for each topic and publisher."""
        return list(self._reader.connections)

    @property
    def image_topics(self) -> tuple[str, ...]:
        """Topics with raw or compressed images."""
        return tuple(name for name, info in self.topics.items() if info.type in IMAGE_TYPES)

    def choose_image_topic(self, topic: str | None = None, besides: str = "") -> str:
        """The given topic, or the only image topic if None.

        Args:
            topic: raw or compressed images.
            besides: a topic or namespace to ignore if topic is None.

        Raises:
            BagError: the topic is not in the bag, holds no images, or None is ambiguous.
        """
        others = [
            name
            for name in self.image_topics
            if not besides or not f"{name}/".startswith(f"{besides}/")
        ]
        if topic is None and len(others) == 1:
            topic = others[0]
        if topic is None and others:
            raise BagError(
                f"bag {self.path} has several image topics; name one with --topic (topic of the "
                f"bag_player, image:= of a launch file): {', '.join(others)}"
            )
        if topic is None:
            raise BagError(f"bag {self.path} has no image topic{self._listing()}")
        self.check_topic(topic, IMAGE_TYPES)
        return topic

    def check_topic(self, topic: str, types: tuple[str, ...] = ()) -> None:
        """Raise BagError unless the topic exists, with messages of one of these types, if any."""
        info = self.topics.get(topic)
        if info is None:
            raise BagError(f"bag {self.path} has no topic {topic}{self._listing()}")
        if types and info.type not in types:
            raise BagError(
                f"{topic} in bag {self.path} is of type {info.type}; expected "
                f"{' or '.join(types)}{self._listing()}"
            )
        if types and not info.count:
            raise BagError(f"{topic} in bag {self.path} holds no messages; record it again")

    def messages(self, *topics: str) -> Iterator[RawMessage]:
        """Messages of these topics, or of all, in the order of their receive times.

        Raises:
            BagError: the bag is damaged, or has no such topic.
        """
        for topic in topics:
            self.check_topic(topic)
        chosen = [c for c in self._reader.connections if not topics or c.topic in topics]
        expected, found = sum(c.msgcount for c in chosen), 0
        with self._bag_errors():
            for connection, time, data in self._reader.messages(chosen) if chosen else ():
                found += 1
                yield RawMessage(connection.topic, connection.msgtype, time, data)
        if found < expected:
            raise BagError(
                f"bag {self.path} announces {expected} messages but gave {found}; it was cut or "
                "changed: copy it again, or make its metadata anew with `ros2 bag reindex`"
            )

    def _check_path(self) -> None:
        wanted = "a rosbag2 folder, a .mcap or a .db3 file"
        if not self.path.exists():
            raise BagError(f"there is no bag {self.path}; expected {wanted}")
        if self.path.is_dir() and not (self.path / "metadata.yaml").is_file():
            raise BagError(
                f"{self.path} is no bag: it has no metadata.yaml; expected {wanted}. If a recorder "
                "crashed, `ros2 bag reindex` makes one, or name the file in the folder"
            )
        if self.path.is_file() and self.path.suffix not in (".mcap", ".db3"):
            raise BagError(f"{self.path} is no bag; expected {wanted}")

    def _listing(self) -> str:
        if not self.topics:
            return "; the bag is empty: record it again"
        lines = [f"\n  {name}  {info.type}  {info.count}" for name, info in self.topics.items()]
        more = f"\n  and {len(lines) - MAX_LISTED} more" if len(lines) > MAX_LISTED else ""
        return "; its topics:" + "".join(lines[:MAX_LISTED]) + more

    @contextmanager
    def _bag_errors(self) -> Iterator[None]:
        # Damaged files make rosbags raise all kinds: its own, sqlite's, zstd's, struct's, YAML's.
        try:
            yield
        except SegNetError as error:
            raise BagError(f"bag {self.path} is refused: {error}") from None
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"[:MAX_REASON]
            raise BagError(
                f"bag {self.path} is damaged ({reason}); copy it again, or "
                "try `ros2 bag reindex` or `mcap recover`"
            ) from None


def _info(connections: list[Connection], one: Connection) -> TopicInfo:
    """Sum a topic up: several publishers are several connections."""
    count = sum(c.msgcount for c in connections if c.topic == one.topic)
    assert isinstance(one.ext, ConnectionExtRosbag2)
    profiles = one.ext.offered_qos_profiles
    latched = any(qos.durability is QosDurability.TRANSIENT_LOCAL for qos in profiles)
    return TopicInfo(one.msgtype, count, latched)


def _check_names(connections: list[Connection]) -> None:
    """Raise BagError for an impossible name of a topic or type."""
    for name in (name for each in connections for name in (each.topic, each.msgtype)):
        if not isinstance(name, str) or len(name) > MAX_NAME or not name.isprintable():
            raise BagError(f"a topic or type is called {str(name)[:40]!r}; record it again")
