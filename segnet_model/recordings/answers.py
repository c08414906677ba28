"""What the network says of a recording's images, one after the other, at the network's speed.

Reading and decoding, the network, and what is done with its answers run in a thread each, so that
the slowest of them sets the pace.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from segnet_model.bags.images import RawMessage
from segnet_model.base.errors import ImageError
from segnet_model.base.rejected import Rejected
from segnet_model.base.tables import AnswerSettings
from segnet_model.datasets.images_to_bag import FOLDER_START_NS, message_of
from segnet_model.datasets.sources import BagSource, Frame, Source
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.ahead import ahead
from segnet_model.recordings.calibration import Calibration

MOST_MESSAGES, MOST_BYTES = 256, 1 << 24  # that are handed on together


@dataclass(frozen=True, eq=False)
class Passage:
    """Messages of a bag in their order, and what is in the last of them.

    Attributes:
        messages: to be copied; none where nobody does.
        shot: a frame and its image, (H, W, 3) uint8 RGB; None where the last is no good image.
    """

    messages: Sequence[RawMessage]
    shot: tuple[Frame, np.ndarray] | None


def images_alone(source: Source) -> Iterator[Passage]:
    """The images of the part of a source, as far apart as it says."""
    return (Passage((), shot) for shot in source.images())


def passages_of_images(source: Source, topic: str) -> Iterator[Passage]:
    """Likewise, with a message for each: JPEG where the topic's name says "compressed"."""
    compressed = topic.endswith("/compressed")
    for frame, image in source.images():
        stamp = FOLDER_START_NS + frame.stamp_ns
        yield Passage([message_of(frame, image, topic, stamp, compressed)], (frame, image))


def passages(bag: BagSource) -> Iterator[Passage]:
    """All messages of a bag's part, of any topics, cut after each image of its topic."""
    waiting: list[RawMessage] = []
    size = 0
    for raw in bag.messages():
        waiting.append(raw)
        size += len(raw.data)
        shot = _shot(bag, raw) if raw.topic == bag.topic else None
        if shot is not None or len(waiting) >= MOST_MESSAGES or size >= MOST_BYTES:
            yield Passage(waiting, shot)
            waiting, size = [], 0
    yield Passage(waiting, None)


def _shot(bag: BagSource, raw: RawMessage) -> tuple[Frame, np.ndarray] | None:
    try:
        frame = bag.frame(raw)
        return frame, frame.image()
    except ImageError as error:
        bag.reject(error)
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

    def ask(self, image: np.ndarray, seconds: float | None) -> Answer:
        """The network's answer to one image (H, W, 3) uint8 RGB, and when it was taken.

        Raises:
            ImageError: it is not finite, or the image cannot be used.
            SettingsError: a grid is asked for, and the camera is not calibrated.
        """
        start = perf_counter()
        found = self.predictor.predict(image, seconds)
        took = (perf_counter() - start) * 1000
        labels = self.predictor.info.labels
        answer = Answer(image, found, labels, self.settings, took)
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
        if each.shot is not None:
            frame, image = each.shot
            try:
                answer = asker.ask(image, frame.seconds)
            except ImageError as error:
                rejected.add(error)
        yield each, answer
