"""The calibration of a recording's camera, and the ground that this camera sees."""

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


def info_topic(topic: str) -> str:
    """Where the calibration of an image topic's camera is published, by image_transport's rule."""
    namespace = topic.removesuffix("/compressed").rpartition("/")[0]
    return f"{namespace}/camera_info"


def has_info(bag: BagReader, topic: str) -> bool:
    """Whether a bag holds a camera's calibration."""
    about = bag.topics.get(topic)
    return about is not None and about.type == CAMERA_INFO and about.count > 0


class Calibration:
    """The newest calibration of a camera while its recording is read."""

    def __init__(self, bag: BagReader, topic: str, ground: GroundSettings | None = None) -> None:
        """Begin with the first calibration, which images before it may have too.

        Args:
            bag: the recording.
            topic: of the calibration.
            ground: says where the camera is, and which ground is mapped; None maps none.

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
        """Take the calibration out of messages of any topics; BagError where it is damaged."""
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
        """The answer with the calibration, and with the ground where that is asked for.

        Raises:
            SettingsError: the camera is not calibrated, or the ground does not fit it.
        """
        return replace(answer, info=self._info, ground=self._find(answer.image.shape[:2]))

    def _find(self, size: tuple[int, ...]) -> GroundProjector | None:
        if self._ground is None:
            return None
        lens = self._ground.lens(self._info, size)
        if self._projector is None or self._projector.lens != lens:
            self._projector = GroundProjector(lens, self._ground.pose, self._ground.spec)
        return self._projector
