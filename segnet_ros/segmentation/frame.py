"""A segmented image, and what is worked out from it once for several outputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from segnet_model.driving import GroundProjector
from segnet_model.driving.mask import drivable_mask
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import annotated, overlay
from segnet_ros.segmentation.settings import Settings

SPARSE = 8  # every so many pixels are looked at to judge a frame's health


@dataclass(frozen=True)
class Summary:
    """What a frame shows, roughly."""

    largest: str  # name of the class with the most pixels
    share: float  # of the pixels that have it, 0 to 1
    unsure: float  # share of the pixels that are above max_uncertainty


@dataclass(frozen=True)
class Frame:
    """A segmented image, from which each output is made.

    Attributes:
        header: of the image's message; every output carries it as it came.
        image: (H, W, 3) uint8 RGB.
        whole: what the network says, at the image's size.
        labels: what its classes mean.
        settings: the parameters for this frame.
        info: as the camera published it last; None where none came.
        ground: projects this camera's images to the ground; None where it is not asked for, or
            not known where the camera is.
    """

    header: Header
    image: np.ndarray
    whole: Segmentation
    labels: LabelSet
    settings: Settings
    info: CameraInfo | None = None
    ground: GroundProjector | None = None

    @cached_property
    def segmentation(self) -> Segmentation:
        """What the network says, at the size that is asked for."""
        width, height = self.settings.output_size
        return self.whole.resized((height, width)) if width else self.whole

    @cached_property
    def drivable(self) -> np.ndarray:
        """Where the robot may drive: (H, W) uint8, 0 or 255, at the image's size."""
        return drivable_mask(
            self.whole.labels,
            self.whole.uncertainty,
            self.labels,
            self.settings.max_uncertainty,
            min_area=self.settings.drivable_min_area,
            margin=self.settings.drivable_margin,
        )

    @cached_property
    def overlay(self) -> np.ndarray:
        """The classes' colours over the image: (H, W, 3) uint8 RGB, at the image's size."""
        ids, alpha = self.whole.labels, self.settings.overlay_alpha
        if self.settings.overlay_legend:
            return annotated(self.image, ids, self.labels, self.drivable, alpha)
        return overlay(self.image, ids, self.labels, alpha)

    @cached_property
    def summary(self) -> Summary:
        """Quick enough for every frame."""
        labels, uncertainty = (
            each[::SPARSE, ::SPARSE] for each in (self.whole.labels, self.whole.uncertainty)
        )
        numbers = np.bincount(labels.ravel())
        largest = int(numbers.argmax())
        return Summary(
            self.labels.names[largest],
            float(numbers[largest] / labels.size),
            1 - float((uncertainty <= self.settings.max_uncertainty).mean()),  # NaN is not sure
        )
