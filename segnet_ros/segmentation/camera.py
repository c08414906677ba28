"""One camera's way into the node and out of it: its subscriptions and its outputs."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.base.errors import AnswerError, DeviceMemoryError, SegNetError
from segnet_model.driving.settings import AnswerSettings
from segnet_model.inference.answer import Answer
from segnet_ros.ros.qos import complaint, overrides, profile
from segnet_ros.segmentation import messages
from segnet_ros.segmentation.diagnostics import Observation
from segnet_ros.segmentation.ground import Ground
from segnet_ros.segmentation.health import Health
from segnet_ros.segmentation.network import Network
from segnet_ros.segmentation.outputs import Outputs
from segnet_ros.segmentation.parameters import part
from segnet_ros.segmentation.settings import Settings
from segnet_ros.segmentation.throttle import Throttle
from segnet_ros.segmentation.transforms import Transforms
from segnet_ros.segmentation.worker import Counts

TYPES = {"raw": Image, "compressed": CompressedImage}
LOG_PERIOD = 5.0  # seconds between two lines about bad frames


@dataclass(frozen=True)
class Arrival:
    """A message in hand."""

    data: bytes  # of the message, as it travelled
    kind: type  # of the message
    wanted: frozenset[str]  # topics that somebody listened to when it came
    time: float  # seconds of perf_counter


class Camera:
    """Takes the images of one topic while it is started, and publishes the answers to them."""

    def __init__(
        self,
        node: LifecycleNode,
        name: str,
        network: Network,
        settings: Callable[[], Settings],
        submit: Callable[[Arrival], None],
        transforms: Transforms,
    ) -> None:
        """Create the outputs.

        Args:
            node: to publish and subscribe with.
            name: of the camera, which its topics are below; empty for the only one.
            network: tells what the masks' ids mean, until another one is announced.
            settings: asked once a frame, so that a live parameter applies between two.
            submit: takes each image that somebody wants to be answered.
            transforms: tell where the camera is.
        """
        self._node, self._settings, self._submit = node, settings, submit
        self._inside = f"{name}/" if name else ""
        self._frame = f"frame of {name}" if name else "frame"
        outputs = settings().output_reliability
        self._outputs = Outputs(node, network, f"~/{self._inside}", outputs)
        self._ground = Ground(transforms)
        self._subscriptions: list[Any] = []
        self._asked: QoSProfile | None = None  # of the images, while they are subscribed to
        self._reset()

    def _reset(self) -> None:
        self._idle = self._skipped = self._broken = 0
        self._timing: messages.Timing | None = None
        self._info: CameraInfo | None = None
        self._throttle, self._words = Throttle(), Throttle()
        self._health = Health(perf_counter())

    def start(self) -> None:
        """Subscribe."""
        settings = self._settings()
        self._reset()
        self._kind = TYPES[settings.transport]
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

    def destroy(self) -> None:
        """Stop and remove the outputs."""
        self.stop()
        self._ground.close()
        self._outputs.destroy()

    def announce(self, network: Network) -> None:
        """Say what the ids of the masks that follow mean."""
        self._outputs.announce(network)

    def publish(self, arrival: Arrival, header: Header, answer: Answer, counts: Counts) -> None:
        """Complete an answer and publish what is wanted of it.

        Args:
            arrival: that was answered.
            header: of its image.
            answer: of the network, without settings and calibration.
            counts: those before it.
        """
        settings, info = self._settings(), self._info
        ground = None
        if "drivable_grid" in arrival.wanted:
            ground = self._ground.projector(info, answer.image.shape[:2], header, settings)
        how = part(settings, AnswerSettings)
        answer = replace(answer, settings=how, info=info, ground=ground)
        self._outputs.publish(answer, header, arrival.wanted)
        # Stats cannot tell when they went out.
        self._timing = timing = self._time(arrival, header, answer)
        self._health.see(answer.summary, perf_counter())
        if "stats" in arrival.wanted:
            counts = replace(counts, processed=counts.processed + 1)
            self._outputs.publish_stats(messages.stats(answer, header, timing, counts))

    def report(self, error: Exception) -> None:
        """Say that a frame failed, not too often."""
        self._health.fail()
        if not self._node.context.ok():
            return  # the process is ending, and nothing can be published or logged any more
        known = isinstance(error, SegNetError)
        self._broken += not known or isinstance(error, DeviceMemoryError | AnswerError)
        # By a throttle of its own: rclpy's would be shared by all cameras.
        if not self._words.passes(perf_counter(), 1 / LOG_PERIOD):
            return
        if known:
            self._node.get_logger().warning(f"{self._frame} dropped: {error}")
        else:
            trace = "".join(traceback.format_exception(error))
            self._node.get_logger().error(f"{self._frame} lost: {trace}")

    def observe(self, seen: Observation, counts: Counts) -> Observation:
        """Complete what is seen of the node with what is known of this camera."""
        topic = self._node.resolve_topic_name(f"{self._inside}image")
        unheard = ""
        if self._asked is not None:
            kind = f"sensor_msgs/msg/{self._kind.__name__}"
            unheard = complaint(self._node, topic, kind, self._asked)
        return replace(
            seen,
            topic=topic,
            counts=counts,
            idle=self._idle,
            skipped=self._skipped,
            broken=self._broken,
            timing=self._timing,
            unheard=unheard,
            blind=self._ground.problem if "drivable_grid" in self._outputs.wanted() else "",
            signs=self._health.signs(perf_counter()),
        )

    def _subscribe(self, kind: type, topic: str, call: Any, qos: QoSProfile, **how: Any) -> None:
        name = self._inside + topic
        changes = overrides(self._node, name, "subscription")
        subscription = self._node.create_subscription(
            kind, name, call, qos, qos_overriding_options=changes, **how
        )
        self._subscriptions.append(subscription)

    def _learn(self, info: CameraInfo) -> None:
        self._info = info

    def _receive(self, data: bytes) -> None:
        time = perf_counter()
        self._health.hear(time)
        if not self._subscriptions:
            return  # it was on its way through the executor when the camera was stopped
        settings = self._settings()
        wanted = self._outputs.wanted() if settings.enabled else frozenset()
        if not wanted:
            self._idle += 1
            self._health.rest()
        elif self._throttle.passes(time, settings.max_rate):
            self._health.ask(time)
            self._submit(Arrival(data, self._kind, wanted, time))
        else:
            self._skipped += 1

    def _time(self, arrival: Arrival, header: Header, answer: Answer) -> messages.Timing:
        total_ms = (perf_counter() - arrival.time) * 1000
        stamp = nanoseconds(header)
        now = self._node.get_clock().now().nanoseconds
        latency_ms = (now - stamp) / 1e6 if stamp else math.nan
        return messages.Timing(answer.inference_ms, total_ms, latency_ms)


def nanoseconds(header: Header) -> int:
    """A header's stamp, since the epoch; 0 where there is none."""
    return int(header.stamp.sec) * 10**9 + int(header.stamp.nanosec)
