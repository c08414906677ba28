"""Camera of the trainer: its images go into a frame buffer, with the place where odometry comes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

from nav_msgs.msg import Odometry
from rclpy.node import Node

from segnet_model.base.errors import SegNetError
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.buffer import FrameBuffer
from segnet_model.datasets.sources.frame_filter import FrameFilter
from segnet_model.networks.inputs import network_size, resize_image
from segnet_ros.ros.cdr import stamp_of
from segnet_ros.ros.qos import mismatch, profile, subscribe
from segnet_ros.ros.stamps import nanoseconds
from segnet_ros.ros.transports import Decode, find_transport
from segnet_ros.trainer.settings import TrainerSettings

ODOMETRY_DEPTH = 10  # messages
MOST_APART = NANOSECONDS  # of an image and the place that it gets


class BufferedCamera:
    """Subscribes, and fills a buffer in a thread of its own; a busy one lets images pass.

    Attributes:
        topic: full name of the image topic.
        received: images that came.
        kept: images that the buffer took.
        left_out: images by the reason why not.
        fault: why the newest image could not be kept, where that is a fault; else empty.
    """

    def __init__(
        self, node: Node, settings: TrainerSettings, buffer: FrameBuffer, size: tuple[int, int]
    ) -> None:
        """Subscribe.

        Args:
            node: to subscribe with.
            settings: topics, transport and rate.
            buffer: opened.
            size: input size of the network (height, width), at which images are kept.

        Raises:
            SegNetError: the transport needs something that is not installed.
        """
        self._node, self._buffer, self._size = node, buffer, size
        self.received = self.kept = 0
        self.left_out: Counter[str] = Counter()
        self.fault = ""
        self._filter = FrameFilter(round(settings.every * NANOSECONDS))
        self._thread = ThreadPoolExecutor(1, "buffer")
        self._work: Future[None] | None = None
        self._place: tuple[int, float, float] | None = None  # stamp in nanoseconds, x, y in meters
        self._last = monotonic()
        transport = find_transport(settings.live.transport)
        self._kind, self._decoder = transport.kind, transport.decoder(self._report)
        self._qos = profile("best_effort", transport.depth)
        name = settings.image_topic or "image"
        self.topic = node.resolve_topic_name(name)
        subscribe(node, self._kind, name, self._receive, self._qos, raw=True)
        if settings.live.odometry:
            qos = profile("best_effort", ODOMETRY_DEPTH)
            subscribe(node, Odometry, settings.live.odometry, self._receive_odometry, qos)

    @property
    def silence(self) -> float:
        """Seconds since the last image, or since the beginning."""
        return monotonic() - self._last

    def mismatch(self) -> str:
        """Why publishers of the images cannot be received from; empty where all can."""
        return mismatch(self._node, self.topic, self._kind, self._qos)

    def close(self) -> None:
        """Wait for the image in work."""
        self._thread.shutdown()

    def _report(self, text: str) -> None:
        self._node.get_logger().warning(f"{self.topic}: {text}")

    def _receive_odometry(self, message: Odometry) -> None:
        at = message.pose.pose.position
        self._place = nanoseconds(message.header.stamp), at.x, at.y

    def _receive(self, data: bytes) -> None:
        self.received += 1
        self._last = monotonic()
        decode = self._decoder(data)  # also of an image that passes: a video needs all
        stamp = stamp_of(data)
        if stamp <= 0:
            stamp = self._node.get_clock().now().nanoseconds
        if self._filter.is_early(stamp) or (self._work and not self._work.done()):
            return
        self._filter.accept(stamp)
        place = self._place
        near = place is not None and abs(place[0] - stamp) <= MOST_APART
        self._work = self._thread.submit(self._keep, decode, stamp, place[1:] if near else None)  # type: ignore[index]

    def _keep(self, decode: Decode, stamp: int, place: tuple[float, float] | None) -> None:
        try:
            image = decode().image
            size = network_size((image.shape[0], image.shape[1]), self._size)
            reason = self._buffer.add(resize_image(image, size), stamp, place)
            self.fault = ""
        except Exception as error:  # else the thread would swallow it
            known = isinstance(error, SegNetError)
            reason = str(error) if known else f"{type(error).__name__}: {error}"
            if reason != self.fault:
                self._report(reason)
            self.fault = reason
            return
        if reason:
            self.left_out[reason] += 1
        else:
            self.kept += 1
