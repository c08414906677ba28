"""What the node publishes about an image and about its network, made without ROS."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segnet_model.bags.messages import (
    COMPRESSED_IMAGE,
    IMAGE,
    compressed_under,
    header_of,
    image_under,
)
from segnet_model.labels import LabelSet
from segnet_model.recordings.answers import Answer
from segnet_model.recordings.looking import fractions, picture
from segnet_model.recordings.node_types import (
    CLASS,
    CLASS_MAP,
    LABEL_INFO,
    STATS,
    VISION_CLASS,
    node_types,
)
from segnet_model.weights.checkpoint import ModelInfo

JPEG_QUALITY = 90


@dataclass
class Context:
    """What an image's messages need besides the answer.

    Attributes:
        labels: what the ids mean.
        processed: frames so far, this one included.
        rejected: bad frames so far.
    """

    labels: LabelSet
    processed: int = 0
    rejected: int = 0
    _drawn: tuple[Answer | None, np.ndarray] = field(default=(None, np.zeros(0)), repr=False)

    def overlay(self, answer: Answer) -> np.ndarray:
        """The image under its classes' colours, (H, W, 3) uint8 RGB, drawn once."""
        if self._drawn[0] is not answer:
            self._drawn = answer, picture(answer, self.labels)
        return self._drawn[1]


@dataclass(frozen=True)
class Output:
    """A topic with a message for each image.

    Attributes:
        type: its name, e.g. "sensor_msgs/msg/Image".
        build: makes the message.
        help: what is in it, for people.
    """

    type: str
    build: Callable[[Answer, Context], Any]
    help: str


def _mask(answer: Answer, _: Context) -> Any:
    return image_under(answer.frame.header, answer.ids, "mono8")


def _mask_png(answer: Answer, _: Context) -> Any:
    file = cv2.imencode(".png", answer.ids, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
    return _compressed(answer, file, "mono8; png compressed ")


def _confidence(answer: Answer, _: Context) -> Any:
    assert answer.confidence is not None
    scaled = cv2.convertScaleAbs(answer.confidence, alpha=255)
    return image_under(answer.frame.header, scaled, "mono8")


def _uncertainty(answer: Answer, _: Context) -> Any:
    assert answer.uncertainty is not None
    return image_under(answer.frame.header, answer.uncertainty.astype("<f4"), "32FC1")


def _drivable(answer: Answer, _: Context) -> Any:
    assert answer.drivable is not None
    return image_under(answer.frame.header, answer.drivable, "mono8")


def _color(answer: Answer, context: Context) -> Any:
    return image_under(answer.frame.header, context.labels.colorize(answer.ids), "rgb8")


def _overlay(answer: Answer, context: Context) -> Any:
    return image_under(answer.frame.header, context.overlay(answer), "rgb8")


def _overlay_jpeg(answer: Answer, context: Context) -> Any:
    bgr = cv2.cvtColor(context.overlay(answer), cv2.COLOR_RGB2BGR)
    file = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return _compressed(answer, file, "rgb8; jpeg compressed bgr8")


def _compressed(answer: Answer, file: np.ndarray, image_format: str) -> Any:
    return compressed_under(answer.frame.header, file.tobytes(), image_format)


def _stats(answer: Answer, context: Context) -> Any:
    maps = answer.drivable, answer.confidence, answer.uncertainty
    drivable, confidence, uncertainty = (np.asarray(each) for each in maps)
    return node_types().types[STATS](
        header=answer.frame.header,
        class_fractions=fractions(answer, context.labels).astype(np.float32),
        drivable_fraction=np.count_nonzero(drivable) / drivable.size,
        mean_confidence=float(confidence.mean()),
        mean_uncertainty=float(uncertainty.mean()),
        inference_ms=answer.inference_ms,
        total_ms=nan,  # these two are of a node that runs
        latency_ms=nan,
        frames_received=context.processed + context.rejected,
        frames_processed=context.processed,
        frames_dropped=0,
        frames_rejected=context.rejected,
    )


# By the name of the topic below the prefix; names, types and contents are the node's.
OUTPUTS: dict[str, Output] = {
    "mask": Output(IMAGE, _mask, "class ids, mono8"),
    "confidence": Output(IMAGE, _confidence, "probability of the class, mono8"),
    "uncertainty": Output(IMAGE, _uncertainty, "0 to 1, 32FC1"),
    "drivable": Output(IMAGE, _drivable, "0 or 255, mono8"),
    "color": Output(IMAGE, _color, "classes in colour, rgb8"),
    "overlay": Output(IMAGE, _overlay, "the same over the image, rgb8"),
    "mask/compressed": Output(COMPRESSED_IMAGE, _mask_png, "the mask as PNG"),
    "overlay/compressed": Output(COMPRESSED_IMAGE, _overlay_jpeg, "the overlay as JPEG"),
    "stats": Output(STATS, _stats, "class fractions and the like"),
}
LATCHED = {
    "class_map": "names and colours of the ids, and the weights",
    "label_info": "the same for Nav2",
}


def class_map(info: ModelInfo, weights: Path, stamp: int) -> Any:
    """Tell what the mask's ids mean and where they come from, as segnet_ros/ClassMap.

    Args:
        info: of the weights.
        weights: their file.
        stamp: of the message, nanoseconds since the epoch.
    """
    types = node_types().types
    classes = [
        types[CLASS](id=i, name=c.name, r=c.color[0], g=c.color[1], b=c.color[2],
                     drivable=c.drivable)
        for i, c in enumerate(info.labels.classes)
    ]  # fmt: skip
    return types[CLASS_MAP](
        header=header_of(stamp, ""),
        classes=classes,
        ignore_id=info.labels.ignore_id,
        network=info.network,
        weights=str(weights),
        weights_sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        license=info.license,
    )


def label_info(label_set: LabelSet, stamp: int) -> Any:
    """Tell what the mask's ids mean as vision_msgs/LabelInfo, which Nav2 waits for."""
    types = node_types().types
    classes = [
        types[VISION_CLASS](class_id=i, class_name=name) for i, name in enumerate(label_set.names)
    ]
    return types[LABEL_INFO](header=header_of(stamp, ""), class_map=classes, threshold=0.0)
