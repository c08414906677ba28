"""One camera's way into the node: its subscriptions, its throttle and its decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from segnet_ros.ros.image_conversion import parse, to_rgb
from segnet_ros.ros.qos import mismatch, overrides, profile
from segnet_ros.segmentation.health import Health
from segnet_ros.segmentation.settings import Settings
from segnet_ros.segmentation.throttle import Throttle


class Decoded(NamedTuple):
    """An image message that was read."""

    header: Header
    image: np.ndarray  # (H, W, 3) uint8 RGB


Decode: TypeAlias = Callable[[], Decoded]


@dataclass(frozen=True)
class Transport:
    """A type of message that carries images, and its decoder.

    Attributes:
        kind: of the messages.
        decoder: makes the decoder of one camera. The executor calls it with every message of the
            topic, in order; it returns at once. What it returns gives the image, or raises
            ImageError, and is called in the network's thread if the frame's turn comes. A format
            with state, such as H.264, decodes every message in a thread of its own and returns the
            future's `result`.
    """

    kind: type
    decoder: Callable[[], Callable[[bytes], Decode]]


def _each_alone(kind: type) -> Transport:
    """A transport of images that need no other: those that a newer one replaces stay encoded."""

    def decode(data: bytes) -> Decoded:
        message = parse(data, kind)
        return Decoded(message.header, to_rgb(message))

    return Transport(kind, lambda: lambda data: partial(decode, data))


TRANSPORTS = {"raw": _each_alone(Image), "compressed": _each_alone(CompressedImage)}


@dataclass(frozen=True)
class Frame:
    """An image on its way from a camera to the network."""

    decode: Decode
    wanted: frozenset[str]  # outputs that had subscribers when it came
    time: float  # seconds of perf_counter, when it came


class Input:
    """Takes the images of one topic, and the calibration beside it, while it is started.

    Attributes:
        topic: of the images, its whole name.
        info: the newest calibration; None where none came.
        idle: images that came while no output had a subscriber, or while the node was disabled.
        skipped: images that came faster than max_rate.
        health: of the camera.
    """

    def __init__(
        self,
        node: LifecycleNode,
        inside: str,
        settings: Callable[[], Settings],
        wanted: Callable[[], frozenset[str]],
        submit: Callable[[Frame], None],
    ) -> None:
        """Subscribe to nothing yet.

        Args:
            node: to subscribe with.
            inside: what the topics' names begin with.
            settings: asked once a frame, so that a live parameter applies between two.
            wanted: returns the outputs that have subscribers.
            submit: takes each frame that is to be answered; never waits.
        """
        self._node, self._inside, self._settings = node, inside, settings
        self._wanted, self._submit = wanted, submit
        self.topic = node.resolve_topic_name(f"{inside}image")
        self._subscriptions: list[Any] = []
        self._asked: QoSProfile | None = None  # of the images, while they are subscribed to
        self.reset()

    def reset(self) -> None:
        """Set the counts to zero and forget the calibration."""
        self.idle = self.skipped = 0
        self.info: CameraInfo | None = None
        self.health = Health(perf_counter())
        self._throttle = Throttle()

    def start(self) -> None:
        """Subscribe."""
        settings = self._settings()
        self.reset()
        transport = TRANSPORTS[settings.transport]
        self._kind, self._decoder = transport.kind, transport.decoder()
        # Depth 1, because the newest frame is wanted and not a queue.
        self._asked = profile(settings.reliability, 1)
        self._subscribe(self._kind, "image", self._receive, self._asked, raw=True)
        self._subscribe(CameraInfo, "camera_info", self._learn, profile("best_effort", 1))

    def stop(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()
        self._asked = None

    def mismatch(self) -> str:
        """Why publishers of the images cannot be received from; empty where all can."""
        if self._asked is None:
            return ""
        kind = f"sensor_msgs/msg/{self._kind.__name__}"
        return mismatch(self._node, self.topic, kind, self._asked)

    def _subscribe(self, kind: type, topic: str, call: Any, qos: QoSProfile, **how: Any) -> None:
        name = self._inside + topic
        changes = overrides(self._node, name, "subscription")
        subscription = self._node.create_subscription(
            kind, name, call, qos, qos_overriding_options=changes, **how
        )
        self._subscriptions.append(subscription)

    def _learn(self, info: CameraInfo) -> None:
        self.info = info

    def _receive(self, data: bytes) -> None:
        time = perf_counter()
        self.health.received(time)
        if not self._subscriptions:
            return  # it was on its way through the executor when the camera was stopped
        settings = self._settings()
        decode = self._decoder(data)
        wanted = self._wanted() if settings.enabled else frozenset()
        if not wanted:
            self.idle += 1
            self.health.idle()
        elif self._throttle.passes(time, settings.max_rate):
            self.health.submitted(time)
            self._submit(Frame(decode, wanted, time))
        else:
            self.skipped += 1
