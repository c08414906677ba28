"""The publishers of a camera's outputs and of the network's classes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from segnet_model.inference.answer import Answer
from segnet_ros.ros.qos import advertise, node_name, profile, publisher_qos
from segnet_ros.segmentation.messages import TYPES, latched, message
from segnet_ros.segmentation.network import Network

DEPTH = 5  # images, for a subscriber that pauses


class Outputs:
    """Publishes the outputs that have subscribers, while the node is active."""

    def __init__(
        self,
        node: LifecycleNode,
        network: Network,
        prefix: str = "~/",
        reliability: str = "reliable",
    ) -> None:
        """Create the publishers, all topics below prefix, and publish the network's classes.

        Reliable publishers serve both kinds of subscriber: Nav2 requests best effort, RViz requests
        reliable and gets nothing from a best-effort publisher.
        """
        self._node = node
        self._topics: dict[str, Any] = {}
        self._latched: dict[str, Any] = {}
        with ExitStack() as undo:  # half of the publishers would be worse than none
            for name, kind in TYPES.items():
                offered = profile(reliability, DEPTH)
                self._topics[name] = advertise(node, kind, prefix + name, offered, undo)
            self._latch(network, prefix, undo)
            self._undo = undo.pop_all()

    def wanted(self) -> frozenset[str]:
        """Names of the outputs that have subscribers now."""
        return frozenset(n for n, topic in self._topics.items() if topic.get_subscription_count())

    def rivals(self) -> str:
        """Why others' messages come on these topics, with the mend; empty where none do."""
        for topic in self._topics.values():
            if self._node.count_publishers(topic.topic_name) > 1:
                found = self._node.get_publishers_info_by_topic(topic.topic_name)
                names = " and ".join(map(node_name, found))
                return (
                    f"{topic.topic_name} has {len(found)} publishers, {names}, so "
                    "that images are answered twice; give each node a name of its own, or stop one"
                )
        return ""

    def publish(self, answer: Answer, header: Header, wanted: frozenset[str]) -> None:
        """Build and publish the wanted outputs but the stats."""
        for name in TYPES:
            if name in wanted and name != "stats":
                output = message(name, answer, header)
                if output is not None:
                    self._topics[name].publish(output)

    def publish_stats(self, message: Any) -> None:
        """Publish a SegmentationStats."""
        self._topics["stats"].publish(message)

    def announce(self, network: Network) -> None:
        """Publish the classes of a network, before its first mask."""
        for name, latched_message in self._latched_messages(network).items():
            self._latched[name].publish(latched_message)

    def destroy(self) -> None:
        """Remove the publishers."""
        self._undo.close()

    def _latch(self, network: Network, prefix: str, undo: ExitStack) -> None:
        # Plain publishers: Nav2 needs the classes before the first mask, so before activation.
        offered = publisher_qos(latched=True)
        for name, first in self._latched_messages(network).items():
            publisher = self._node.create_publisher(type(first), prefix + name, offered)
            undo.callback(self._node.destroy_publisher, publisher)
            self._latched[name] = publisher
            publisher.publish(first)

    def _latched_messages(self, network: Network) -> dict[str, Any]:
        return latched(network, Header(stamp=self._node.get_clock().now().to_msg()))
