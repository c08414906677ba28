"""Calibration of a recording's camera, and its projection to the ground."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.messages import CAMERA_INFO
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import BagError, ImageError, SettingsError
from segnet_model.base.listed import join_first
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources import Frame
from segnet_model.driving import CameraPose, GroundProjector, Lens
from segnet_model.driving.calibration import InfoCheck, UnsettledError, check_frame
from segnet_model.inference.answer import Answer
from segnet_model.recordings.mounting import Mounting, camera_frame, has_type

logger = logging.getLogger(__name__)
FIRST = 10  # calibrations that are read before the first image


class CameraCalibration:
    """The newest calibration of a camera while its recording is read.

    Attributes:
        mounting: gives the camera's pose; None makes no grid.
        info: the newest calibration, sensor_msgs/CameraInfo.
        without_grid: images of which no grid is made, by reason.
    """

    def __init__(self, bag: BagReader, topic: str, mounting: Mounting | None = None) -> None:
        """Read the first calibration, which images before it get too.

        Args:
            bag: the recording.
            topic: CameraInfo topic.
            mounting: of the camera; None makes no grid.

        Raises:
            BagError: the bag does not hold it, or one of the first is damaged.
        """
        if not has_type(bag, topic, CAMERA_INFO):
            there = [name for name, each in bag.topics.items() if each.type == CAMERA_INFO]
            named = f", one of {join_first(there)}" if there else "; the bag has none"
            raise BagError(
                f"no {CAMERA_INFO} on {topic} in bag {bag.path}, which camera_info and "
                f"drivable_grid need; name its topic with --camera-info{named}"
            )
        self._topic, self.mounting = topic, mounting
        self.without_grid = Rejected()
        self._projector: GroundProjector | None = None
        self.info: Any = None
        self._check = InfoCheck()
        first = list(islice(bag.messages(topic), FIRST))
        self.read(first)
        if not self._check.failed:
            self._check = InfoCheck()  # as they come again
        self.read(first[:1])

    def read(self, messages: Sequence[RawMessage]) -> None:
        """Take the newest calibration from messages of any topic; BagError where it is damaged."""
        for raw in messages:
            if raw.topic == self._topic:
                try:
                    self.info = parse(raw)
                    self._check.add(self.info, raw.receive_ns / NANOSECONDS)
                except ImageError as error:
                    raise BagError(
                        f"{self._topic}: {error}; leave camera_info and drivable_grid out with "
                        "--topics"
                    ) from None

    def complete(self, answer: Answer, frame: Frame) -> Answer:
        """Add the calibration, and the projection to the ground where a grid can be made.

        Raises:
            SettingsError: the pose was given, and makes no grid with this calibration.
        """
        ground = self.projector(frame, answer.image.shape[:2])
        return replace(answer, info=self.info, ground=ground)

    def projector(self, frame: Frame, size: tuple[int, ...]) -> GroundProjector | None:
        """The projector for a frame of (height, width) pixels; None, counted, where there is none.

        Raises:
            SettingsError: see `complete`.
        """
        if self.mounting is None:
            return None
        try:
            lens, pose = self.view(self.mounting, frame, size)
            if not self._fits(lens, pose):
                self._projector = None  # also if the next one is refused
                self._projector = GroundProjector(lens, pose, self.mounting.ground.spec)
        except SettingsError as error:
            if self.mounting.is_given and not isinstance(error, UnsettledError):
                raise
            if self.without_grid.add(error):
                logger.warning("an image has no drivable_grid: %s", error)
            return None
        return self._projector

    def view(
        self, mounting: Mounting, frame: Frame, size: tuple[int, ...]
    ) -> tuple[Lens, CameraPose]:
        """Lens and pose of the camera for a frame of (height, width) pixels.

        Raises:
            SettingsError: the camera is not calibrated, the calibration is of another camera, or tf
                has no pose.
        """
        self._check.check(frame.receive_ns / NANOSECONDS)
        check_frame(self.info, camera_frame(frame))
        return mounting.ground.lens(self.info, size), mounting.pose(frame)

    def _fits(self, lens: Lens, pose: CameraPose) -> bool:
        made = self._projector
        return made is not None and made.lens == lens and not made.pose.moved(pose)
