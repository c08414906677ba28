"""Views of the page: topics of the node, and their messages as JSON and bytes for a browser."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from segnet_model.inference import outputs
from segnet_ros.ros.message_types import message_class

MAX_BYTES = 32 << 20  # of an image or a grid; a larger one is no picture for a browser


class Part(NamedTuple):
    """One message for a browser."""

    about: dict[str, Any]  # values that JSON can hold
    data: bytes = b""  # a JPEG file, or the cells of a grid


@dataclass(frozen=True)
class View:
    """One topic of the page.

    Attributes:
        topic: below the name of the node, and of the camera where there are several; or a full one.
        kind: class of the messages; None where it is not installed.
        pack: makes a part of a message; ValueError where the message is damaged.
        shared: whether it belongs to the node, and not to one of its cameras.
        depth: messages that wait: the newest alone, where it replaces those before it.
    """

    topic: str
    kind: Any
    pack: Callable[[Any], Part]
    shared: bool = False
    depth: int = 1

    def name(self, node: str, camera: str) -> str:
        """The full name of the topic."""
        if self.topic.startswith("/"):
            return self.topic
        place = node if self.shared or not camera else f"{node}/{camera}"
        return f"{place}/{self.topic}"


def _image(message: Any) -> Part:
    data = bytes(message.data)
    _check_length(len(data))
    return Part({}, data)


def _grid(message: Any) -> Part:
    info = message.info
    _check_length(info.width * info.height)
    if len(message.data) != info.width * info.height:
        raise ValueError(f"{len(message.data)} cells are not {info.height} x {info.width}")
    q, place = info.origin.orientation, info.origin.position
    yaw = math.atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z))
    numbers = {"resolution": info.resolution, "x": place.x, "y": place.y, "yaw": yaw}
    if not all(map(math.isfinite, numbers.values())) or info.resolution <= 0:
        raise ValueError(f"a grid cannot lie so: {numbers}")
    shape = {"width": info.width, "height": info.height, "frame": message.header.frame_id}
    return Part({**shape, **numbers}, bytes(message.data))


def _stats(message: Any) -> Part:
    about = {name: getattr(message, name) for name in message.get_fields_and_field_types()}
    about.pop("header")
    return Part({name: _plain(value) for name, value in about.items()})


def _diagnostics(message: Any) -> Part:
    status = [
        {
            "name": each.name, "level": each.level[0], "message": each.message,
            "values": [[value.key, value.value] for value in each.values],
        }
        for each in message.status
    ]  # fmt: skip
    return Part({"status": status})


def _plain(value: Any) -> Any:
    """A number or a list as JSON has it: without NaN and infinity."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return [_plain(each) for each in value]


def _check_length(length: int) -> None:
    if length > MAX_BYTES:
        raise ValueError(f"{length} bytes are more than {MAX_BYTES}")


VIEWS = {
    "overlay": View("overlay/compressed", message_class(outputs.COMPRESSED_IMAGE), _image),
    "grid": View("drivable_grid", message_class(outputs.GRID), _grid),
    "map": View("drivable_map", message_class(outputs.GRID), _grid, shared=True),
    "stats": View("stats", message_class(outputs.STATS), _stats),
    "diagnostics": View(  # of all nodes
        "/diagnostics", message_class("diagnostic_msgs/msg/DiagnosticArray"), _diagnostics,
        shared=True, depth=50,
    ),
}  # fmt: skip
