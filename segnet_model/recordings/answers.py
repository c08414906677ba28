"""What the network says of a recording's images, one after the other, at the network's speed.

Reading and decoding, the network, and what is done with its answers run in a thread each, so that
the slowest of them sets the pace.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from segnet_model.bags.images import RawMessage, parse, to_rgb
from segnet_model.bags.messages import stamp_ns
from segnet_model.base.errors import ImageError
from segnet_model.base.rejected import Rejected
from segnet_model.base.tables import AnswerSettings
from segnet_model.base.units import NANOSECONDS
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.ahead import ahead
from segnet_model.recordings.calibration import Calibration

MOST_MESSAGES, MOST_BYTES = 256, 1 << 24  # that are handed on together


@dataclass(frozen=True, eq=False)
class Frame:
    """An image of a recording."""

    header: Any  # std_msgs/Header, as it came
    receive_ns: int  # when the recorder got it, since the epoch
    image: np.ndarray  # (H, W, 3) uint8 RGB

    @property
    def seconds(self) -> float:
        """Its stamp, or when it was received where a camera leaves that at zero."""
        return (stamp_ns(self.header) or self.receive_ns) / NANOSECONDS


@dataclass(frozen=True, eq=False)
class Passage:
    """Messages of a bag in their order; the last one is the frame's, where there is a frame."""

    messages: list[RawMessage]
    frame: Frame | None


def decode(raw: RawMessage) -> Frame:
    """The image in a message; ImageError where it is malformed."""
    message = parse(raw)
    return Frame(message.header, raw.receive_ns, to_rgb(message, raw.type))


def passages(messages: Iterator[RawMessage], topic: str, rejected: Rejected) -> Iterator[Passage]:
    """Messages of any topics, cut after each image of one.

    Args:
        messages: all of them come out again.
        topic: of the images.
        rejected: counts those that are malformed.
    """
    waiting: list[RawMessage] = []
    size = 0
    for raw in messages:
        waiting.append(raw)
        size += len(raw.data)
        frame = _decoded(raw, rejected) if raw.topic == topic else None
        if frame is not None or len(waiting) >= MOST_MESSAGES or size >= MOST_BYTES:
            yield Passage(waiting, frame)
            waiting, size = [], 0
    yield Passage(waiting, None)


def _decoded(raw: RawMessage, rejected: Rejected) -> Frame | None:
    try:
        return decode(raw)
    except ImageError as error:
        rejected.add(error)
        return None


@dataclass(frozen=True, eq=False)
class Asker:
    """How frames of one camera are answered.

    Attributes:
        predictor: the network.
        settings: how outputs are made.
        calibration: of the camera; None leaves it and its ground out.
    """

    predictor: Predictor
    settings: AnswerSettings
    calibration: Calibration | None = None

    def ask(self, frame: Frame) -> Answer:
        """The network's answer to one frame.

        Raises:
            ImageError: it is not finite, or the image cannot be used.
            SettingsError: a grid is asked for, and the camera is not calibrated.
        """
        start = perf_counter()
        found = self.predictor.predict(frame.image, frame.seconds)
        took = (perf_counter() - start) * 1000
        labels = self.predictor.info.labels
        answer = Answer(frame.image, found, labels, self.settings, took)
        return self.calibration.complete(answer) if self.calibration else answer


def answered(
    found: Iterator[Passage], asker: Asker, rejected: Rejected
) -> Generator[tuple[Passage, Answer | None], None, None]:
    """Each passage with the network's answer to its frame; None where there is no frame, or none.

    Args:
        found: read ahead in a thread.
        asker: runs in another thread.
        rejected: counts the frames that the network cannot answer.

    Raises:
        DeviceMemoryError: the GPU has too little memory.
    """
    return ahead(_answered(ahead(found), asker, rejected))


def _answered(
    found: Iterator[Passage], asker: Asker, rejected: Rejected
) -> Iterator[tuple[Passage, Answer | None]]:
    for each in found:
        answer = None
        if asker.calibration is not None:
            asker.calibration.read(each.messages)
        if each.frame is not None:
            try:
                answer = asker.ask(each.frame)
            except ImageError as error:
                rejected.add(error)
        yield each, answer
