"""The camera's pose on /tf_static, from the parameters that give it, for RViz and others."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from segnet_model.driving import CameraPose
from segnet_model.driving.settings import GroundSettings
from segnet_ros.ros.qos import publisher_qos
from segnet_ros.segmentation.parameters import part
from segnet_ros.segmentation.settings import NodeSettings

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # not among ROS's wheels on PyPI
    TFMessage = None

TOPIC = "/tf_static"
HEARD = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)  # as tf2's listener
PATIENCE = 2.0  # seconds in which latched transforms of other nodes come


class StaticTransform:
    """Publishes the pose of the only camera, where parameters give it and no other node does."""

    def __init__(self, node: Node) -> None:
        """Take the node to publish with; nothing is created before the first `update`."""
        self._node = node
        self._subscription: Any = None
        self._publisher: Any = None
        self._since = 0.0
        self._placed: tuple[Any, ...] | None = None  # the frames and settings of the last message
        self._own: list[TransformStamped] = []  # the newest messages, replaced as a whole
        self._others: dict[str, str] = {}  # the parent of each frame that other nodes place
        self._said: set[str] = set()

    def update(self, frame_id: str, settings: NodeSettings) -> None:
        """Publish the transform if it is new; quick, as each image calls it.

        Args:
            frame_id: of the images.
            settings: give the robot's frame and the camera's pose in it.
        """
        several = len(settings.cameras) > 1  # one set of parameters cannot place them
        if not settings.publish_tf or not settings.camera_height or several:
            return
        mounting = part(settings, GroundSettings)
        wanted = settings.base_frame, frame_id, mounting
        if wanted != self._placed and frame_id and self._is_free(*wanted[:2]):
            self._placed = wanted
            self._publish(settings.base_frame, frame_id, mounting.pose)

    def close(self) -> None:
        """Remove publisher and subscription."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
        self._subscription = self._publisher = self._placed = None

    def _is_free(self, base: str, frame_id: str) -> bool:
        """Whether no other node places a frame, as far as is known after some patience."""
        if TFMessage is None:
            self._say(
                self._node.get_logger().info,
                f"tf2_msgs is not installed: {frame_id} is not placed in tf",
            )
            return False
        if self._subscription is None:
            self._since = perf_counter()
            self._subscription = self._node.create_subscription(TFMessage, TOPIC, self._hear, HEARD)
        if frame_id in self._others or frame_id in self._above(base):
            return False
        return perf_counter() - self._since > PATIENCE

    def _above(self, frame: str) -> list[str]:
        """A frame and those that it hangs on: a transform to one of them would close a loop."""
        found: list[str] = []
        while frame and frame not in found:
            found.append(frame)
            frame = self._others.get(frame, "")
        return found

    def _publish(self, base: str, frame_id: str, pose: CameraPose) -> None:
        if self._publisher is None:
            offered = publisher_qos(latched=True)
            self._publisher = self._node.create_publisher(TFMessage, TOPIC, offered)
        message = TransformStamped(child_frame_id=frame_id)
        message.header.frame_id = base
        message.header.stamp = self._node.get_clock().now().to_msg()
        place, turn = pose.matrix[:3, 3].tolist(), pose.quaternion.tolist()
        message.transform.translation = Vector3(**dict(zip("xyz", place, strict=True)))
        message.transform.rotation = Quaternion(**dict(zip("xyzw", turn, strict=True)))
        # Images of two frames on one topic would fill the memory.
        self._own = [*self._own, message][-HEARD.depth :]
        self._publisher.publish(TFMessage(transforms=[message]))
        self._say(
            self._node.get_logger().info,
            f"tf has {frame_id} in {base} from camera_height and so on; see publish_tf",
        )

    def _hear(self, message: Any) -> None:
        for each in message.transforms:
            if each not in self._own:
                self._others[each.child_frame_id] = each.header.frame_id
        for frame_id in {each.child_frame_id for each in self._own} & self._others.keys():
            self._say(
                self._node.get_logger().warning,
                f"another node places {frame_id} in tf, too; set publish_tf to false",
            )

    def _say(self, log: Callable[[str], Any], text: str) -> None:
        """Log a text once."""
        if text not in self._said:
            self._said.add(text)
            log(text)
