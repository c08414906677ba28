"""A node as it is usually written, to hold ours against: `python -m benchmarks.plain_node JSON`.

A queue of ten images, cv_bridge's way of messages to arrays and back, float32 ONNX Runtime, and a
softmax in NumPy.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

import cv2
import numpy as np
import onnxruntime
import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

QUEUE = 10


class PlainNode(Node):
    """Segments `image`, publishes `~/mask`."""

    def __init__(self, model: str) -> None:
        """Load an .onnx from (1, h, w, 3) uint8 RGB to (1, h, w, C) logits."""
        super().__init__("plain_node")
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0]
        qos = QoSProfile(depth=QUEUE, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._publisher = self.create_publisher(Image, "~/mask", QUEUE)
        self.create_subscription(Image, "image", self._segment, qos)

    def _segment(self, message: Image) -> None:
        image = imgmsg_to_cv2(message)
        height, width = self._input.shape[1:3]
        small = cv2.resize(image, (width, height))
        (logits,) = self._session.run(None, {self._input.name: small[None]})
        probabilities = softmax(logits[0])
        mask = probabilities.argmax(axis=2).astype(np.uint8)
        mask[probabilities.max(axis=2) < 0.1] = 255  # "unsure"; so that they are of use
        large = cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        answer = cv2_to_imgmsg(large)
        answer.header = message.header
        self._publisher.publish(answer)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def imgmsg_to_cv2(message: Image) -> np.ndarray:
    """What cv_bridge does for rgb8: (H, W, 3) uint8, a copy."""
    rows = np.ndarray((message.height, message.step), np.uint8, bytes(message.data))
    return rows[:, : 3 * message.width].reshape(message.height, message.width, 3).copy()


def cv2_to_imgmsg(mask: np.ndarray) -> Image:
    """What cv_bridge does for mono8."""
    message = Image(height=mask.shape[0], width=mask.shape[1], encoding="mono8")
    message.data.frombytes(mask.tobytes())
    message.step = len(message.data) // message.height
    return message


def main(model: str) -> None:
    """Run until it is ended."""
    rclpy.init()
    # The last publishes into a context that has ended.
    with suppress(ExternalShutdownException, KeyboardInterrupt, RCLError):
        rclpy.spin(PlainNode(model))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
