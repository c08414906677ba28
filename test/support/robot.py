"""A robot whose node `segmentation` publishes known messages, for who watches it."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from nav_msgs.msg import OccupancyGrid
from segnet_ros.msg import SegmentationStats
from sensor_msgs.msg import CompressedImage

KINDS = {
    "overlay/compressed": CompressedImage,
    "drivable_grid": OccupancyGrid,
    "stats": SegmentationStats,
}


def jpeg(color, size=(90, 120)):
    """A file of one color, RGB."""
    pixels = np.full((*size, 3), color[::-1], np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def grid(cells, resolution=0.5, origin=(0.0, 0.0), frame="base_link"):
    """An OccupancyGrid of (rows, columns) cells."""
    made = OccupancyGrid()
    made.header.frame_id = frame
    made.info.resolution = resolution
    made.info.height, made.info.width = cells.shape
    made.info.origin.position.x, made.info.origin.position.y = origin
    made.info.origin.orientation.w = 1.0
    made.data = array("b", cells.astype(np.int8).tobytes())
    return made


class Robot:
    """A node with the topics of the segmentation node, for cameras by name."""

    def __init__(self, *cameras, namespace=""):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("segmentation", namespace=namespace, context=self.context)
        self.publishers = {}
        for camera in cameras or ("",):
            place = f"~/{camera}/" if camera else "~/"
            for topic, kind in KINDS.items():
                made = self.node.create_publisher(kind, place + topic, 5)
                self.publishers[camera, topic] = made
        self.map = self.node.create_publisher(OccupancyGrid, "~/drivable_map", 1)
        self.diagnostics = self.node.create_publisher(DiagnosticArray, "/diagnostics", 10)

    def show(self, color=(200, 30, 30), camera="", file=None):
        """Publish an overlay of one color, or a file in its place."""
        message = CompressedImage(format="jpeg", data=file or jpeg(color))
        self.publishers[camera, "overlay/compressed"].publish(message)

    def measure(self, camera="", **fields):
        self.publishers[camera, "stats"].publish(SegmentationStats(**fields))

    def lay(self, cells, camera="", **about):
        self.publishers[camera, "drivable_grid"].publish(grid(cells, **about))

    def report(self, level, message, name="segmentation: segmentation"):
        values = [KeyValue(key="state", value="active")]
        status = DiagnosticStatus(name=name, level=level, message=message, values=values)
        self.diagnostics.publish(DiagnosticArray(status=[status]))

    def watchers(self, camera=""):
        """Subscriptions to each topic of a camera, together."""
        return sum(
            publisher.get_subscription_count()
            for (of, _), publisher in self.publishers.items()
            if of == camera
        )

    def close(self):
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)
