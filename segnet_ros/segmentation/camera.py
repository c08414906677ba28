"""A camera of the node: its input, its outputs and its health."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from segnet_model.base.tables import AnswerSettings
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.place import PlaceMonitor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.inference.upright import UprightCheck
from segnet_ros.ros.stamps import nanoseconds, seconds
from segnet_ros.ros.timers import steady_timer
from segnet_ros.segmentation import messages
from segnet_ros.segmentation.diagnostics import Observation
from segnet_ros.segmentation.drivable_map import NAME as MAP
from segnet_ros.segmentation.drivable_map import DrivableMap
from segnet_ros.segmentation.failures import Failures
from segnet_ros.segmentation.ground import Ground
from segnet_ros.segmentation.input import Frame, Input
from segnet_ros.segmentation.network import Network
from segnet_ros.segmentation.outputs import Outputs
from segnet_ros.segmentation.parameters import part
from segnet_ros.segmentation.pose_check import PoseCheck
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.static_transform import StaticTransform
from segnet_ros.segmentation.transforms import Transforms
from segnet_ros.segmentation.withdrawal import DRIVABLE, GROUND, Withdrawal
from segnet_ros.segmentation.worker import Counts

CHECK_PERIOD = 0.2  # seconds between two looks at the age of the last answer


class Camera:
    """Subscribes to the images of one topic, and publishes the answers to them."""

    def __init__(
        self,
        node: LifecycleNode,
        name: str,
        network: Network,
        settings: Callable[[], NodeSettings],
        submit: Callable[[Frame], None],
        transforms: Transforms,
        drivable_map: DrivableMap,
        alarm: Callable[[], None] = lambda: None,
    ) -> None:
        """Create the outputs.

        Args:
            node: to publish and subscribe with.
            name: of the camera, and the namespace of its topics; empty for the only one.
            network: its classes are published at once.
            settings: called once a frame, so that a live parameter applies between two.
            submit: called with each frame to answer.
            transforms: give the camera's pose.
            drivable_map: of all cameras; gets the grids of this one.
            alarm: called where answers are not trusted any more, and where they are again.
        """
        self._node, self._settings, self._alarm = node, settings, alarm
        prefix = f"{name}/" if name else ""
        self._failures = Failures(node, name)
        self._outputs = Outputs(node, network, f"~/{prefix}", settings().output_reliability)
        self._input = Input(node, prefix, settings, self._wanted, submit)
        self._map = drivable_map
        self._ground = Ground(transforms, self._input.check_info)
        self._static_transform = StaticTransform(node)
        self._pose_check = PoseCheck(
            lambda stamp: drivable_map.robot(settings().base_frame, stamp),
            lambda text: node.get_logger().info(f"{self._input.topic}: {text}"),
            lambda text: node.get_logger().error(f"{self._input.topic}: {text}"),
        )
        self._withdrawal = Withdrawal(self._outputs, lambda: node.get_clock().now().to_msg())
        self._timer: Any = None
        self._reset()

    def _reset(self) -> None:
        self._failures.reset()
        self._timing: messages.Timing | None = None
        self._distrust = self._blind = ""
        self._place, self._upright = PlaceMonitor(), UprightCheck()

    def start(self) -> None:
        """Subscribe."""
        self._reset()
        self._pose_check.start()
        self._input.start()
        self._timer = steady_timer(self._node, CHECK_PERIOD, self._check_age)

    def stop(self) -> None:
        """Unsubscribe."""
        self._input.stop()
        self._pose_check.stop()
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None

    def withdraw(self) -> None:
        """Take back the ground that is published, after the last answer."""
        if self._node.context.ok():
            self._withdrawal.close()

    def destroy(self) -> None:
        """Stop and remove the outputs."""
        self.stop()
        self._ground.close()
        self._static_transform.close()
        self._outputs.destroy()

    def announce(self, network: Network) -> None:
        """Publish the classes of a network, before its first mask."""
        self._outputs.announce(network)

    def turn(
        self,
        image: np.ndarray,
        found: Segmentation | None,
        segment: Callable[[np.ndarray], Segmentation],
    ) -> int:
        """The turn that sets the camera's images upright; arguments as of `UprightCheck`."""
        if not self._settings().place_check:
            return 0
        return self._upright.look(image, found, segment, perf_counter())

    def publish(self, frame: Frame, header: Header, answer: Answer, counts: Counts) -> None:
        """Complete an answer and publish its outputs that have subscribers.

        Args:
            frame: the answered frame.
            header: of its image.
            answer: without settings and calibration.
            counts: of the frames before it.
        """
        settings, info = self._settings(), self._input.info
        ground = None
        if GROUND & frame.wanted:
            ground = self._ground.projector(info, answer.image.shape[:2], header, settings)
            self._static_transform.update(header.frame_id, settings)
        how = part(settings, AnswerSettings)
        found = self._place.smooth(answer.segmentation, seconds(header.stamp))
        answer = replace(answer, segmentation=found, settings=how, info=info, ground=ground)
        checked = self._is_checked(frame.wanted, settings)
        if checked and ground is not None:
            answer = replace(answer, contradiction=self._pose_check.contradiction(ground))
        self._withdrawal.publish(answer, header, frame.wanted, perf_counter())
        if MAP in frame.wanted:
            self._map.add(answer, header, part(settings, GroundSettings))
        if "obstacle_scan" in frame.wanted and ground is not None:
            self._say_blind(f"{ground.scan.blind:.1f}")
        changed = bool(answer.distrust) != bool(self._distrust)
        self._distrust = answer.distrust
        if changed:
            self._alarm()
        # Before the stats, which carry it.
        self._timing = timing = self._time(frame, header, answer)
        self._input.monitor.answered(answer.summary, perf_counter())
        if "stats" in frame.wanted:
            counts = replace(counts, processed=counts.processed + 1)
            self._outputs.publish_stats(messages.stats(answer, header, timing, counts))
        if checked and (ground is not None or self._ground.unplaced):
            self._pose_check.add(answer, header.stamp, settings)

    def _is_checked(self, wanted: frozenset[str], settings: NodeSettings) -> bool:
        """Whether the camera's pose is checked or suggested by images and odometry."""
        needs_odometry = settings.odometry or MAP in wanted or not settings.camera_height
        return bool(GROUND & wanted and needs_odometry)

    def _say_blind(self, meters: str) -> None:
        """Log how near the robot the scan says nothing, where that has changed."""
        if meters != self._blind:
            self._blind = meters
            self._node.get_logger().info(
                f"obstacle_scan: the ground nearer than {meters} m is not all in view; give a "
                f"costmap that clears by it a raytrace_min_range of {meters}"
            )

    def report(self, error: Exception) -> None:
        """Count a frame that was rejected or failed, and log some of them."""
        self._input.monitor.failed()
        if self._node.context.ok():  # else the process ends, and nothing can be logged any more
            self._failures.add(error)

    def observe(self, node: Observation, counts: Counts) -> Observation:
        """The node's observation with the state of this camera."""
        wanted = self._wanted()
        drivable = bool(DRIVABLE & wanted)
        return replace(
            node,
            topic=self._input.topic,
            counts=counts,
            idle=self._input.idle,
            skipped=self._input.skipped,
            network_failures=self._failures.of_network,
            timing=self._timing,
            mismatch=self._input.mismatch(),
            rivals=self._outputs.rivals(),
            grid_reason=self._ground.reason if GROUND & wanted else "",
            undrivable_reason=node.undrivable_reason if drivable else "",
            distrust=self._distrust if wanted else "",
            stale_reason=self._withdrawal.reason(self._stale, perf_counter()) if drivable else "",
            health=self._input.monitor.health(perf_counter()),
        )

    def _wanted(self) -> frozenset[str]:
        """Names of the outputs that have subscribers now, the map of all cameras included."""
        wanted = self._outputs.wanted()
        return wanted | {MAP} if self._map.wanted() else wanted

    @property
    def _stale(self) -> float:
        """Seconds for which an answer holds: two periods at least; 0 for ever."""
        settings = self._settings()
        return max(settings.stale, 2 / settings.max_rate) if settings.max_rate else settings.stale

    def _check_age(self) -> None:
        if self._settings().stale and (
            reason := self._withdrawal.check(self._stale, perf_counter())
        ):
            self._map.clear()  # other cameras see their part again in a moment
            self._node.get_logger().warning(f"{self._input.topic}: {reason}")

    def _time(self, frame: Frame, header: Header, answer: Answer) -> messages.Timing:
        total_ms = (perf_counter() - frame.time) * 1000
        stamp = nanoseconds(header.stamp)
        now = self._node.get_clock().now().nanoseconds
        latency_ms = (now - stamp) / 1e6 if stamp else math.nan
        return messages.Timing(answer.inference_ms, total_ms, latency_ms)
