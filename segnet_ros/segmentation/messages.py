"""The outputs of an answer and the classes of a network as ROS messages."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo, LaserScan, PointCloud2, PointField
from std_msgs.msg import Header

from segnet_model.inference import outputs
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import OUTPUTS
from segnet_ros.ros.image_conversion import serialize, serialize_compressed
from segnet_ros.ros.message_types import message_class
from segnet_ros.segmentation.network import Network
from segnet_ros.segmentation.worker import Counts

try:
    from segnet_ros.msg import ClassMap, SegmentationClass, SegmentationStats
except ImportError:  # installed by pip, where nothing builds messages
    ClassMap = SegmentationClass = SegmentationStats = None
try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:
    LabelInfo = VisionClass = None

SpeedLimit = message_class(outputs.SPEED_LIMIT)

# The message class of each output, where it is installed.
TYPES: dict[str, type] = {
    name: kind for name, output in OUTPUTS.items() if (kind := message_class(output.type))
}


@dataclass(frozen=True)
class Timing:
    """The times of a frame in milliseconds."""

    inference_ms: float  # from the decoded image to the network's answer at the image's size
    total_ms: float  # from the message in hand to everything published
    latency_ms: float  # from header.stamp to everything published; NaN where the stamp is zero


def message(name: str, answer: Answer, header: Header) -> Any:
    """The message of an output, serialized where that saves a copy; None where there is none.

    Args:
        name: of `OUTPUTS`, but not "stats".
        answer: the answer.
        header: of the image, and of the message.
    """
    output = OUTPUTS[name]
    value = output.value(answer)
    return None if value is None else _BUILD[output.type](value, output.encoding, header, answer)


def _image(pixels: np.ndarray, encoding: str, header: Header, _: Answer) -> bytes:
    return serialize(pixels, encoding, header)


def _compressed(file: np.ndarray, encoding: str, header: Header, _: Answer) -> bytes:
    return serialize_compressed(memoryview(file), encoding, header)


def _camera_info(info: CameraInfo, _: str, header: Header, __: Answer) -> CameraInfo:
    info.header = header
    return info


def _grid(grid: np.ndarray, _: str, header: Header, answer: Answer) -> OccupancyGrid:
    assert answer.ground is not None
    spec = answer.ground.spec
    corner = spec.x_min, spec.y_min
    return occupancy_grid(grid, spec.resolution, corner, _on_robot(header, answer))


def _scan(fields: dict[str, Any], _: str, header: Header, answer: Answer) -> LaserScan:
    ranges = array("f", fields["ranges"].tobytes())
    return LaserScan(header=_on_robot(header, answer), **{**fields, "ranges": ranges})


def _points(cloud: dict[str, Any], _: str, header: Header, answer: Answer) -> PointCloud2:
    fields = [PointField(**each) for each in cloud["fields"]]
    data = array("B", cloud["data"].tobytes())
    rest = {**cloud, "fields": fields, "data": data}
    return PointCloud2(header=_on_robot(header, answer), **rest)


def _speed_limit(percent: float, _: str, header: Header, answer: Answer) -> Any:
    assert SpeedLimit is not None
    return SpeedLimit(header=_on_robot(header, answer), percentage=True, speed_limit=percent)


def _on_robot(header: Header, answer: Answer) -> Header:
    return Header(stamp=header.stamp, frame_id=answer.settings.base_frame)


_BUILD: dict[str, Callable[[Any, str, Header, Answer], Any]] = {
    outputs.IMAGE: _image,
    outputs.COMPRESSED_IMAGE: _compressed,
    outputs.CAMERA_INFO: _camera_info,
    outputs.GRID: _grid,
    outputs.SCAN: _scan,
    outputs.POINTS: _points,
    outputs.SPEED_LIMIT: _speed_limit,
}


def occupancy_grid(
    cells: np.ndarray, resolution: float, corner: tuple[float, float], header: Header
) -> OccupancyGrid:
    """A grid or map.

    Args:
        cells: (rows, columns) int8.
        resolution: side of a cell, meters.
        corner: least x and y of the cells, meters.
        header: with the frame that the cells are aligned with.
    """
    found = OccupancyGrid(header=header)
    found.info.map_load_time = header.stamp
    found.info.resolution = resolution
    found.info.height, found.info.width = cells.shape
    found.info.origin.position.x, found.info.origin.position.y = corner
    found.info.origin.orientation.w = 1.0
    found.data = array("b", cells.tobytes())
    return found


def changed_part(kind: type, before: OccupancyGrid, after: OccupancyGrid) -> Any:
    """The smallest rectangle with all that has changed; None where the map moved, or nothing has.

    Args:
        kind: the class of map_msgs/OccupancyGridUpdate.
        before: a map.
        after: the one that followed it.
    """
    if before.info.origin != after.info.origin or before.info.width != after.info.width:
        return None
    old, new = (np.reshape(m.data, (m.info.height, m.info.width)) for m in (before, after))
    rows, columns = (np.flatnonzero((old != new).any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    part = new[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return kind(
        header=after.header, x=int(columns[0]), y=int(rows[0]),
        height=part.shape[0], width=part.shape[1], data=array("b", part.tobytes()),
    )  # fmt: skip


def stats(answer: Answer, header: Header, timing: Timing, counts: Counts) -> Any:
    """Summary of an answer and its times, as SegmentationStats.

    Args:
        answer: the answer.
        header: of its image.
        timing: of this frame.
        counts: since the activation, this frame included.
    """
    fields = outputs.stats(answer)
    return SegmentationStats(
        header=header,
        **{**fields, "class_fractions": array("f", fields["class_fractions"].tobytes())},
        total_ms=timing.total_ms,
        latency_ms=timing.latency_ms,
        frames_received=counts.received,
        frames_processed=counts.processed,
        frames_dropped=counts.dropped,
        frames_rejected=counts.failed,
    )


def class_map(network: Network, header: Header) -> Any:
    """The classes by id, and the weights file, as ClassMap."""
    info, path = network.predictor.info, str(network.path)
    fields = outputs.class_map(info, network.labels, path, network.sha256)
    classes = [SegmentationClass(**each) for each in fields["classes"]]
    return ClassMap(header=header, **{**fields, "classes": classes})


def label_info(network: Network, header: Header) -> Any:
    """The classes by id as vision_msgs/LabelInfo, which Nav2 waits for."""
    classes = [
        VisionClass(class_id=i, class_name=name) for i, name in enumerate(network.labels.names)
    ]
    return LabelInfo(header=header, class_map=classes)


def latched(network: Network, header: Header) -> dict[str, Any]:
    """The latched messages of a network by topic, where their types are installed."""
    found: dict[str, Any] = {}
    if ClassMap is not None:
        found["class_map"] = class_map(network, header)
    if LabelInfo is not None:
        found["label_info"] = label_info(network, header)
    return found


def missing_topics() -> list[str]:
    """Why some topics are missing, for the log."""
    reasons = []
    if ClassMap is None:
        reasons.append(
            "segnet_ros.msg is not built: no ~/class_map and no ~/stats; build with colcon"
        )
    if LabelInfo is None:
        reasons.append("vision_msgs is not installed: no ~/label_info, which Nav2 needs")
    if SpeedLimit is None:
        reasons.append("nav2_msgs is not installed: no ~/speed_limit")
    return reasons
