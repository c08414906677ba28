"""A node as it is usually written, to hold ours against: `python -m benchmarks.plain_node JSON`.

A queue of ten images, cv_bridge's way of messages to arrays and back, and in between either float32
ONNX Runtime with a softmax in NumPy, or eager float32 PyTorch with an argmax.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress

import cv2
import numpy as np
import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

QUEUE = 10

Classify = Callable[[np.ndarray], np.ndarray]  # (H, W, 3) uint8 RGB to class ids (h, w) uint8


class PlainNode(Node):
    """Segments `image`, publishes `~/mask`."""

    def __init__(self, classify: Classify) -> None:
        """Take the network."""
        super().__init__("plain_node")
        self._classify = classify
        qos = QoSProfile(depth=QUEUE, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._publisher = self.create_publisher(Image, "~/mask", QUEUE)
        self.create_subscription(Image, "image", self._segment, qos)

    def _segment(self, message: Image) -> None:
        self._publisher.publish(answered(message, self._classify))


def answered(message: Image, classify: Classify) -> Image:
    """The mask of an image."""
    image = imgmsg_to_cv2(message)
    mask = classify(image)
    large = cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    answer = cv2_to_imgmsg(large)
    answer.header = message.header
    return answer


def by_onnx(model: str) -> Classify:
    """An .onnx from (1, h, w, 3) uint8 RGB to (1, h, w, C) logits."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (image,) = session.get_inputs()
    height, width = image.shape[1:3]

    def classify(pixels: np.ndarray) -> np.ndarray:
        small = cv2.resize(pixels, (width, height))
        (logits,) = session.run(["logits"], {image.name: small[None]})
        probabilities = softmax(logits[0])
        mask = probabilities.argmax(axis=2).astype(np.uint8)
        mask[probabilities.max(axis=2) < 0.1] = 255  # "unsure"; so that they are of use
        return mask

    return classify


def by_torch(weights: str) -> Classify:
    """A network of ours as its file has it, at the size that our node gives it."""
    import torch

    from segnet_model.inference.predictor import find_weights
    from segnet_model.networks.inputs import network_size
    from segnet_model.weights.checkpoint import load_weights

    network, info = load_weights(find_weights(weights))
    network.eval()
    mean, deviation = (torch.tensor(each)[:, None, None] for each in (info.mean, info.std))

    def classify(pixels: np.ndarray) -> np.ndarray:
        height, width = network_size((pixels.shape[0], pixels.shape[1]), info.input_size)
        small = torch.from_numpy(cv2.resize(pixels, (width, height))).permute(2, 0, 1)
        with torch.no_grad():
            logits = network((((small.float() / 255) - mean) / deviation)[None])
        mask: np.ndarray = logits[0].argmax(0).to(torch.uint8).numpy()
        return mask

    return classify


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
    """Run until it is ended.

    Args:
        model: an .onnx, or weights of ours.
    """
    rclpy.init()
    classify = by_onnx(model) if model.endswith(".onnx") else by_torch(model)
    # The last publishes into a context that has ended.
    with suppress(ExternalShutdownException, KeyboardInterrupt, RCLError):
        rclpy.spin(PlainNode(classify))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
