"""`~/drivable_map`: the ground around the robot, from the grids of all cameras over time."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from builtin_interfaces.msg import Time as Stamp
from nav_msgs.msg import OccupancyGrid
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header
from std_srvs.srv import Empty

from segnet_model.base.errors import SegNetError, SettingsError
from segnet_model.driving.grid import UNKNOWN
from segnet_model.driving.map_spec import MapSpec
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.rolling_map import DISTRUST, RollingMap
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer
from segnet_ros.ros.message_types import message_class
from segnet_ros.ros.qos import advertise, publisher_qos
from segnet_ros.ros.stamps import seconds
from segnet_ros.ros.timers import steady_timer
from segnet_ros.segmentation import messages
from segnet_ros.segmentation.odometry import OdometryPoses
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.transforms import Transforms
from segnet_ros.segmentation.view import Basis, View

NAME = "drivable_map"
UPDATES = "map_msgs/msg/OccupancyGridUpdate"
MAX_WAIT = 1.0  # seconds for which a grid waits for the robot's pose of its time
MAX_WAITING = 64  # grids


class DrivableMap:
    """Fuses grids while the map has a subscriber, and publishes it at a rate of its own.

    Answers come in the worker thread and wait here. The executor's thread does all the rest, so
    that tf and odometry may come after the image that needs them.

    Attributes:
        reason: why the newest grid is not in the map; empty where it is, or nobody subscribes.
    """

    def __init__(
        self, node: LifecycleNode, transforms: Transforms, settings: Callable[[], NodeSettings]
    ) -> None:
        """Create the publishers and the service.

        Args:
            node: to publish and subscribe with.
            transforms: give the robot's pose where no odometry does.
            settings: called at each step, so that a live parameter applies.
        """
        self._node, self._transforms, self._settings = node, transforms, settings
        self.reason = ""
        self._distrust = 0.0  # until when nothing is trusted; seconds of perf_counter
        self._waiting: deque[View] = deque(maxlen=MAX_WAITING)
        self._basis: Basis | None = None  # of the newest answer
        self._map: RollingMap | None = None
        self._map_basis: Basis | None = None
        self._frame = ""
        self._last: OccupancyGrid | None = None  # what subscribers have
        self._newest: tuple[float, Header] | None = None  # the last fused grid's time and header
        self._running = ExitStack()
        self._odometry: OdometryPoses | None = None
        self._updates: Any = None
        with ExitStack() as undo:
            latched, volatile = (publisher_qos(latched) for latched in (True, False))
            self._publisher = advertise(node, OccupancyGrid, f"~/{NAME}", latched, undo)
            if kind := message_class(UPDATES):
                self._updates = advertise(node, kind, f"~/{NAME}_updates", volatile, undo)
            service = node.create_service(Empty, "~/clear_map", self._clear)
            undo.callback(node.destroy_service, service)
            self._undo = undo.pop_all()

    def wanted(self) -> bool:
        """Whether the map has a subscriber."""
        updates = self._updates.get_subscription_count() if self._updates is not None else 0
        return bool(self._publisher.get_subscription_count() + updates)

    def add(self, answer: Answer, header: Header, mounting: GroundSettings) -> None:
        """Take the grid of an answer, from the worker thread.

        Args:
            answer: the answer.
            header: of its image.
            mounting: that the answer's projector was made by.
        """
        if answer.distrust:
            self._distrust = perf_counter() + DISTRUST
        base = answer.settings.base_frame
        self._basis = basis = Basis(mounting, base, answer.max_uncertainty, answer.labels)
        if answer.ground is not None and answer.grid is not None:
            view = View(answer.grid, answer.ground, header, perf_counter(), basis)
            self._waiting.append(view)

    def robot(self, base: str, stamp: Stamp) -> RobotPose:
        """The pose of the robot, by odometry or tf; from any thread.

        Args:
            base: the robot's frame.
            stamp: the time.

        Raises:
            SettingsError: it is not known, or not yet.
        """
        return self._robot(self._settings().map_frame, base, stamp)

    def _robot(self, frame: str, base: str, stamp: Stamp) -> RobotPose:
        source = self._odometry or self._transforms
        return source.robot(frame, base, stamp)

    def clear(self) -> None:
        """Forget all, and publish an unknown map at once; from the executor's thread."""
        self._waiting.clear()
        if self._map is not None:
            self._map.clear()
            self._publish(self._map)

    def start(self) -> None:
        """Publish from now on."""
        settings = self._settings()
        if settings.odometry:
            self._odometry = OdometryPoses(self._node, settings.odometry)
            self._running.callback(self._odometry.close)
        timer = steady_timer(self._node, 1 / settings.map_rate, self._step)
        self._running.callback(self._node.destroy_timer, timer)

    def stop(self) -> None:
        """Publish an unknown map, since late subscribers get the last one, and no more."""
        self._running.close()
        self._odometry = None
        self._retract()

    def destroy(self) -> None:
        """Remove the publishers and the service."""
        self._running.close()
        self._undo.close()

    def _step(self) -> None:
        if not self.wanted():
            self.reason = ""
            self._retract()
            return
        settings = self._settings()
        try:
            found = self._prepare(settings)
        except SegNetError as error:
            self.reason = f"no {NAME}: {error}"
            self._retract()
            return
        self._fuse(found)
        if perf_counter() < self._distrust:
            found.clear()
        self._publish(found)

    def _prepare(self, settings: NodeSettings) -> RollingMap:
        """The map; a new one where its parameters, the camera's pose or costs have changed."""
        spec = MapSpec(
            settings.grid_resolution, settings.map_size, settings.map_memory, settings.map_drift
        )
        basis = self._basis
        kept = (self._frame, self._map_basis) == (settings.map_frame, basis)
        if self._map is None or self._map.spec != spec or not kept:
            self._map, self._frame = RollingMap(spec), settings.map_frame
            self._map_basis, self._newest = basis, None
        return self._map

    def _fuse(self, found: RollingMap) -> None:
        """Fuse the waiting grids whose pose is known by now."""
        for _ in range(len(self._waiting)):
            view = self._waiting.popleft()
            try:
                self._fuse_one(found, view)
                self.reason = ""
            except SegNetError as error:
                if perf_counter() - view.arrival < MAX_WAIT:
                    self._waiting.append(view)
                else:
                    self.reason = f"no {NAME}: {error}"

    def _fuse_one(self, found: RollingMap, view: View) -> None:
        stamp, spec = view.header.stamp, view.ground.spec
        if view.basis != self._map_basis or spec.resolution != found.spec.resolution:
            return  # from before a change of a parameter
        time = seconds(stamp)
        if time is None or time < 0:
            raise SettingsError(
                f"the images have {'a negative' if time else 'no'} stamp; set it in the driver"
            )
        pose = self._robot(self._frame, view.basis.base, stamp)
        found.add(view.grid, view.ground.in_view, spec, pose, time)
        self._newest = perf_counter(), view.header

    def _publish(self, found: RollingMap) -> None:
        later = perf_counter() - self._newest[0] if self._newest else 0.0
        stamp = self._newest[1].stamp if self._newest else self._node.get_clock().now().to_msg()
        header = Header(stamp=stamp, frame_id=self._frame)
        cells = found.cells(later)
        message = messages.occupancy_grid(cells, found.spec.resolution, found.corner, header)
        self._publisher.publish(message)
        if self._updates is not None and self._last is not None:
            update = messages.changed_part(self._updates.msg_type, self._last, message)
            if update is not None:
                self._updates.publish(update)
        self._last = message

    def _retract(self) -> None:
        """Forget, and replace the map that late subscribers would get by an unknown one."""
        self._map = self._newest = None
        self._waiting.clear()
        if self._last is not None and self._node.context.ok():
            self._last.data = array("b", bytes([UNKNOWN & 255]) * len(self._last.data))
            self._publisher.publish(self._last)
        self._last = None

    def _clear(self, request: Empty.Request, response: Empty.Response) -> Empty.Response:
        """Answer ~/clear_map."""
        self.clear()
        return response
