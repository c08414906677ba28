"""A node's answers to the images of a recording, read from the recording itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import cv2
import numpy as np
from rosbags.serde import SerdeError

from segnet_model.bags.images import RawMessage, parse, to_ids
from segnet_model.bags.messages import IMAGE, stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import BagError, ImageError, SegNetError
from segnet_model.datasets.sources import BagSource, Frame, FrameFilter
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import CLASS_MAP
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet, SegmentationClass
from segnet_model.recordings.node_types import node_types
from segnet_model.recordings.prefetch import prefetch

OPTIONAL = ("confidence", "uncertainty", "drivable")
MAX_WAITING = 100  # frames


def recorded_topics(bag: BagReader, prefix: str) -> dict[str, str]:
    """The node's topics in a bag, by output; empty without masks."""
    names = {name: f"{prefix}/{name}" for name in ("mask", *OPTIONAL)}
    found = {
        name: topic
        for name, topic in names.items()
        if topic in bag.topics and bag.topics[topic].count and bag.topics[topic].type == IMAGE
    }
    return found if "mask" in found else {}


def recorded_labels(bag: BagReader, prefix: str) -> LabelSet | None:
    """The label set of recorded masks; None where the bag has no class map of the node.

    Raises:
        BagError: the bag or its class map is damaged.
    """
    topic = f"{prefix}/class_map"
    raw = None
    if topic in bag.topics and bag.topics[topic].count:
        for each in bag.messages(topic):
            raw = each
    if raw is None or raw.type != CLASS_MAP:
        return None
    try:
        message: Any = node_types().deserialize_cdr(raw.data, CLASS_MAP)
        classes = (
            SegmentationClass(c.name, (c.r, c.g, c.b), c.drivable)
            for c in sorted(message.classes, key=lambda c: int(c.id))
        )
        return LabelSet("recorded", tuple(classes), message.ignore_id)
    except (SerdeError, UnicodeDecodeError, SegNetError) as error:
        raise BagError(
            f"{topic} in bag {bag.path} is no class map ({error}); name the classes with --labels"
        ) from None


def recorded_answers(
    bag: BagSource, topics: Mapping[str, str], labels: LabelSet
) -> Generator[tuple[Frame, Answer], None, None]:
    """Frames of a bag's part with their recorded answers, read ahead in a thread.

    Args:
        bag: source of the images; it counts the malformed ones.
        topics: topics of the answers; see `recorded_topics`.
        labels: label set of the masks.
    """
    return prefetch(_far_apart(_complete(bag, topics, labels), bag.every_ns))


def _far_apart(
    items: Iterator[tuple[Frame, Answer]], every_ns: int
) -> Iterator[tuple[Frame, Answer]]:
    filter_ = FrameFilter(every_ns)
    for frame, answer in items:
        if not filter_.is_early(frame.stamp_ns):
            filter_.accept(frame.stamp_ns)
            yield frame, answer


def _complete(
    bag: BagSource, topics: Mapping[str, str], labels: LabelSet
) -> Iterator[tuple[Frame, Answer]]:
    """Frames for which every topic has a message, in the order in which these are complete."""
    waiting: dict[int, dict[str, RawMessage]] = defaultdict(dict)
    for raw in bag.messages(bag.topic, *topics.values()):
        try:
            stamp = stamp_ns(parse(raw).header)
            waiting[stamp][raw.topic] = raw
            if len(waiting[stamp]) == len(topics) + 1:
                parts = waiting.pop(stamp)
                frame = bag.frame(parts.pop(bag.topic))
                maps = {name: parts[topic] for name, topic in topics.items()}
                yield frame, _answer(frame.image(), maps, labels)
        except ImageError as error:
            bag.reject(error)
        if len(waiting) > MAX_WAITING:  # frames without an answer
            del waiting[min(waiting)]


def _answer(image: np.ndarray, parts: Mapping[str, RawMessage], labels: LabelSet) -> Answer:
    size = image.shape[:2]
    maps = {name: _map(raw, size) for name, raw in parts.items()}
    nothing = np.broadcast_to(np.float32(np.nan), size)
    confidence = maps["confidence"] / np.float32(255) if "confidence" in maps else nothing
    found = Segmentation(maps["mask"], confidence, maps.get("uncertainty", nothing))
    return Answer(
        image,
        found,
        labels,
        recorded_drivable=maps.get("drivable", np.broadcast_to(np.uint8(0), size)),
        missing=frozenset(OPTIONAL) - maps.keys(),
    )


def _map(raw: RawMessage, size: tuple[int, ...]) -> np.ndarray:
    """(H, W) of mono8 or 32FC1, at the image's size."""
    message = parse(raw)
    values = _floats(message) if message.encoding == "32FC1" else to_ids(message)
    if values.shape == size:
        return values
    return cv2.resize(values, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)


def _floats(message: Any) -> np.ndarray:
    if message.data.size != 4 * message.height * message.width or message.data.size == 0:
        raise ImageError(
            f"{message.height}x{message.width} floats with {message.data.size} bytes; record again"
        )
    return np.asarray(message.data.view("<f4").reshape(message.height, message.width))
