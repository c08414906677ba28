"""Recordings written as rosbag2 folders, MCAP or sqlite3, for `ros2 bag play`."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
from rosbags.interfaces import (
    Connection,
    Qos,
)
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Writer
from rosbags.typesys import TypesysError, get_types_from_msg

from segnet_model.bags import messages
from segnet_model.bags.qos import offered_qos
from segnet_model.base.atomic import flush_to_disk
from segnet_model.base.errors import BagError
from segnet_model.base.leftovers import FILE, FOLDER, remove_leftovers, temporary_path
from segnet_model.base.undo import make_folders

STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
VERSION: Literal[8] = 8  # 9 writes QoS in a form that ROS 2 Humble and Iron cannot read
FOREIGN_ERRORS = (OSError, OverflowError, sqlite3.Error, WriterError, TypesysError)


class BagWriter:
    """A new recording; a context manager that writes a whole bag or none.

    Attributes:
        path: the folder of the finished bag.
        storage: "mcap" or "sqlite3"; a sqlite3 bag must be written and closed in one thread.

    Example:
        >>> with BagWriter("dark") as bag:
        ...     bag.write_image("/camera/image_raw", 0, "camera", np.zeros((48, 64, 3), np.uint8))
        >>> sorted(path.name for path in bag.path.iterdir())
        ['dark.mcap', 'metadata.yaml']
    """

    def __init__(self, path: str | Path, storage: str = "mcap", *, precious: bool = False) -> None:
        """Check the path and the storage.

        Args:
            path: the rosbag2 folder to make.
            storage: "mcap" or "sqlite3".
            precious: the messages cannot be had again, so the unfinished bag of a process that was
                killed stays.

        Raises:
            BagError: the path exists, or the storage is unknown.
        """
        if storage not in STORAGES:
            raise BagError(f"no storage {storage!r}; choose one of {', '.join(STORAGES)}")
        self.path = Path(path)
        self.storage = storage
        self._types = messages.new_types()
        self._connections: dict[tuple[str, str], Connection] = {}
        # rosbag2 names the files after their folder, so the folder already needs its final name.
        self._folder = temporary_path(self.path.absolute(), FILE if precious else FOLDER)
        self._writer: Writer | None = None
        self._kept = False
        self._check_free()

    def __enter__(self) -> BagWriter:
        """Open the bag."""
        try:
            self.open()
        except BaseException:
            self.discard()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the bag, or discard it after an error."""
        try:
            if kind is None:
                self.finish()
        finally:
            self.discard()

    def open(self) -> None:
        """Create a temporary folder and start writing.

        Raises:
            BagError: the folder cannot be created.
        """
        remove_leftovers(self._folder.parent)
        with self._bag_errors():
            shutil.rmtree(self._folder, ignore_errors=True)
            make_folders(self._folder.parent)
            bag = self._folder / self.path.name
            self._writer = Writer(bag, version=VERSION, storage_plugin=STORAGES[self.storage])
            self._writer.open()
            _commit_each_message(self._writer)

    def finish(self) -> None:
        """Close the bag and move it to its path.

        Raises:
            BagError: it cannot be finished, e.g. because the disk is full.
        """
        with self._bag_errors():
            self._open_writer().close()
            self._writer = None
            self._check_free()
            for file in (self._folder / self.path.name).iterdir():
                flush_to_disk(file)
            (self._folder / self.path.name).rename(self.path)
            flush_to_disk(self._folder.parent)

    def discard(self) -> None:
        """Remove an unfinished bag, unless it was kept."""
        self._abort()
        if not self._kept:
            shutil.rmtree(self._folder, ignore_errors=True)

    def keep_unfinished(self) -> Path:
        """Stop writing and keep the unfinished bag; returns its folder."""
        self._abort()
        self._kept = True
        return self._folder / self.path.name

    def _abort(self) -> None:
        if self._writer is not None:
            with suppress(Exception):
                self._writer.abort()
            self._writer = None

    def define(self, types: Mapping[str, str]) -> None:
        """Define message types beside the standard ones.

        Args:
            types: the text of the .msg file for each name, e.g. "segnet_ros/msg/ClassMap".

        Raises:
            BagError: a text is not a message definition.
        """
        for name, text in types.items():
            with self._bag_errors():
                self._types.register(get_types_from_msg(text, name))

    def knows(self, type_name: str) -> bool:
        """Whether messages of this type, and of all types within it, can be written."""
        try:
            self._types.generate_msgdef(type_name, ros_version=2)
        except TypesysError:
            return False
        return True

    def add_topic(self, topic: str, type_name: str, *, latched: bool = False) -> None:
        """Add a topic. Only latched topics need it: others are added with their first message.

        Args:
            topic: e.g. "/camera/image_raw".
            type_name: e.g. "sensor_msgs/msg/Image".
            latched: whether late subscribers get the last message (transient local).

        Raises:
            BagError: the type is unknown; `define` it.
        """
        if (topic, type_name) in self._connections:
            return
        if not self.knows(type_name):
            raise BagError(f"bag {self.path}: type {type_name} of {topic} is unknown; define it")
        with self._bag_errors():
            self._connections[topic, type_name] = self._open_writer().add_connection(
                topic,
                type_name,
                typestore=self._types,
                offered_qos_profiles=[offered_qos(latched)],
            )

    def add_copied(
        self, topic: str, type_name: str, definition: str, digest: str, qos: Sequence[Qos]
    ) -> None:
        """Add a topic as it is in another bag; its type may be unknown here."""
        with self._bag_errors():
            self._connections[topic, type_name] = self._open_writer().add_connection(
                topic, type_name, msgdef=definition, rihs01=digest, offered_qos_profiles=qos
            )

    def write_raw(
        self, topic: str, type_name: str, data: bytes | memoryview, receive_ns: int
    ) -> None:
        """Write a serialized message (CDR).

        Raises:
            BagError: the type is unknown, or the disk is full.
        """
        self.add_topic(topic, type_name)
        with self._bag_errors():
            self._open_writer().write(self._connections[topic, type_name], int(receive_ns), data)

    def write(self, topic: str, message: Any, receive_ns: int) -> None:
        """Write a message of a standard or defined type; raises as `write_raw`."""
        kind = message.__msgtype__
        self.write_raw(topic, kind, self._types.serialize_cdr(message, kind), receive_ns)

    def write_image(self, topic: str, stamp_ns: int, frame_id: str, image: np.ndarray) -> None:
        """Write an image (H, W, 3) uint8 RGB as rgb8."""
        header = messages.make_header(stamp_ns, frame_id)
        self.write(topic, messages.image_message(header, image, "rgb8"), stamp_ns)

    def write_labels(self, topic: str, stamp_ns: int, frame_id: str, labels: np.ndarray) -> None:
        """Write class ids (H, W) uint8 as mono8."""
        header = messages.make_header(stamp_ns, frame_id)
        self.write(topic, messages.image_message(header, labels, "mono8"), stamp_ns)

    def write_compressed(
        self, topic: str, stamp_ns: int, frame_id: str, data: bytes, image_format: str
    ) -> None:
        """Write a whole "jpeg" or "png" file."""
        header = messages.make_header(stamp_ns, frame_id)
        self.write(topic, messages.compressed_message(header, data, image_format), stamp_ns)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise BagError(f"bag {self.path} is not open; write inside `with BagWriter(...)`")
        return self._writer

    def _check_free(self) -> None:
        if os.path.lexists(self.path):  # a link that leads nowhere, too
            raise BagError(f"{self.path} exists already; remove it or choose another name")

    @contextmanager
    def _bag_errors(self) -> Iterator[None]:
        try:
            yield
        except FOREIGN_ERRORS as error:
            raise BagError(
                f"cannot write bag {self.path}: {error}; is the disk full or not writable?"
            ) from None


def _commit_each_message(writer: Writer) -> None:
    """Commit each message: in rosbags' one transaction, a full disk would undo the recording."""
    if isinstance(writer.storage, Sqlite3Writer):
        writer.storage.conn.isolation_level = None
        # To wait for the disk each time would be too slow; rosbag2 does not wait either.
        writer.storage.conn.execute("PRAGMA synchronous = OFF")
