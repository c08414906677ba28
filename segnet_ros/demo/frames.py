"""Answered frames, from the recording of the node's topics."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from segnet_model.bags.images import RawMessage, parse, to_ids, to_rgb
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import ImageError
from segnet_model.datasets.sources import BagFrame
from segnet_model.scenes import Square
from segnet_ros.ros.cdr import stamp_of

MASK = "/segmentation/mask"
UNCERTAINTY = "/segmentation/uncertainty"
DRIVABLE = "/segmentation/drivable"
GRID = "/segmentation/drivable_grid"
MAP = "/segmentation/drivable_map"
# Recorded for users of the bag.
OTHERS = ("/segmentation/confidence", "/segmentation/stats", "/segmentation/class_map",
          "/segmentation/label_info")  # fmt: skip
MAX_WAITING = 100  # frames
logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class GroundMap:
    """The map of the ground after an image."""

    bag_ns: int  # stamp of that image in the bag that was played
    cells: np.ndarray  # (n, n) int8: 0 free, 100 occupied, -1 unknown
    square: Square  # where they are in the frame of odometry


@dataclass(frozen=True, eq=False)
class AnsweredFrame:
    """An image, the answer to it, and the truth where it is known."""

    stamp_ns: int  # of the image as published
    mask_ns: int  # when the mask arrived
    image: np.ndarray  # (H, W, 3) uint8 RGB
    mask: np.ndarray  # (H, W) uint8 class ids
    uncertainty: np.ndarray  # (H, W) float32, 0 to 1
    drivable: np.ndarray  # (H, W) uint8, 0 or 255
    grid: np.ndarray | None  # (rows, columns) int8: 0 free, 100 occupied, -1 unknown
    map: GroundMap | None  # the newest until then
    truth: np.ndarray | None  # (H, W) uint8 class ids


def frames(
    answers: BagReader, image_topic: str, truth: Iterator[BagFrame], sent: Mapping[int, int]
) -> Iterator[AnsweredFrame]:
    """Every frame with all its outputs.

    Args:
        answers: recording of the images and of what the node made of them.
        image_topic: of the images.
        truth: labels in the order of the frames; may be empty.
        sent: the stamp in the bag that was played for each stamp as published, nanoseconds.
    """
    label = next(truth, None)
    grids, maps = _grids(answers), _maps(answers, sent)
    for stamp, parts in _by_stamp(answers, (image_topic, MASK, UNCERTAINTY, DRIVABLE)):
        while label is not None and label.stamp_ns < sent[stamp]:
            label = next(truth, None)
        same = label is not None and label.stamp_ns == sent[stamp]
        yield AnsweredFrame(
            stamp,
            parts[MASK].receive_ns,
            to_rgb(parse(parts[image_topic]), parts[image_topic].type),
            to_ids(parse(parts[MASK])),
            _floats(parse(parts[UNCERTAINTY])),
            to_ids(parse(parts[DRIVABLE])),
            grids.get(stamp),
            next((found for newest, found in maps if newest <= stamp), None),
            _ids(label) if same and label is not None else None,
        )


def _by_stamp(
    bag: BagReader, topics: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, RawMessage]]]:
    """Messages of equal stamps, once there is one of each topic."""
    waiting: dict[int, dict[str, RawMessage]] = defaultdict(dict)
    for message in bag.messages(*topics):
        stamp = stamp_of(message.data)
        waiting[stamp][message.topic] = message
        if len(waiting[stamp]) == len(topics):
            yield stamp, waiting.pop(stamp)
        if len(waiting) > MAX_WAITING:  # those that were not answered
            del waiting[min(waiting)]


def _ids(labels: BagFrame) -> np.ndarray | None:
    """(H, W) uint8 class ids; None where the message is malformed."""
    try:
        return labels.ids()
    except ImageError as error:
        logger.warning("no truth at %d ns: %s", labels.stamp_ns, error)
        return None


def _floats(message: Any) -> np.ndarray:
    """(H, W) of a 32FC1 image."""
    return np.asarray(message.data.view("<f4").reshape(message.height, message.width))


def _grids(answers: BagReader) -> dict[int, np.ndarray]:
    """The grids by their stamps: the first images, and bags of one's own, have none."""
    if GRID not in answers.topics:
        return {}
    found = ((stamp_of(each.data), parse(each)) for each in answers.messages(GRID))
    return {
        stamp: np.asarray(grid.data, np.int8).reshape(grid.info.height, grid.info.width)
        for stamp, grid in found
    }


def _maps(answers: BagReader, sent: Mapping[int, int]) -> list[tuple[int, GroundMap]]:
    """The maps and the stamps of the images that they hold, the newest first."""
    if MAP not in answers.topics:
        return []
    found = {stamp_of(each.data): parse(each) for each in answers.messages(MAP)}
    maps = [(stamp, _map(found[stamp], sent[stamp])) for stamp in found if stamp in sent]
    return sorted(maps, key=lambda each: -each[0])


def _map(message: Any, bag_ns: int) -> GroundMap:
    about = message.info
    cells = np.asarray(message.data, np.int8).reshape(about.height, about.width)
    corner = about.origin.position
    return GroundMap(bag_ns, cells, Square(corner.x, corner.y, about.width, about.resolution))
