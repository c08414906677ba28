"""The node `bag_player`: plays a bag on topics, where `ros2 bag` is not installed.

bag_player --ros-args -p bag:=drive -p rate:=0.5 -r /camera/image_raw:=/front/image
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.publisher import Publisher

from segnet_model.bags.images import RawMessage
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import BagError, SegNetError, SettingsError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.terminal import escaped
from segnet_ros.bags.settings import PlayerSettings
from segnet_ros.ros.cdr import stamp_of, with_stamp
from segnet_ros.ros.log import PlainLogs
from segnet_ros.ros.message_types import has_header, install_command, message_class
from segnet_ros.ros.parameter_table import declare_table, read_table
from segnet_ros.ros.qos import deliver, matching_qos, publisher_qos
from segnet_ros.ros.usage import helped

SPIN_TIMEOUT = 0.05  # seconds between two checks for the end
# A publisher sees a subscriber before that sees the publisher and receives from it.
MATCH_TIME = 0.5  # seconds
DELIVERY_TIMEOUT = 5.0  # seconds, for a slow subscriber
Spin = Callable[[float], None]  # handles events for at most so many seconds
OnImage = Callable[[int, int], None]  # stamp in the bag, stamp as published; nanoseconds


class BagPlayer(PlainLogs, Node):
    """Publishes the messages of a bag in their order and at their times.

    With `wait_for`, the next message is published when its time has come and the last image was
    answered: a slow computer plays slower instead of dropping frames.

    Attributes:
        settings: the parameters.
        missed: images that were not answered in time.
    """

    def __init__(self, **arguments: Any) -> None:
        """Declare the parameters; arguments go to `rclpy.node.Node`.

        Raises:
            SettingsError: a parameter is out of range.
            ParameterException: a parameter from outside is out of range or of another type.
        """
        super().__init__("bag_player", **arguments)
        declare_table(self, PlayerSettings)
        self.settings = read_table(self, PlayerSettings)
        self.missed = 0
        self._returned_stamp = 0
        self._stamps = (-1, -1)
        self._restamped_topics: set[str] = set()  # topics that have used these stamps

    def play(
        self, spin: Spin, on_image: OnImage | None = None, progress: ShareDone = no_progress
    ) -> None:
        """Play the bag to its end, or for ever with `loop`.

        Args:
            spin: called while the player waits.
            on_image: called right after the publication of each image.
            progress: called with the share of the recording that was played.

        Raises:
            BagError: the bag is damaged, or lacks the topic.
            ExternalShutdownException: the process was told to end.
        """
        self._spin = spin
        self._on_image = on_image or (lambda old, new: None)
        with BagReader(self.settings.bag) as bag:
            image_topic = bag.choose_image_topic(self.settings.topic or None)
            publishers = self._advertise(bag)
            if image_topic not in publishers:
                kind = bag.topics[image_topic].type
                raise BagError(
                    f"{image_topic} cannot be played: {kind} is not installed; "
                    f"{install_command(kind)}"
                )
            self._wait_for_subscribers(publishers[image_topic])
            self._play_once(bag, publishers, image_topic, progress)
            while self.settings.loop:
                self._play_once(bag, publishers, image_topic, progress)
            deliver(publishers.values(), DELIVERY_TIMEOUT)

    def _advertise(self, bag: BagReader) -> dict[str, Publisher]:
        self._stamped: dict[str, bool] = {}
        publishers = {}
        for topic, info in bag.topics.items():
            kind = message_class(info.type)
            if kind is None:
                self.get_logger().warning(f"{topic} is not played: {info.type} is not installed")
                continue
            self._stamped[topic] = has_header(kind)
            aside = self.settings.aside and topic.startswith(f"{self.settings.aside}/")
            name = f"/recorded{topic}" if aside else topic
            publishers[topic] = self.create_publisher(kind, name, publisher_qos(info.latched))
        return publishers

    def _wait_for_subscribers(self, images: Publisher) -> None:
        name, wanted = images.topic_name, self.settings.listeners
        self.get_logger().info(f"waiting for subscribers to {name}: {wanted}")
        enough = self._wait(
            self.settings.start_timeout, lambda: images.get_subscription_count() >= wanted
        )
        if not enough:
            found = images.get_subscription_count()
            self.get_logger().warning(f"subscribers to {name}: {found} of {wanted}; playing anyway")
        self._wait_for_recorder()
        if self.settings.wait_for:
            self._subscribe_to_returns(self.resolve_topic_name(self.settings.wait_for))
        self._wait(MATCH_TIME, lambda: False)

    def _wait_for_recorder(self) -> None:
        topic = self.settings.heard and self.resolve_topic_name(self.settings.heard)
        if topic and not self._wait(
            self.settings.start_timeout, lambda: self.count_subscribers(topic)
        ):
            self.get_logger().warning(f"no subscriber to {topic}; playing anyway")

    def _subscribe_to_returns(self, topic: str) -> None:
        if not self._wait(self.settings.start_timeout, lambda: self.count_publishers(topic)):
            raise SettingsError(f"wait_for {topic} has no publisher; start its node first")
        types = dict(self.get_topic_names_and_types())[topic]
        kind = message_class(types[0])
        if kind is None or not has_header(kind):
            raise SettingsError(f"wait_for {topic} is of type {types[0]}, which has no stamp")
        self.create_subscription(
            kind, topic, self._receive_return, matching_qos(self, topic), raw=True
        )

    def _receive_return(self, data: bytes) -> None:
        self._returned_stamp = stamp_of(data)

    def _play_once(
        self,
        bag: BagReader,
        publishers: dict[str, Publisher],
        image_topic: str,
        progress: ShareDone,
    ) -> None:
        start, length = monotonic(), max(1, bag.end_ns - bag.start_ns)
        for message in bag.messages(*publishers):
            due = start + (message.receive_ns - bag.start_ns) / 1e9 / self.settings.rate
            self._wait(due - monotonic(), lambda: False)
            if self.settings.wait_for:
                # To catch up with the delay would be a burst of frames.
                start += max(0.0, monotonic() - due)
            stamps = self._publish(publishers[message.topic], message)
            if message.topic == image_topic:
                self._on_image(*stamps)
                self._wait_for_return(stamps[1])
            progress((message.receive_ns - bag.start_ns) / length)

    def _publish(self, publisher: Publisher, message: RawMessage) -> tuple[int, int]:
        """Publish a message; returns its stamps in the bag and as published, 0 without a header."""
        if not self._stamped[message.topic]:
            publisher.publish(bytes(message.data))
            return 0, 0
        stamp = stamp_of(message.data)
        if not self.settings.restamp:
            publisher.publish(bytes(message.data))
            return stamp, stamp
        stamps = self._new_stamps(message.topic, stamp)
        publisher.publish(with_stamp(message.data, stamps[1]))
        return stamps

    def _new_stamps(self, topic: str, stamp: int) -> tuple[int, int]:
        # Messages that shared a stamp share one again, so that they can still be paired; but not
        # two of one topic, as where a camera never set any.
        if stamp != self._stamps[0] or topic in self._restamped_topics:
            self._stamps = stamp, self.get_clock().now().nanoseconds
            self._restamped_topics.clear()
        self._restamped_topics.add(topic)
        return self._stamps

    def _wait_for_return(self, stamp: int) -> None:
        topic, seconds = self.settings.wait_for, self.settings.wait_timeout
        if topic and not self._wait(seconds, lambda: self._returned_stamp == stamp):
            self.missed += 1
            self.get_logger().warning(f"image {stamp} was not answered on {topic} in {seconds:g} s")

    def _wait(self, seconds: float, until: Callable[[], object]) -> bool:
        """Handle events until a condition holds; returns False where it does not in time."""
        end = monotonic() + seconds
        while not until():
            left = end - monotonic()
            # At least once, so that a late player still handles events.
            self._spin(min(max(left, 0.0), SPIN_TIMEOUT))
            if not self.context.ok():
                raise ExternalShutdownException
            if left <= 0:
                return bool(until())
        return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the bag of the parameters; the exit code is 1 where that failed."""
    if helped(arguments, "bag_player", __doc__, PlayerSettings):
        return 0
    player = None
    try:
        rclpy.init(args=arguments)
        player = BagPlayer()
        executor = SingleThreadedExecutor()
        executor.add_node(player)
        player.play(executor.spin_once)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (SegNetError, ParameterException) as error:
        print(f"bag_player: {escaped(error)}", file=sys.stderr)
        return 1
    except Exception:
        if rclpy.ok():  # else rclpy was told to end, and had no node to begin with
            raise
    finally:
        if player is not None:
            player.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
