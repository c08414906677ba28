"""Outputs of an answer, which the node publishes and `segnet label` writes.

Both make their messages from this one table, so a labeled recording holds the same as the node
would have published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from segnet_model.pictures.scale import heat_with_scale

if TYPE_CHECKING:  # so that `segnet label --help` needs no PyTorch
    from segnet_model.inference.answer import Answer
    from segnet_model.labels import LabelSet
    from segnet_model.weights.model_info import ModelInfo

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
GRID = "nav_msgs/msg/OccupancyGrid"
SCAN = "sensor_msgs/msg/LaserScan"
POINTS = "sensor_msgs/msg/PointCloud2"
SPEED_LIMIT = "nav2_msgs/msg/SpeedLimit"
STATS = "segnet_ros/msg/SegmentationStats"
CLASS_MAP = "segnet_ros/msg/ClassMap"
LABEL_INFO = "vision_msgs/msg/LabelInfo"

FLOAT32 = 7  # sensor_msgs/PointField
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 80]
PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # quick, and masks are small anyhow


@dataclass(frozen=True)
class Output:
    """One topic below the node's name, made from an answer.

    Attributes:
        type: of its messages, e.g. "sensor_msgs/msg/Image".
        encoding: of an image's pixels, or the format of a compressed one; empty for others.
        value: makes the content: pixels (H, W) or (H, W, 3), a file's bytes (n,) uint8, a grid
            (rows, columns) int8, a camera_info, a number, or fields by name; None where there is
            none.
        help: the content, for people.
        ground: whether it needs the camera's projection to the ground.
    """

    type: str
    encoding: str
    value: Callable[[Answer], Any]
    help: str
    ground: bool = False


def confidence(answer: Answer) -> np.ndarray:
    """The confidence as (H, W) uint8, 0 to 255; 0 where it is unknown."""
    values = answer.resized.confidence
    if answer.segmentation.ids_alone:
        return np.zeros(values.shape, np.uint8)
    return cv2.convertScaleAbs(values, alpha=255)


def mask_png(answer: Answer) -> np.ndarray:
    """The mask as a PNG file: (n,) uint8."""
    return cv2.imencode(".png", answer.resized.labels, PNG)[1]


def overlay_jpeg(answer: Answer) -> np.ndarray:
    """The overlay as a JPEG file: (n,) uint8."""
    return cv2.imencode(".jpg", cv2.cvtColor(answer.overlay, cv2.COLOR_RGB2BGR), JPEG)[1]


def obstacle_cloud(answer: Answer) -> dict[str, Any] | None:
    """The fields of a PointCloud2 of the occupied cells, without its header."""
    points = answer.obstacle_points
    if points is None:
        return None
    data = points.reshape(-1).view(np.uint8)
    return {
        "height": 1,
        "width": len(points),
        "fields": [
            {"name": name, "offset": 4 * place, "datatype": FLOAT32, "count": 1}
            for place, name in enumerate("xyz")
        ],
        "is_bigendian": False,
        "point_step": 12,
        "row_step": data.size,
        "data": data,
        "is_dense": True,
    }


def uncertainty_color(answer: Answer) -> np.ndarray:
    """The uncertainty in colors, with a scale that marks the bound: (H, W, 3) uint8 RGB."""
    return heat_with_scale(answer.resized.uncertainty, answer.max_uncertainty)


def stats(answer: Answer) -> dict[str, Any]:
    """The fields of SegmentationStats that come from an answer, all of the whole image."""
    return {
        "class_fractions": answer.fractions,
        "drivable_fraction": answer.drivable_fraction,
        "mean_confidence": float(answer.segmentation.confidence.mean()),
        "mean_uncertainty": float(answer.segmentation.uncertainty.mean()),
        "place_score": answer.place_score,
        "inference_ms": answer.inference_ms,
    }


# By the topic's name below the node's.
OUTPUTS: dict[str, Output] = {
    "mask": Output(IMAGE, "mono8", lambda a: a.resized.labels, "class ids, mono8"),
    "confidence": Output(IMAGE, "mono8", confidence, "probability of the class, mono8"),
    "uncertainty": Output(IMAGE, "32FC1", lambda a: a.resized.uncertainty, "0 to 1, 32FC1"),
    "uncertainty_color": Output(IMAGE, "rgb8", uncertainty_color, "the same for people, rgb8"),
    "drivable": Output(IMAGE, "mono8", lambda a: a.resized_drivable, "0 or 255, mono8"),
    "drivable_grid": Output(GRID, "", lambda a: a.grid, "the ground before the robot", ground=True),
    "obstacle_scan": Output(
        SCAN, "", lambda a: a.obstacle_scan, "the nearest obstacle in each direction", ground=True
    ),
    "obstacle_points": Output(POINTS, "", obstacle_cloud, "the grid's occupied cells", ground=True),
    "speed_limit": Output(
        SPEED_LIMIT, "", lambda a: a.speed_limit, "percent of the top speed", ground=True
    ),
    "camera_info": Output(CAMERA_INFO, "", lambda a: a.camera_info, "the mask's calibration"),
    "color": Output(
        IMAGE, "rgb8", lambda a: a.labels.colorize(a.resized.labels), "classes in color, rgb8"
    ),
    "overlay": Output(IMAGE, "rgb8", lambda a: a.overlay, "the same over the image, rgb8"),
    "mask/compressed": Output(
        COMPRESSED_IMAGE, "mono8; png compressed ", mask_png, "the mask as PNG"
    ),
    "overlay/compressed": Output(
        COMPRESSED_IMAGE, "rgb8; jpeg compressed bgr8", overlay_jpeg, "the overlay as JPEG"
    ),
    "stats": Output(STATS, "", stats, "class fractions and the like"),
}
GROUNDED = frozenset(name for name, output in OUTPUTS.items() if output.ground)
# Published once for each network: type and content by the topic's name.
LATCHED = {
    "class_map": (CLASS_MAP, "names and colors of the ids, and the weights"),
    "label_info": (LABEL_INFO, "the same for Nav2"),
}
# The default of `segnet label`.
DEFAULT_OUTPUTS = ("mask", "confidence", "drivable", "overlay/compressed", "stats", *LATCHED)


def class_map(info: ModelInfo, labels: LabelSet, path: str, sha256: str) -> dict[str, Any]:
    """The fields of a ClassMap: the meaning of the ids, and the weights that they come from.

    Args:
        info: of the weights.
        labels: of the answers.
        path: of the weights file.
        sha256: of the weights file, in lower-case hexadecimal.

    Returns:
        By name; "classes" are the fields of a SegmentationClass each.
    """
    classes = [
        {"id": i, "name": c.name, **dict(zip("rgb", c.color, strict=True)), "drivable": c.drivable}
        for i, c in enumerate(labels.classes)
    ]
    return {
        "classes": classes,
        "ignore_id": labels.ignore_id,
        "network": info.network,
        "weights": path,
        "weights_sha256": sha256,
        "license": info.license,
    }
