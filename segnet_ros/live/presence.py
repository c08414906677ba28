"""Whether the node that the page shows is there, its cameras, and which node may be meant."""

from __future__ import annotations

from collections.abc import Collection

from rclpy.node import Node

from segnet_model.inference.outputs import COMPRESSED_IMAGE
from segnet_ros.live.views import VIEWS
from segnet_ros.ros.qos import node_name

OVERLAY = VIEWS["overlay"].topic


class Presence:
    """The node as the ROS graph shows it; `look` looks again.

    Attributes:
        cameras: names of its cameras, "" where there is one without a name.
        problem: why it has none, with the mend; empty where it has.
    """

    def __init__(self, node: Node, target: str) -> None:
        """Take the node to look with, and the full name of the node to look for."""
        self._node, self._target = node, target
        self.cameras: tuple[str, ...] = ()
        self.problem = ""
        self.look()

    def look(self) -> None:
        """Look again."""
        topics = self._topics()
        self.cameras = tuple(sorted(cameras_of(self._target, topics or ())))
        self.problem = "" if self.cameras else self._why_not(topics)

    def _topics(self) -> list[str] | None:
        """Topics that the node publishes; None where there is no such node."""
        place, _, name = self._target.rpartition("/")
        if (name, place or "/") not in self._node.get_node_names_and_namespaces():
            return None
        try:
            found = self._node.get_publisher_names_and_types_by_node(name, place or "/")
        except RuntimeError:  # it has gone just now
            return None
        return [topic for topic, _ in found]

    def _why_not(self, topics: list[str] | None) -> str:
        if topics is not None:
            return (
                f"{self._target} publishes no ~/{OVERLAY}: it is not configured yet, or no "
                "segmentation node; its log and the diagnostics say why"
            )
        others = sorted(self._others())
        mend = f"give --node {' or '.join(others)}" if others else "start it"
        return f"there is no node {self._target} in this ROS domain; {mend}"

    def _others(self) -> set[str]:
        """Full names of the nodes that publish an overlay."""
        topics = self._node.get_topic_names_and_types()
        overlays = [n for n, types in topics if n.endswith(OVERLAY) and COMPRESSED_IMAGE in types]
        return {
            node_name(each)
            for topic in overlays
            for each in self._node.get_publishers_info_by_topic(topic)
        }


def cameras_of(node: str, topics: Collection[str]) -> set[str]:
    """Names of a node's cameras, from the full names of its topics.

    >>> cameras_of("/seg", ["/seg/front/overlay/compressed", "/other/overlay/compressed"])
    {'front'}
    >>> cameras_of("/seg", ["/seg/overlay/compressed", "/seg/mask"])
    {''}
    """
    own = [topic.removeprefix(node) for topic in topics if topic.startswith(f"{node}/")]
    places = [topic.removesuffix(f"/{OVERLAY}") for topic in own if topic.endswith(f"/{OVERLAY}")]
    return {place.lstrip("/") for place in places}
