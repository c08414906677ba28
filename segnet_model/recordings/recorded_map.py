"""The node's map of the ground, fused from the grids of a recording's answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from segnet_model.bags.images import RawMessage
from segnet_model.bags.messages import ODOMETRY, make_header
from segnet_model.bags.reader import BagReader
from segnet_model.bags.transforms import TF, Transforms
from segnet_model.base.errors import SettingsError
from segnet_model.base.map_table import MapOptions
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources import Frame
from segnet_model.driving import GroundProjector
from segnet_model.driving.map_spec import MapSpec
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.rolling_map import DISTRUST, RollingMap
from segnet_model.inference.outputs import GRID
from segnet_model.recordings.answer_store import Written
from segnet_model.recordings.mounting import MOST_TRIED, fixed_transforms, has_type
from segnet_model.recordings.node_messages import occupancy_grid
from segnet_model.recordings.node_types import node_types

NAME = "drivable_map"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class MapView:
    """What the map needs of a frame beside its grid."""

    ground: GroundProjector  # that makes the grid
    robot: RobotPose  # at the time of the frame, in the map's frame


class RecordedMap:
    """Fuses the grids of one camera, with the robot's pose from tf or odometry.

    Attributes:
        without_map: frames whose grid is not in the map, by reason.
    """

    def __init__(
        self, bag: BagReader, options: MapOptions, base_frame: str, resolution: float
    ) -> None:
        """Read the fixed transforms.

        Args:
            bag: the recording.
            options: of the map.
            base_frame: the robot's frame.
            resolution: of the grid, meters.

        Raises:
            SettingsError: the recording has no way to the pose of the robot.
        """
        self._options, self._base = options, base_frame
        spec = MapSpec(resolution, options.map_size, options.map_memory, options.map_drift)
        self._map, self.without_map = RollingMap(spec), Rejected()
        self._published = self._distrusted = 0  # nanoseconds
        self._check(bag)
        self._poses = Transforms() if options.odometry else fixed_transforms(bag)

    def _check(self, bag: BagReader) -> None:
        topic = self._options.odometry or TF
        kind = ODOMETRY if self._options.odometry else None
        if kind and not has_type(bag, topic, kind):
            raise SettingsError(f"bag {bag.path} has no {ODOMETRY} on {topic}")
        tried = Transforms() if kind else fixed_transforms(bag)
        messages = bag.messages(topic) if topic in bag.topics else iter(())
        self._add(tried, islice(messages, MOST_TRIED))
        if not tried.is_connected(self._options.map_frame, self._base):
            raise SettingsError(
                f"{topic} in bag {bag.path} has no pose of {self._base} in "
                f"{self._options.map_frame}; name a frame with --map-frame, or a topic with "
                "--odometry"
            )

    def read(self, messages: Sequence[RawMessage]) -> None:
        """Add the poses of messages of any topic."""
        self._add(self._poses, iter(messages))

    def _add(self, poses: Transforms, messages: Iterator[RawMessage]) -> None:
        if self._options.odometry:
            poses.read_odometry(each for each in messages if each.topic == self._options.odometry)
        else:
            poses.read(messages)

    def is_known(self, frame: Frame) -> bool:
        """Whether the robot's pose at a frame's stamp is known."""
        return self._poses.exact(self._options.map_frame, self._base, frame.stamp_ns) is not None

    def view(self, frame: Frame, ground: GroundProjector | None) -> MapView | None:
        """What the map needs of a frame; None, counted, where there is no grid or no pose."""
        if ground is None:
            return None
        try:
            return MapView(ground, self._robot(frame))
        except SettingsError as error:
            if self.without_map.add(error):
                logger.warning("a grid is not in the map: %s", error)
            return None

    def _robot(self, frame: Frame) -> RobotPose:
        """The robot's pose at a frame's stamp; SettingsError where there is none, or no place."""
        found = self._poses.exact(self._options.map_frame, self._base, frame.stamp_ns)
        if found is None:
            raise SettingsError(
                f"no pose of {self._base} in {self._options.map_frame} at the image's stamp was "
                "recorded; check the clocks of the machines, and that its publisher ran"
            )
        x, y, _ = found.translation.tolist()
        a, b, c, w = found.rotation.tolist()
        return RobotPose.from_quaternion(x, y, (a, b, c, w))

    def add(self, frame: Frame, answer: Written, view: MapView) -> Any:
        """Fuse the grid of an answer; returns the map's message, or None before its time."""
        stamp, spec = frame.stamp_ns, view.ground.spec
        message: Any = node_types().deserialize_cdr(answer.messages["drivable_grid"], GRID)
        cells = np.asarray(message.data, np.int8).reshape(spec.rows, spec.columns)
        self._map.add(cells, view.ground.in_view, spec, view.robot, stamp / NANOSECONDS)
        if answer.distrust:
            self._distrusted = stamp + round(DISTRUST * NANOSECONDS)
        if stamp < self._distrusted:
            self._map.clear()
        if abs(stamp - self._published) < NANOSECONDS / self._options.map_rate:
            return None
        self._published = stamp
        header = make_header(stamp, self._options.map_frame)
        return occupancy_grid(
            self._map.cells(), self._map.spec.resolution, self._map.corner, header
        )
