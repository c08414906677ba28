"""Messages of a bag made from answers and from a network's classes."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.bags.messages import compressed_message, image_message, make_header
from segnet_model.inference import outputs
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import OUTPUTS
from segnet_model.labels import LabelSet
from segnet_model.recordings.node_types import CLASS, VISION_CLASS, node_types
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.tensors import file_sha256


def message(name: str, answer: Answer, header: Any) -> Any:
    """Make the message of an output; None where the answer has none.

    Args:
        name: of `OUTPUTS`, except "stats".
        answer: answer to the image.
        header: std_msgs/Header of the image, used unchanged.
    """
    output = OUTPUTS[name]
    value = output.value(answer)
    return None if value is None else _BUILD[output.type](value, output.encoding, header, answer)


def _image(pixels: np.ndarray, encoding: str, header: Any, _: Answer) -> Any:
    return image_message(header, pixels, encoding)


def _compressed(file: np.ndarray, encoding: str, header: Any, _: Answer) -> Any:
    return compressed_message(header, file.tobytes(), encoding)


def _camera_info(info: Any, _: str, header: Any, __: Answer) -> Any:
    info.header = header
    return info


def _grid(grid: np.ndarray, _: str, header: Any, answer: Answer) -> Any:
    assert answer.ground is not None
    spec = answer.ground.spec
    corner = spec.x_min, spec.y_min
    return occupancy_grid(grid, spec.resolution, corner, _on_robot(header, answer))


def occupancy_grid(
    cells: np.ndarray, resolution: float, corner: tuple[float, float], header: Any
) -> Any:
    """A grid or map.

    Args:
        cells: (rows, columns) int8.
        resolution: side of a cell, meters.
        corner: least x and y of the cells, meters.
        header: with the frame that the cells are aligned with.
    """
    types, (x, y) = node_types().types, corner
    origin = types["geometry_msgs/msg/Pose"](
        position=types["geometry_msgs/msg/Point"](x=x, y=y, z=0.0),
        orientation=types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0),
    )
    meta = types["nav_msgs/msg/MapMetaData"](
        map_load_time=header.stamp,
        resolution=resolution,
        width=cells.shape[1],
        height=cells.shape[0],
        origin=origin,
    )
    return types[outputs.GRID](header=header, info=meta, data=cells.ravel())


def _scan(fields: dict[str, Any], _: str, header: Any, answer: Answer) -> Any:
    return node_types().types[outputs.SCAN](
        header=_on_robot(header, answer), time_increment=0.0, scan_time=0.0,
        intensities=np.zeros(0, np.float32), **fields,
    )  # fmt: skip


def _points(cloud: dict[str, Any], _: str, header: Any, answer: Answer) -> Any:
    types = node_types().types
    fields = [types["sensor_msgs/msg/PointField"](**each) for each in cloud["fields"]]
    return types[outputs.POINTS](header=_on_robot(header, answer), **{**cloud, "fields": fields})


def _speed_limit(percent: float, _: str, header: Any, answer: Answer) -> Any:
    return node_types().types[outputs.SPEED_LIMIT](
        header=_on_robot(header, answer), percentage=True, speed_limit=percent
    )


def _on_robot(header: Any, answer: Answer) -> Any:
    """A std_msgs/Header in the robot's frame."""
    frame_id = answer.settings.base_frame
    return node_types().types["std_msgs/msg/Header"](stamp=header.stamp, frame_id=frame_id)


_BUILD: dict[str, Callable[[Any, str, Any, Answer], Any]] = {
    outputs.IMAGE: _image,
    outputs.COMPRESSED_IMAGE: _compressed,
    outputs.CAMERA_INFO: _camera_info,
    outputs.GRID: _grid,
    outputs.SCAN: _scan,
    outputs.POINTS: _points,
    outputs.SPEED_LIMIT: _speed_limit,
}


def stats(answer: Answer, header: Any, processed: int, rejected: int) -> Any:
    """Summarize an answer as SegmentationStats.

    Args:
        answer: answer to a frame.
        header: header of its image.
        processed: answered frames so far, this one included.
        rejected: bad frames so far.
    """
    return node_types().types[outputs.STATS](
        header=header,
        **outputs.stats(answer),
        total_ms=nan,  # only a running node knows these two
        latency_ms=nan,
        frames_received=processed + rejected,
        frames_processed=processed,
        frames_dropped=0,
        frames_rejected=rejected,
    )


def latched_messages(
    info: ModelInfo, labels: LabelSet, weights: Path, stamp: int
) -> dict[str, Any]:
    """Make the latched messages of a network, by output.

    Args:
        info: metadata of the weights.
        labels: of the answers.
        weights: the weights file.
        stamp: stamp of the messages, nanoseconds since the epoch.
    """
    types, header = node_types().types, make_header(stamp, "")
    fields = outputs.class_map(info, labels, str(weights), file_sha256(weights))
    classes = [types[CLASS](**each) for each in fields["classes"]]
    names = [
        types[VISION_CLASS](class_id=i, class_name=name) for i, name in enumerate(labels.names)
    ]
    return {
        "class_map": types[outputs.CLASS_MAP](header=header, **{**fields, "classes": classes}),
        "label_info": types[outputs.LABEL_INFO](header=header, class_map=names, threshold=0.0),
    }
