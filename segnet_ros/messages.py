"""What the node publishes about a frame and about its network, as messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from segnet_model.drawing import overlay
from segnet_model.drivable import drivable_mask
from segnet_model.labels import LabelSet
from segnet_model.segmentation import Segmentation
from segnet_ros.engine import Engine
from segnet_ros.image_conversion import to_message
from segnet_ros.worker import Counts

try:
    from segnet_ros.msg import ClassMap, SegmentationClass, SegmentationStats
except ImportError:  # installed by pip, where nothing builds messages
    ClassMap = SegmentationClass = SegmentationStats = None
try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:
    LabelInfo = VisionClass = None


@dataclass(frozen=True)
class Timing:
    """How long a frame took, in milliseconds."""

    inference_ms: float  # from the decoded image to the network's answer at the image's size
    total_ms: float  # from the message in hand to everything published
    latency_ms: float  # from header.stamp to everything published; NaN where the stamp is zero


@dataclass(frozen=True)
class Frame:
    """A segmented image, from which each output is made.

    Attributes:
        header: of the image's message; every output carries it as it came.
        image: (H, W, 3) uint8 RGB.
        segmentation: what the network says, at the image's size.
        labels: what its classes mean.
        max_uncertainty: 0 to 1, bound for drivable pixels.
        overlay_alpha: 0 to 1, share of colour in the overlay.
    """

    header: Header
    image: np.ndarray
    segmentation: Segmentation
    labels: LabelSet
    max_uncertainty: float
    overlay_alpha: float

    @cached_property
    def drivable(self) -> np.ndarray:
        """Where the robot may drive: (H, W) uint8, 0 or 255."""
        found = self.segmentation
        return drivable_mask(found.labels, found.uncertainty, self.labels, self.max_uncertainty)


def mask(frame: Frame) -> Image:
    """Class ids, mono8."""
    return to_message(frame.segmentation.labels, "mono8", frame.header)


def confidence(frame: Frame) -> Image:
    """Probability of the chosen class, mono8: 0 to 255."""
    scaled = cv2.convertScaleAbs(frame.segmentation.confidence, alpha=255)
    return to_message(scaled, "mono8", frame.header)


def uncertainty(frame: Frame) -> Image:
    """Normalised entropy, 32FC1: 0 to 1."""
    return to_message(frame.segmentation.uncertainty, "32FC1", frame.header)


def drivable(frame: Frame) -> Image:
    """Where the robot may drive, mono8: 0 or 255."""
    return to_message(frame.drivable, "mono8", frame.header)


def color(frame: Frame) -> Image:
    """Classes in their colours, rgb8."""
    return to_message(frame.labels.colorize(frame.segmentation.labels), "rgb8", frame.header)


def overlaid(frame: Frame) -> Image:
    """Classes' colours over the image, rgb8."""
    drawn = overlay(frame.image, frame.segmentation.labels, frame.labels, alpha=frame.overlay_alpha)
    return to_message(drawn, "rgb8", frame.header)


# Topic below the node's name, and what goes there.
IMAGES: dict[str, Callable[[Frame], Image]] = {
    "mask": mask,
    "confidence": confidence,
    "uncertainty": uncertainty,
    "drivable": drivable,
    "color": color,
    "overlay": overlaid,
}
# Type of each topic with a message a frame.
TYPES: dict[str, type] = dict.fromkeys(IMAGES, Image)
if SegmentationStats is not None:
    TYPES["stats"] = SegmentationStats


def stats(frame: Frame, timing: Timing, counts: Counts) -> Any:
    """Summarise a frame and what it cost as SegmentationStats.

    Args:
        frame: the frame.
        timing: of this frame.
        counts: since the activation, this frame included.
    """
    found = frame.segmentation
    pixels = found.labels.size
    numbers = np.bincount(found.labels.ravel(), minlength=frame.labels.num_classes)
    return SegmentationStats(
        header=frame.header,
        class_fractions=(numbers / pixels).tolist(),
        drivable_fraction=np.count_nonzero(frame.drivable) / pixels,
        mean_confidence=float(found.confidence.mean()),
        mean_uncertainty=float(found.uncertainty.mean()),
        inference_ms=timing.inference_ms,
        total_ms=timing.total_ms,
        latency_ms=timing.latency_ms,
        frames_received=counts.received,
        frames_processed=counts.processed,
        frames_dropped=counts.dropped,
        frames_rejected=counts.failed,
    )


def class_map(engine: Engine, header: Header) -> Any:
    """Tell what the mask's ids mean and where they come from, as ClassMap."""
    info = engine.predictor.info
    classes = [
        SegmentationClass(
            id=i, name=c.name, r=c.color[0], g=c.color[1], b=c.color[2], drivable=c.drivable
        )
        for i, c in enumerate(engine.labels.classes)
    ]
    return ClassMap(
        header=header,
        classes=classes,
        ignore_id=engine.labels.ignore_id,
        network=info.network,
        weights=str(engine.path),
        weights_sha256=engine.sha256,
        license=info.license,
    )


def label_info(engine: Engine, header: Header) -> Any:
    """Tell what the mask's ids mean as vision_msgs/LabelInfo, which Nav2 waits for."""
    classes = [
        VisionClass(class_id=i, class_name=name) for i, name in enumerate(engine.labels.names)
    ]
    return LabelInfo(header=header, class_map=classes)


def about(engine: Engine, header: Header) -> dict[str, Any]:
    """What is said once, by topic; without those whose types are not installed."""
    latched = {}
    if ClassMap is not None:
        latched["class_map"] = class_map(engine, header)
    if LabelInfo is not None:
        latched["label_info"] = label_info(engine, header)
    return latched
