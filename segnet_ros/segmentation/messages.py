"""What the node publishes about a frame and about its network, as messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from segnet_model.inference.segmentation import nearest
from segnet_ros.ros.image_conversion import serialize, serialize_compressed
from segnet_ros.segmentation import ground
from segnet_ros.segmentation.camera_info import scaled_info
from segnet_ros.segmentation.frame import Frame
from segnet_ros.segmentation.network import Engine
from segnet_ros.segmentation.worker import Counts

try:
    from segnet_ros.msg import ClassMap, SegmentationClass, SegmentationStats
except ImportError:  # installed by pip, where nothing builds messages
    ClassMap = SegmentationClass = SegmentationStats = None
try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:
    LabelInfo = VisionClass = None


JPEG_QUALITY = 80


@dataclass(frozen=True)
class Timing:
    """How long a frame took, in milliseconds."""

    inference_ms: float  # from the decoded image to the network's answer at the image's size
    total_ms: float  # from the message in hand to everything published
    latency_ms: float  # from header.stamp to everything published; NaN where the stamp is zero


def mask(frame: Frame) -> bytes:
    """Class ids, mono8."""
    return serialize(frame.segmentation.labels, "mono8", frame.header)


def mask_png(frame: Frame) -> bytes:
    """Class ids, mono8 as PNG."""
    kind, quick = "mono8; png compressed ", [cv2.IMWRITE_PNG_COMPRESSION, 1]
    return _compressed(frame.segmentation.labels, kind, ".png", quick, frame.header)


def confidence(frame: Frame) -> bytes:
    """Probability of the chosen class, mono8: 0 to 255."""
    scaled = cv2.convertScaleAbs(frame.segmentation.confidence, alpha=255)
    return serialize(scaled, "mono8", frame.header)


def uncertainty(frame: Frame) -> bytes:
    """Normalised entropy, 32FC1: 0 to 1."""
    return serialize(frame.segmentation.uncertainty, "32FC1", frame.header)


def drivable(frame: Frame) -> bytes:
    """Where the robot may drive, mono8: 0 or 255."""
    height, width = frame.segmentation.labels.shape
    return serialize(nearest(frame.drivable, (height, width)), "mono8", frame.header)


def color(frame: Frame) -> bytes:
    """Classes in their colours, rgb8."""
    return serialize(frame.labels.colorize(frame.segmentation.labels), "rgb8", frame.header)


def overlaid(frame: Frame) -> bytes:
    """Classes' colours over the image, rgb8."""
    return serialize(frame.overlay, "rgb8", frame.header)


def overlaid_jpeg(frame: Frame) -> bytes:
    """Classes' colours over the image, as JPEG."""
    bgr = cv2.cvtColor(frame.overlay, cv2.COLOR_RGB2BGR)
    kind, quality = "rgb8; jpeg compressed bgr8", [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return _compressed(bgr, kind, ".jpg", quality, frame.header)


def drivable_grid(frame: Frame) -> OccupancyGrid | None:
    """The ground before the robot; None where it is not known where the camera is."""
    if frame.ground is None:
        return None
    found, settings = frame.whole, frame.settings
    grid = frame.ground.grid(
        found.labels, found.uncertainty, frame.labels, settings.max_uncertainty
    )
    return ground.message(grid, frame.ground.spec, frame.header, settings.base_frame)


def camera_info(frame: Frame) -> CameraInfo | None:
    """What the camera measured, for masks of the size that they have; None where none came."""
    if frame.info is None:
        return None
    height, width = frame.segmentation.labels.shape
    return scaled_info(frame.info, (height, width), frame.header)


@dataclass(frozen=True)
class Output:
    """A topic with a message a frame.

    Attributes:
        kind: its type.
        build: makes the message, serialised or not, or None where there is nothing to say.
    """

    kind: type
    build: Callable[[Frame], Any]


# By the name of the topic below the node's.
OUTPUTS: dict[str, Output] = {
    "mask": Output(Image, mask),
    "confidence": Output(Image, confidence),
    "uncertainty": Output(Image, uncertainty),
    "drivable": Output(Image, drivable),
    "drivable_grid": Output(OccupancyGrid, drivable_grid),
    "camera_info": Output(CameraInfo, camera_info),
    "color": Output(Image, color),
    "overlay": Output(Image, overlaid),
    "mask/compressed": Output(CompressedImage, mask_png),
    "overlay/compressed": Output(CompressedImage, overlaid_jpeg),
}
# Type of each topic with a message a frame.
TYPES: dict[str, type] = {name: output.kind for name, output in OUTPUTS.items()}
if SegmentationStats is not None:
    TYPES["stats"] = SegmentationStats


def _compressed(
    pixels: np.ndarray, kind: str, ending: str, quality: list[int], header: Header
) -> bytes:
    _, file = cv2.imencode(ending, pixels, quality)
    return serialize_compressed(memoryview(file), kind, header)


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
        drivable_fraction=np.count_nonzero(frame.drivable) / frame.drivable.size,
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


def missing() -> list[str]:
    """What cannot be published here and why, for people."""
    reasons = []
    if ClassMap is None:
        reasons.append(
            "segnet_ros.msg is not built: no ~/class_map and no ~/stats; build with colcon"
        )
    if LabelInfo is None:
        reasons.append("vision_msgs is not installed: no ~/label_info, which Nav2 needs")
    return reasons
