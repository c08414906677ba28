"""Recordings read without ROS: rosbag2 folders, or a lone .mcap or .db3 file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rosbags.interfaces import Connection, ConnectionExtRosbag2, QosDurability

from segnet_model.bags.foxglove import as_standard, to_standard
from segnet_model.bags.images import RawMessage
from segnet_model.bags.kinds import is_bag_folder, is_recording, refuse_other_kinds, rescue
from segnet_model.bags.messages import FFMPEG_PACKET, TRANSPORTS
from segnet_model.bags.opening import open_storage
from segnet_model.bags.refusals import MEND, PACKETS, check_storage, packets_mend
from segnet_model.bags.unpacking import unpack_message
from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import BagError, SegNetError, cause
from segnet_model.base.listed import join_first

__all__ = ["BagReader", "BagWriter", "RawMessage", "TopicInfo"]

IMAGE_TYPES = tuple(TRANSPORTS)
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
            self._storage = open_storage(self.path, cut_ok=self._cut_ok)
            try:
                check_storage(self._storage)
            except BaseException:
                self._storage.close()
                raise
        self.topics = _topics(self.connections)
        self.start_ns, self.end_ns = self._storage.start_ns, self._storage.end_ns
        self.cut = self._storage.cut
        return self

    def __exit__(self, *error: object) -> None:
        """Close the recording."""
        self._storage.close()

    @property
    def connections(self) -> list[Connection]:
        """The connections of rosbags: one for each topic and publisher, see `as_standard`."""
        return [as_standard(each) for each in self._storage.connections]

    @property
    def passed_over(self) -> dict[str, str]:
        """Encoding of each topic whose messages are not CDR, and are not read."""
        return self._storage.passed_over

    @property
    def image_topics(self) -> tuple[str, ...]:
        """Topics with raw or compressed images, or a video's packets."""
        return tuple(name for name, info in self.topics.items() if info.type in IMAGE_TYPES)

    def choose_image_topic(self, topic: str | None = None, besides: str = "") -> str:
        """The given topic, or the only image topic if None.

        Args:
            topic: raw or compressed images, or a video's packets.
            besides: a topic or namespace to ignore if topic is None.

        Raises:
            BagError: the topic is not in the bag, holds no images, or None is ambiguous.
        """
        topic = self._only_image_topic(besides) if topic is None else topic
        self.check_topic(topic, IMAGE_TYPES)
        return topic

    def _only_image_topic(self, besides: str) -> str:
        """The only image topic, or else a video's, which `check_topic` refuses with its mend."""
        found = [
            name
            for name in self.image_topics
            if not besides or not f"{name}/".startswith(f"{besides}/")
        ]
        # Where both were recorded, plain images are exact, and any of them is decoded alone.
        found = [name for name in found if self.topics[name].type != FFMPEG_PACKET] or found
        if len(found) > 1:
            raise BagError(
                f"bag {self.path} has several image topics; name one with --topic (topic of the "
                f"bag_player, image:= of a launch file): {join_first(found, MAX_LISTED)}"
            )
        found += [name for name, info in self.topics.items() if info.type in PACKETS]
        if not found:
            raise BagError(f"bag {self.path} has no image topic{self._listing()}")
        return found[0]

    def check_topic(self, topic: str, types: tuple[str, ...] = ()) -> None:
        """Raise BagError unless the topic exists, with messages of one of these types, if any."""
        info = self.topics.get(topic)
        if topic in self.passed_over and info is None:
            raise BagError(
                f"{topic} in bag {self.path} is {self.passed_over[topic]}, not CDR; {MEND}"
            )
        if info is None:
            raise BagError(f"bag {self.path} has no topic {topic}{self._listing()}")
        if types and info.type in PACKETS:
            raise BagError(f"{topic} in bag {self.path} {packets_mend(topic, info.type)}")
        if types and info.type not in types:
            raise BagError(
                f"{topic} in bag {self.path} is of type {info.type}; expected "
                f"{' or '.join(types)}{self._listing()}"
            )
        if types and not info.count:
            raise BagError(f"{topic} in bag {self.path} holds no messages; record it again")

    def messages(self, *topics: str, since_ns: int = 0) -> Iterator[RawMessage]:
        """Messages of these topics, or of all, in the order of their receive times.

        Args:
            topics: names.
            since_ns: receive time of the first; what came before is not read.

        Raises:
            BagError: the bag is damaged, or has no such topic.
        """
        for topic in topics:
            self.check_topic(topic)
        chosen = [c for c in self._storage.connections if not topics or c.topic in topics]
        whole = since_ns <= self.start_ns
        expected, found = sum(c.msgcount for c in chosen) if whole else 0, 0
        with self._bag_errors():
            for connection, time, data in self._storage.messages(chosen, since_ns):
                found += 1
                kind = as_standard(connection).msgtype
                message = to_standard(connection.msgtype, unpack_message(data))
                yield RawMessage(connection.topic, kind, time, message)
        if found < expected:
            raise BagError(
                f"bag {self.path} announces {expected} messages but gave {found}; it was cut or "
                "changed: copy it again, or make its metadata anew with `ros2 bag reindex`"
            )

    def _check_path(self) -> None:
        wanted = "a rosbag2 folder, a .mcap or a .db3 file"
        if not self.path.exists():
            raise BagError(f"there is no bag {self.path}; expected {wanted}")
        if self.path.is_dir() and not is_bag_folder(self.path):
            raise BagError(
                f"{self.path} is no bag: it has no metadata.yaml; expected {wanted}. If a recorder "
                "crashed, `ros2 bag reindex` makes one, or name the file in the folder"
            )
        if self.path.is_file() and not is_recording(self.path):
            refuse_other_kinds(self.path)
            raise BagError(f"{self.path} is no bag; expected {wanted}")

    def _listing(self) -> str:
        if not self.topics:
            if self.cut:
                return "; it was cut before its first part was whole: copy it again"
            return "; the bag is empty: record it again"
        lines = [f"\n  {name}  {info.type}  {info.count}" for name, info in self.topics.items()]
        lines += [f"\n  {name}  {kind}, not CDR" for name, kind in self.passed_over.items()]
        more = f"\n  and {len(lines) - MAX_LISTED} more" if len(lines) > MAX_LISTED else ""
        return "; its topics:" + "".join(lines[:MAX_LISTED]) + more

    @contextmanager
    def _bag_errors(self) -> Iterator[None]:
        # Damaged files make rosbags raise all kinds: its own, sqlite's, zstd's, struct's, YAML's.
        try:
            yield
        except SegNetError as error:
            raise BagError(f"bag {self.path} is refused: {error}") from None
        except OSError as error:
            raise BagError(f"bag {self.path}: {cause(error.filename or 'it', error)}") from None
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"[:MAX_REASON]
            raise BagError(f"bag {self.path} is damaged ({reason}); {rescue(self.path)}") from None


def _topics(connections: list[Connection]) -> dict[str, TopicInfo]:
    """Sum the topics up, sorted: several publishers are several connections."""
    found: dict[str, TopicInfo] = {}
    for each in sorted(connections, key=lambda one: one.topic):
        assert isinstance(each.ext, ConnectionExtRosbag2)
        profiles = each.ext.offered_qos_profiles
        latched = any(qos.durability is QosDurability.TRANSIENT_LOCAL for qos in profiles)
        before = found.get(each.topic, TopicInfo(each.msgtype, 0, False))
        found[each.topic] = TopicInfo(
            each.msgtype, before.count + each.msgcount, before.latched or latched
        )
    return found
