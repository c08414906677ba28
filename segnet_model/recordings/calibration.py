"""Calibration of a recording's camera, and its projection to the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.messages import CAMERA_INFO
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import BagError, ImageError
from segnet_model.driving import GroundProjector
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer


def has_info(bag: BagReader, topic: str) -> bool:
    """Whether a bag has CameraInfo messages on a topic."""
    info = bag.topics.get(topic)
    return info is not None and info.type == CAMERA_INFO and info.count > 0


class Calibration:
    """The newest calibration of a camera while its recording is read."""

    def __init__(self, bag: BagReader, topic: str, ground: GroundSettings | None = None) -> None:
        """Read the first calibration, which images before it get too.

        Args:
            bag: the recording.
            topic: CameraInfo topic.
            ground: pose of the camera and size of the grid; None makes no grid.

        Raises:
            BagError: the bag does not hold it, or it is damaged.
        """
        if not has_info(bag, topic):
            raise BagError(
                f"no {CAMERA_INFO} on {topic} in bag {bag.path}, which camera_info and "
                "drivable_grid need; name its topic with --camera-info"
            )
        self._topic, self._ground = topic, ground
        self._projector: GroundProjector | None = None
        self._info: Any = None
        self.read([next(iter(bag.messages(topic)))])

    def read(self, messages: Sequence[RawMessage]) -> None:
        """Take the newest calibration from messages of any topic; BagError where it is damaged."""
        for raw in messages:
            if raw.topic == self._topic:
                try:
                    self._info = parse(raw)
                except ImageError as error:
                    raise BagError(
                        f"{self._topic}: {error}; leave camera_info and drivable_grid out with "
                        "--topics"
                    ) from None

    def complete(self, answer: Answer) -> Answer:
        """Add the calibration, and the projection to the ground where a grid is asked for.

        Raises:
            SettingsError: the camera is not calibrated, or the ground does not fit it.
        """
        return replace(answer, info=self._info, ground=self._projector_of(answer.image.shape[:2]))

    def _projector_of(self, size: tuple[int, ...]) -> GroundProjector | None:
        if self._ground is None:
            return None
        lens = self._ground.lens(self._info, size)
        if self._projector is None or self._projector.lens != lens:
            self._projector = GroundProjector(lens, self._ground.pose, self._ground.spec)
        return self._projector
