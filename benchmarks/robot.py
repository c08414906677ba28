"""The programs around a node, each to run in a process of its own: a camera, a listener, a relay.

    python -m benchmarks.robot '{"program": "camera", "topic": "image", ...}'

Each ends when its input does, for a benchmark that is stopped leaves none behind that way. See
`streams`, which starts them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

import cv2
import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from segnet_model.scenes import Drive
from segnet_ros.ros.cdr import NANOSECONDS, stamp_of
from segnet_ros.ros.image_conversion import parse, serialize

SEED = 2000  # of a drive that no network has seen
PATIENCE = 120.0  # seconds for others to start; a network may take a minute to load
SETTLE = 1.0  # seconds from the first sight of each other to the first frame, and after the last
BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)  # as the node's outputs are
CHANNELS = {"mono8": (np.uint8, ()), "rgb8": (np.uint8, (3,)), "32FC1": (np.float32, ())}


def camera(
    node: Node,
    topic: str,
    size: tuple[int, int],
    rate: float,
    frames: int,
    settle: float = SETTLE,
) -> None:
    """Publish a number of rgb8 frames of a size (height, width) at a rate, once one listens."""
    publisher = node.create_publisher(Image, topic, BEST_EFFORT)
    pixels = cv2.resize(Drive(SEED).frame(0).image, size[::-1])
    wait_until(publisher.get_subscription_count)
    time.sleep(settle)
    due = time.monotonic()
    for _ in range(frames):
        time.sleep(max(0.0, due - time.monotonic()))
        publisher.publish(serialize(pixels, "rgb8", header_of(time.time_ns())))
        due += 1 / rate
    time.sleep(SETTLE)


def listener(node: Node, topics: list[str], stats: str = "") -> None:
    """Note when which image comes, and print it when the input ends.

    What is printed: {topic: [[stamp, arrival], ...]} in ns, and for the topic stats of our node
    [[stamp, ms of the network], ...].
    """
    noted: dict[str, list[tuple[int, float]]] = {topic: [] for topic in (*topics, stats) if topic}

    def note(topic: str, data: bytes) -> None:
        noted[topic].append((stamp_of(data), time.time_ns()))

    for topic in topics:
        node.create_subscription(Image, topic, partial(note, topic), BEST_EFFORT, raw=True)
    if stats:
        from segnet_ros.msg import SegmentationStats

        def note_time(message: SegmentationStats) -> None:
            stamp = message.header.stamp
            noted[stats].append((stamp.sec * NANOSECONDS + stamp.nanosec, message.inference_ms))

        node.create_subscription(SegmentationStats, stats, note_time, BEST_EFFORT)
    spin_until_input_ends(node)
    print(json.dumps(noted))


def relay(node: Node, topic: str, outputs: dict[str, str]) -> None:
    """Answer each frame as the node does, without a network: an image for each name: encoding."""
    publishers = {name: node.create_publisher(Image, name, RELIABLE) for name in outputs}
    wait_until(lambda: all(p.get_subscription_count() for p in publishers.values()))

    def answer(data: bytes) -> None:
        frame = parse(data)
        for name, encoding in outputs.items():
            kind, channels = CHANNELS[encoding]
            pixels = np.zeros((frame.height, frame.width, *channels), kind)
            publishers[name].publish(serialize(pixels, encoding, frame.header))

    node.create_subscription(Image, topic, answer, BEST_EFFORT, raw=True)
    spin_until_input_ends(node)


def header_of(stamp_ns: int) -> Header:
    """A camera's header."""
    header = Header(frame_id="camera")
    header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, NANOSECONDS)
    return header


def wait_until(condition: Callable[[], object]) -> None:
    """Return when it holds; RuntimeError where it never does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"the others did not come up within {PATIENCE:g} s")
        time.sleep(0.02)


def spin_until_input_ends(node: Node) -> None:
    """Serve the node's subscriptions."""
    waiting = Thread(target=sys.stdin.read, daemon=True)
    waiting.start()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    with suppress(ExternalShutdownException):
        while waiting.is_alive():
            executor.spin_once(0.1)


def main(program: str, **arguments: Any) -> None:
    """Run one of the programs."""
    rclpy.init()
    node = rclpy.create_node(f"benchmark_{program}")
    {"camera": camera, "listener": listener, "relay": relay}[program](node, **arguments)
    node.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
