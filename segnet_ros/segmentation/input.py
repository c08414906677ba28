"""The input of a camera: its subscriptions, its rate limit and its decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo

from segnet_model.driving.calibration import InfoCheck
from segnet_ros.ros.qos import mismatch, profile, subscribe
from segnet_ros.ros.transports import Decode, find_transport
from segnet_ros.segmentation.health import HealthMonitor
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.throttle import Throttle


@dataclass(frozen=True)
class Frame:
    """An image of a camera, not decoded yet."""

    decode: Decode
    wanted: frozenset[str]  # outputs that had subscribers when it came
    time: float  # seconds of perf_counter, when it came


class Input:
    """Subscribes to the images of one topic and the calibration beside it, while it is started.

    Attributes:
        topic: full name of the image topic.
        info: the newest calibration; None before the first.
        idle: images that came while no output had a subscriber, or while the node was disabled.
        skipped: images that came faster than max_rate.
        monitor: of the camera's health.
    """

    def __init__(
        self,
        node: LifecycleNode,
        prefix: str,
        settings: Callable[[], NodeSettings],
        wanted: Callable[[], frozenset[str]],
        submit: Callable[[Frame], None],
    ) -> None:
        """Create the input, without subscriptions.

        Args:
            node: to subscribe with.
            prefix: of the topics' names.
            settings: called once a frame, so that a live parameter applies between two.
            wanted: returns the outputs that have subscribers.
            submit: called with each frame to answer; never waits.
        """
        self._node, self._prefix, self._settings = node, prefix, settings
        self._wanted, self._submit = wanted, submit
        self.topic = node.resolve_topic_name(f"{prefix}image")
        self._subscriptions: list[Any] = []
        self._qos: QoSProfile | None = None  # of the images, while they are subscribed to
        self.reset()

    def reset(self) -> None:
        """Set the counts to zero and forget the calibration."""
        self.idle = self.skipped = 0
        self.info: CameraInfo | None = None
        self._info_check = InfoCheck()
        self.monitor = HealthMonitor(perf_counter())
        self._throttle = Throttle()

    def start(self) -> None:
        """Subscribe.

        Raises:
            SegNetError: the transport needs something that is not installed.
        """
        settings = self._settings()
        self.reset()
        transport = find_transport(settings.transport)
        self._kind, self._decoder = transport.kind, transport.decoder(self._report)
        self._qos = profile(settings.reliability, transport.depth)
        self._subscribe(self._kind, "image", self._receive, self._qos, raw=True)
        self._subscribe(CameraInfo, "camera_info", self._receive_info, profile("best_effort", 1))

    def stop(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()
        self._qos = None

    def check_info(self) -> None:
        """Raise SettingsError where several cameras publish calibrations, or may, on the topic."""
        self._info_check.check(perf_counter())

    def mismatch(self) -> str:
        """Why publishers of the images cannot be received from; empty where all can."""
        return mismatch(self._node, self.topic, self._kind, self._qos) if self._qos else ""

    def _subscribe(self, kind: type, topic: str, call: Any, qos: QoSProfile, **how: Any) -> None:
        name = self._prefix + topic
        self._subscriptions.append(subscribe(self._node, kind, name, call, qos, **how))

    def _report(self, text: str) -> None:
        self._node.get_logger().warning(f"{self.topic}: {text}")

    def _receive_info(self, info: CameraInfo) -> None:
        self._info_check.add(info, perf_counter())  # before the worker can read it
        self.info = info

    def _receive(self, data: bytes) -> None:
        time = perf_counter()
        self.monitor.received(time)
        if not self._subscriptions:
            return  # the executor had the image already when the camera was stopped
        settings = self._settings()
        decode = self._decoder(data)
        wanted = self._wanted() if settings.enabled else frozenset()
        if not wanted:
            self.idle += 1
            self.monitor.idle()
        elif self._throttle.passes(time, settings.max_rate):
            self.monitor.submitted(time)
            self._submit(Frame(decode, wanted, time))
        else:
            self.skipped += 1
