"""A network's answers to the images of a recording, one after the other.

Reading and decoding, the network, and the caller run in a thread each, so the slowest of them sets
the pace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol, TypeVar

import numpy as np

from segnet_model.bags.images import RawMessage
from segnet_model.base.errors import ImageError
from segnet_model.base.rejected import Rejected
from segnet_model.base.tables import AnswerSettings
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.images_to_bag import FOLDER_START_NS, message_of
from segnet_model.datasets.sources import BagSource, Frame, Source
from segnet_model.driving.way import MAX_AGE
from segnet_model.inference.answer import Answer
from segnet_model.inference.place import PlaceMonitor
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.recordings.calibration import CameraCalibration
from segnet_model.recordings.prefetch import prefetch
from segnet_model.weights.bounds import max_uncertainty

MAX_MESSAGES, MAX_BYTES = 256, 1 << 24  # of a chunk
MOST_WAITING = 32  # chunks
Found = TypeVar("Found")  # for a frame


class Follower(Protocol):
    """Reads poses ahead of the frames that need them."""

    def read(self, messages: Sequence[RawMessage]) -> None:
        """Take the poses in messages of any topic."""

    def is_known(self, frame: Frame) -> bool:
        """Whether the pose at a frame's stamp is known."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive messages of a recording, up to an image.

    Attributes:
        messages: to be copied; empty where nothing is copied.
        decoded: the last message's frame and image, (H, W, 3) uint8 RGB; None where that is no
            image, or a bad one.
        rejected: bad frames of the recording so far.
    """

    messages: Sequence[RawMessage]
    decoded: tuple[Frame, np.ndarray] | None
    rejected: int


def image_chunks(source: Source, topic: str | None = None) -> Iterator[Chunk]:
    """One chunk for each image of a source.

    Args:
        source: any source.
        topic: of a message for each image, JPEG if the name ends in /compressed; None makes none.
    """
    for frame, image in source.images():
        messages = []
        if topic is not None:
            stamp, compressed = FOLDER_START_NS + frame.stamp_ns, topic.endswith("/compressed")
            messages = [message_of(frame, image, topic, stamp, compressed)]
        yield Chunk(messages, (frame, image), len(source.rejected))


def bag_chunks(bag: BagSource) -> Iterator[Chunk]:
    """All messages of a bag's part, of any topic, cut after each image of its topic."""
    messages: list[RawMessage] = []
    size = 0
    for raw in bag.messages():
        messages.append(raw)
        size += len(raw.data)
        decoded = _decode(bag, raw) if raw.topic == bag.topic else None
        if decoded is not None or len(messages) >= MAX_MESSAGES or size >= MAX_BYTES:
            yield Chunk(messages, decoded, len(bag.rejected))
            messages, size = [], 0
    yield Chunk(messages, None, len(bag.rejected))


def _decode(bag: BagSource, raw: RawMessage) -> tuple[Frame, np.ndarray] | None:
    try:
        frame = bag.frame(raw)
        return frame, frame.image()
    except ImageError as error:
        bag.reject(error)
        return None


@dataclass(frozen=True, eq=False)
class FramePredictor:
    """Predictor for the frames of one camera.

    Attributes:
        predictor: the network.
        settings: how outputs are made.
        calibration: of the camera; None leaves camera_info and the grid out.
        labels: of the answers, with other drivable classes or costs; None is that of the weights.
        place: of the camera.
    """

    predictor: Predictor
    settings: AnswerSettings
    calibration: CameraCalibration | None = None
    labels: LabelSet | None = None
    place: PlaceMonitor = field(default_factory=PlaceMonitor)

    def answer(self, frame: Frame, image: np.ndarray) -> Answer:
        """Answer a frame with its image (H, W, 3) uint8 RGB.

        Raises:
            ImageError: the image cannot be used, or the network's result is not finite.
            SettingsError: a grid is asked for, and the camera is not calibrated.
        """
        answer = self.uncalibrated(frame, image)
        return self.calibration.complete(answer, frame) if self.calibration else answer

    def uncalibrated(self, frame: Frame, image: np.ndarray) -> Answer:
        """As `answer`, without the calibration and what follows from it."""
        start = perf_counter()
        predicted = self.predictor.predict(image, frame.seconds)
        found = self.place.smooth(predicted, frame.seconds)
        inference_ms = (perf_counter() - start) * 1000
        labels = self.labels or self.predictor.info.labels
        bound = max_uncertainty(self.predictor.promise_of(labels))
        return Answer(image, found, labels, self.settings, bound, inference_ms)


def answer_chunks(
    chunks: Iterator[Chunk],
    answer: Callable[[Frame, np.ndarray], Found],
    rejected: Rejected,
    calibration: CameraCalibration | None = None,
    followers: Sequence[Follower] = (),
) -> Generator[tuple[Chunk, Found | None], None, None]:
    """Each chunk with the answer to its image; None where there is no image, or no answer.

    Args:
        chunks: read in a thread.
        answer: called in another thread with each frame and its image, (H, W, 3) uint8 RGB.
        rejected: counts the frames for which it raises ImageError.
        calibration: follows the messages of the chunks.
        followers: read ahead of them.

    Raises:
        DeviceMemoryError: the GPU has too little memory.
    """
    read = prefetch(chunks)
    if followers:
        read = _with_poses(read, followers)
    return prefetch(_answer_chunks(read, answer, rejected, calibration))


def _with_poses(
    chunks: Iterator[Chunk], followers: Sequence[Follower]
) -> Generator[Chunk, None, None]:
    """Hold chunks back until all poses at their stamp are known, or tf is far enough ahead."""
    waiting: deque[Chunk] = deque()
    for chunk in chunks:
        for each in followers:
            each.read(chunk.messages)
        waiting.append(chunk)
        newest = chunk.messages[-1].receive_ns if chunk.messages else 0
        while waiting and (
            len(waiting) > MOST_WAITING or _has_poses(waiting[0].decoded, followers, newest)
        ):
            yield waiting.popleft()
    yield from waiting


def _has_poses(
    decoded: tuple[Frame, np.ndarray] | None, followers: Sequence[Follower], newest_ns: int
) -> bool:
    if decoded is None or all(each.is_known(decoded[0]) for each in followers):
        return True
    return newest_ns > decoded[0].receive_ns + MAX_AGE * NANOSECONDS


def _answer_chunks(
    chunks: Iterator[Chunk],
    answer: Callable[[Frame, np.ndarray], Found],
    rejected: Rejected,
    calibration: CameraCalibration | None,
) -> Iterator[tuple[Chunk, Found | None]]:
    for chunk in chunks:
        found = None
        if calibration is not None:
            calibration.read(chunk.messages)
        if chunk.decoded is not None:
            try:
                found = answer(*chunk.decoded)
            except ImageError as error:
                rejected.add(error)
        yield chunk, found


def predicted_answers(
    source: Source, predictor: FramePredictor
) -> Generator[tuple[Frame, Answer], None, None]:
    """Frames of a source's part with the network's answers."""
    chunks = image_chunks(source)
    with closing(answer_chunks(chunks, predictor.answer, source.rejected)) as answers:
        for chunk, answer in answers:
            if chunk.decoded is not None and answer is not None:
                yield chunk.decoded[0], answer
