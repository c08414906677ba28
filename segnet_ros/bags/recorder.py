"""The node `bag_recorder`: writes topics into a bag, where `ros2 bag` is not installed.

bag_recorder --ros-args -p out:=drive -p topics:="[/camera/image_raw, /segmentation/mask]"
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import BagError, SegNetError
from segnet_model.base.terminal import escaped
from segnet_ros.bags.settings import RecorderSettings
from segnet_ros.ros.log import PlainLogs
from segnet_ros.ros.message_types import definitions, message_class
from segnet_ros.ros.parameter_table import declare_table, read_table
from segnet_ros.ros.qos import is_latched, matching_qos
from segnet_ros.ros.usage import helped

DISCOVERY_PERIOD = 0.2  # seconds between two looks for new topics


class BagRecorder(PlainLogs, Node):
    """Records what is published until `close`; the bag appears, whole, only then.

    Attributes:
        settings: the parameters.
        counts: recorded messages of each subscribed topic.
    """

    def __init__(self, **arguments: Any) -> None:
        """Open the bag; arguments go to `rclpy.node.Node`.

        Raises:
            SettingsError: no name for the bag, or no such storage.
            BagError: the bag exists or cannot be written.
            ParameterException: a parameter from outside is of another type.
        """
        super().__init__("bag_recorder", **arguments)
        declare_table(self, RecorderSettings)
        self.settings = read_table(self, RecorderSettings)
        self.counts: Counter[str] = Counter()
        self._refused: set[str] = set()
        self._writer = BagWriter(self.settings.out, self.settings.storage, precious=True)
        self._writer.open()
        self._timer = self.create_timer(DISCOVERY_PERIOD, self.subscribe_to_new_topics)
        self.get_logger().info(f"recording to {self._writer.path}")

    def close(self) -> None:
        """Unsubscribe and finish the bag.

        Raises:
            BagError: the bag cannot be finished, e.g. because the disk is full. What there is of it
                stays in a temporary folder, which the error names.
        """
        self._timer.cancel()
        for subscription in list(self.subscriptions):
            self.destroy_subscription(subscription)
        try:
            self._writer.finish()
        except BagError as error:
            raise BagError(
                f"{error} What was recorded is left in {self._writer.keep_unfinished()}; "
                "`mcap recover` or `ros2 bag reindex` may mend it"
            ) from None
        self._writer.discard()

    def destroy_node(self) -> None:
        """End the node; a bag without a call of `close` is removed."""
        self._writer.discard()
        super().destroy_node()

    def subscribe_to_new_topics(self) -> None:
        """Subscribe to the wanted topics that have publishers by now."""
        for topic, types in self.get_topic_names_and_types():
            if self._is_wanted(topic) and self.count_publishers(topic):
                self._subscribe(topic, types[0])

    def _is_wanted(self, topic: str) -> bool:
        if topic in self.counts or topic in self._refused:
            return False
        topics = [self.resolve_topic_name(name) for name in self.settings.topics]
        if topics:
            return topic in topics
        return topic.startswith(self.settings.prefix.rstrip("/") + "/")

    def _subscribe(self, topic: str, type_name: str) -> None:
        kind = message_class(type_name)
        try:
            self._add_topic(topic, type_name, kind)
        except (BagError, LookupError) as error:
            self._refused.add(topic)
            self.get_logger().error(f"{topic} is not recorded: {error}")
            return
        callback = partial(self._record, topic, type_name)
        self.create_subscription(kind, topic, callback, matching_qos(self, topic), raw=True)
        self.counts[topic] = 0
        self.get_logger().info(f"recording {topic} ({type_name})")

    def _add_topic(self, topic: str, type_name: str, kind: Any) -> None:
        if kind is None:
            raise LookupError(f"{type_name} is not installed")
        self._writer.define(definitions(type_name, self._writer.knows))
        self._writer.add_topic(topic, type_name, latched=is_latched(self, topic))

    def _record(self, topic: str, type_name: str, data: bytes) -> None:
        self._writer.write_raw(topic, type_name, data, self.get_clock().now().nanoseconds)
        self.counts[topic] += 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Record until a signal; the exit code is 1 where the bag is not whole."""
    if helped(arguments, "bag_recorder", __doc__, RecorderSettings):
        return 0
    recorder = None
    try:
        rclpy.init(args=arguments)
        recorder = BagRecorder()
        whole = _spin(recorder)
        recorder.close()
        print(f"recorded {sum(recorder.counts.values())} messages of {len(recorder.counts)} topics")
        return 0 if whole else 1
    except (SegNetError, ParameterException) as error:
        print(f"bag_recorder: {escaped(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("bag_recorder: interrupted while starting or finishing; no bag", file=sys.stderr)
    except Exception:
        if rclpy.ok():  # else rclpy was told to end, and had no node to begin with
            raise
    finally:
        if recorder is not None:
            recorder.destroy_node()
        rclpy.try_shutdown()
    return 1


def _spin(recorder: BagRecorder) -> bool:
    """Record until Ctrl-C; returns False where a message could not be written."""
    try:
        with suppress(KeyboardInterrupt, ExternalShutdownException):
            rclpy.spin(recorder)
    except BagError as error:
        recorder.get_logger().error(f"recording ends early: {error}")
        return False
    finally:
        # A terminal and `ros2 launch` may both send it; a second one must not cost the recording.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return True


if __name__ == "__main__":
    sys.exit(main())
