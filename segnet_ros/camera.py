"""One camera's way through the node: its subscription, its worker and its outputs."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.errors import DeviceMemoryError, SegNetError
from segnet_ros import messages
from segnet_ros.diagnostics import reason
from segnet_ros.engine import Engine
from segnet_ros.handover import Handover
from segnet_ros.image_conversion import to_rgb
from segnet_ros.outputs import Outputs
from segnet_ros.parameters import Settings
from segnet_ros.worker import Counts, Worker

TYPES = {"raw": Image, "compressed": CompressedImage}
RELIABILITIES = {
    "best_effort": ReliabilityPolicy.BEST_EFFORT,
    "reliable": ReliabilityPolicy.RELIABLE,
}
STOP_TIMEOUT = 10.0  # seconds; a large image on a slow processor takes a few
LOG_PERIOD = 5.0  # seconds between two lines about bad frames


@dataclass(frozen=True)
class Arrival:
    """A message in hand."""

    message: Image | CompressedImage
    wanted: frozenset[str]  # topics that somebody listened to when it came
    time: float  # seconds of perf_counter


class Camera:
    """Turns the images of one topic into outputs while it is started.

    Attributes:
        idle: frames that came while nobody listened to any output.
        broken: frames that failed for another reason than being bad.
        timing: of the last frame that came out.
    """

    def __init__(
        self, node: LifecycleNode, engine: Engine, settings: Callable[[], Settings]
    ) -> None:
        """Create the outputs.

        Args:
            node: to publish and subscribe with.
            engine: the network, until it is replaced.
            settings: asked once a frame, so that a live parameter applies between two.
        """
        self._node = node
        self._settings = settings
        self._outputs = Outputs(node, engine)
        # Between two frames, so that what a mask's ids mean is said before the first such mask.
        self._engine = Handover(engine, self._outputs.announce)
        self._subscription: Subscription | None = None
        self._worker: Worker[Arrival] | None = None
        self._reset()

    def _reset(self) -> None:
        self.idle = self.broken = 0
        self.timing: messages.Timing | None = None
        self._last = perf_counter()

    @property
    def engine(self) -> Engine:
        """The network that answers now."""
        return self._engine.current

    @property
    def newest(self) -> Engine:
        """The network that answers the next frame."""
        return self._engine.newest

    @property
    def counts(self) -> Counts:
        """What became of the frames since the start; idle ones are not among them."""
        return self._worker.counts() if self._worker else Counts()

    @property
    def silence(self) -> float:
        """Seconds since the last frame came, or since the start."""
        return perf_counter() - self._last

    def start(self) -> None:
        """Start the worker and subscribe."""
        settings = self._settings()
        self._reset()
        self._worker = Worker(self._segment, self._report, reason)
        # Depth 1, because the newest frame is wanted and not a queue.
        qos = QoSProfile(depth=1, reliability=RELIABILITIES[settings.reliability])
        self._subscription = self._node.create_subscription(
            TYPES[settings.transport], "image", self._receive, qos
        )

    def replace(self, engine: Engine) -> None:
        """Let another network answer from the next frame on; never waits, from any thread."""
        self._engine.replace(engine)

    def stop(self) -> None:
        """Unsubscribe and let the frame in work come out; does nothing where not started."""
        if self._worker is None:
            return
        self._node.destroy_subscription(self._subscription)
        if not self._worker.stop(STOP_TIMEOUT):
            self._node.get_logger().error(
                f"the network did not end within {STOP_TIMEOUT:g} s; its frame will be lost"
            )
        self._worker = None

    def destroy(self) -> None:
        """Stop and remove the outputs."""
        self.stop()
        self._outputs.destroy()

    def _receive(self, message: Image | CompressedImage) -> None:
        self._last = perf_counter()
        if self._worker is None:
            return  # it was on its way through the executor when the camera was stopped
        if wanted := self._outputs.wanted():
            self._worker.submit(Arrival(message, wanted, self._last))
        else:
            self.idle += 1

    def _segment(self, arrival: Arrival) -> None:
        image = to_rgb(arrival.message)
        with self._engine.use() as engine:
            self._answer(arrival, image, engine)

    def _answer(self, arrival: Arrival, image: np.ndarray, engine: Engine) -> None:
        settings = self._settings()
        started = perf_counter()
        stamp = _nanoseconds(arrival.message.header)
        segmentation = engine.predictor.predict(image, stamp / 1e9 if stamp else None)
        inference_ms = (perf_counter() - started) * 1000
        frame = messages.Frame(
            arrival.message.header,
            image,
            segmentation,
            engine.labels,
            settings.max_uncertainty,
            settings.overlay_alpha,
        )
        self._outputs.publish_images(frame, arrival.wanted)
        self.timing = self._time(arrival, inference_ms)  # stats cannot tell when they went out
        if "stats" in arrival.wanted:
            counts = self.counts
            counts = replace(counts, processed=counts.processed + 1)
            self._outputs.publish_stats(messages.stats(frame, self.timing, counts))

    def _time(self, arrival: Arrival, inference_ms: float) -> messages.Timing:
        total_ms = (perf_counter() - arrival.time) * 1000
        return messages.Timing(inference_ms, total_ms, self._latency_ms(arrival.message.header))

    def _latency_ms(self, header: Header) -> float:
        stamp = _nanoseconds(header)
        now = self._node.get_clock().now().nanoseconds
        return (now - stamp) / 1e6 if stamp else math.nan

    def _report(self, error: Exception) -> None:
        if not self._node.context.ok():
            return  # the process is ending, and nothing can be published or logged any more
        lost = isinstance(error, DeviceMemoryError)  # not the frame's fault
        self.broken += lost
        if isinstance(error, SegNetError):
            self._node.get_logger().warning(
                f"frame dropped: {error}", throttle_duration_sec=LOG_PERIOD
            )
        else:
            self.broken += 1
            trace = "".join(traceback.format_exception(error))
            self._node.get_logger().error(f"frame lost: {trace}", throttle_duration_sec=LOG_PERIOD)


def _nanoseconds(header: Header) -> int:
    """The stamp; 0 where there is none."""
    nanoseconds: int = header.stamp.sec * 10**9 + header.stamp.nanosec
    return nanoseconds
