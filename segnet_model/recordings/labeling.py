"""A copy of a recording with the node's topics, made without ROS."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from segnet_model.bags.copy import copy_topics, find_storage
from segnet_model.bags.messages import make_header
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.choices import PREFIX
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.rejected import Rejected
from segnet_model.base.tables import AnswerSettings
from segnet_model.base.topics import info_topic
from segnet_model.datasets.images_to_bag import FOLDER_START_NS, FRAME_ID, TOPIC
from segnet_model.datasets.sources import BagFrame, BagSource, Frame, Source, open_source
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import DEFAULT_OUTPUTS, GROUNDED, LATCHED, OUTPUTS
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.answers import (
    FramePredictor,
    answer_chunks,
    bag_chunks,
    image_chunks,
)
from segnet_model.recordings.calibration import Calibration, has_info
from segnet_model.recordings.mounting import Mounting, has_transforms
from segnet_model.recordings.node_messages import latched_messages, message, stats
from segnet_model.recordings.node_types import DEFINITIONS, node_types
from segnet_model.weights.shipped import find_weights

logger = logging.getLogger(__name__)
NAMES = (*OUTPUTS, *LATCHED)
CALIBRATED = {"camera_info", *GROUNDED}  # need the camera's calibration


@dataclass(frozen=True)
class LabelSettings:
    """Topics to add to a recording.

    Attributes:
        topic: image topic; None takes the only one of a bag, or `TOPIC`.
        outputs: some of `NAMES`; None takes `DEFAULT_OUTPUTS`, camera_info where the recording
            has it, and drivable_grid where the camera's pose is known too.
        prefix: namespace of the new topics.
        storage: "mcap", "sqlite3", or None for the recording's.
        answer: how outputs are made.
        ground: size of the grid, and pose of the camera unless it comes from the recording's tf.
        info_topic: CameraInfo topic; None takes camera_info beside the images.
    """

    topic: str | None = None
    outputs: Sequence[str] | None = None
    prefix: str = PREFIX
    storage: str | None = None
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    ground: GroundSettings = field(default_factory=GroundSettings)
    info_topic: str | None = None

    def __post_init__(self) -> None:
        if not self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise SettingsError(f"prefix {self.prefix!r} must be like {PREFIX}")
        if unknown := sorted(set(self.outputs or ()) - set(NAMES)):
            raise SettingsError(f"no topics {unknown}; there are {', '.join(NAMES)}")

    def name(self, output: str) -> str:
        """The topic of an output."""
        return f"{self.prefix}/{output}"


@dataclass(frozen=True)
class LabelResult:
    """Result of `label_source`.

    Attributes:
        topic: image topic.
        frames: number of answered images.
        seconds: duration.
        rejected: images without an answer.
        without_grid: images whose answer has no drivable_grid though others have.
    """

    topic: str
    frames: int
    seconds: float
    rejected: Rejected
    without_grid: Rejected


def label_source(
    path: str | Path,
    out: str | Path,
    predictor: Predictor,
    weights: str | Path,
    settings: LabelSettings | None = None,
    progress: ShareDone = no_progress,
) -> LabelResult:
    """Copy a recording and add the network's answers to its images.

    Messages of a bag are copied byte for byte. An answer has the header and the reception time of
    its image. Bad images are copied and counted, but get no answer. Of a folder, an image or a
    video the images are written, stamped from `FOLDER_START_NS` on.

    Args:
        path: a bag, a folder of images, an image or a video.
        out: the rosbag2 folder to make.
        predictor: the network.
        weights: its weights file or name, for the class map.
        settings: None takes the defaults.
        progress: called with the share of images that is done.

    Raises:
        BagError: the bag is damaged, has no such topic, has a topic that would be added, or no
            image can be answered; out exists or cannot be written.
        DatasetError: the path does not exist, or an image does not open.
        VideoError: the video cannot be read.
    """
    settings = settings or LabelSettings()
    start = perf_counter()
    source = open_source(path, settings.topic, exclude=settings.prefix)
    usual_storage = find_storage(Path(path)) if isinstance(source, BagSource) else "mcap"
    writer = BagWriter(out, settings.storage or usual_storage)
    with source:
        outputs, calibration = _checked(source, settings)
        with writer:
            writer.define(DEFINITIONS)
            if isinstance(source, BagSource):
                copy_topics(source.reader, writer)
            added = _OutputWriter(writer, outputs, settings)
            start_ns = source.start_ns + (0 if isinstance(source, BagSource) else FOLDER_START_NS)
            info = latched_messages(predictor.info, find_weights(weights), start_ns)
            added.write_latched(info, start_ns)
            frame_predictor = FramePredictor(predictor, settings.answer, calibration)
            topic = _copy(source, settings, frame_predictor, added, progress)
            if not added.processed:
                raise BagError(f"no image on {topic} in {path} can be used:\n{source.rejected}")
    without_grid = calibration.without_grid if calibration else Rejected()
    seconds = perf_counter() - start
    return LabelResult(topic, added.processed, seconds, source.rejected, without_grid)


def _checked(source: Source, settings: LabelSettings) -> tuple[tuple[str, ...], Calibration | None]:
    """The outputs to add, and the camera's calibration where one of them needs it."""
    if isinstance(source, BagSource):
        bag, topic = source.reader, source.topic
        outputs = _chosen(bag, topic, settings)
        _check_free(bag, outputs, settings)
        return outputs, _calibration(bag, topic, outputs, settings)
    outputs = DEFAULT_OUTPUTS if settings.outputs is None else tuple(settings.outputs)
    if missing := sorted(CALIBRATED & set(outputs)):
        raise SettingsError(
            f"{source.path} is no bag and has no calibration for {', '.join(missing)}; leave "
            "that out of --topics"
        )
    return outputs, None


def _chosen(bag: BagReader, topic: str, settings: LabelSettings) -> tuple[str, ...]:
    """The outputs of the settings, or the defaults for this recording."""
    mounting = _mounting(bag, settings)
    if settings.outputs is not None:
        if GROUNDED.intersection(settings.outputs):
            mounting.check(bag, topic)
        return tuple(settings.outputs)
    if not has_info(bag, settings.info_topic or info_topic(topic)):
        return DEFAULT_OUTPUTS
    try:
        mounting.check(bag, topic)
    except SettingsError as error:
        if has_transforms(bag):
            logger.warning("no drivable_grid: %s", error)
        return (*DEFAULT_OUTPUTS, "camera_info")
    return (*DEFAULT_OUTPUTS, "camera_info", "drivable_grid")


def _calibration(
    bag: BagReader, topic: str, outputs: Sequence[str], settings: LabelSettings
) -> Calibration | None:
    """The camera's calibration where an output needs it."""
    if not CALIBRATED & set(outputs):
        return None
    mounting = _mounting(bag, settings) if GROUNDED & set(outputs) else None
    return Calibration(bag, settings.info_topic or info_topic(topic), mounting)


def _mounting(bag: BagReader, settings: LabelSettings) -> Mounting:
    return Mounting(bag, settings.ground, settings.answer.base_frame)


def _check_free(bag: BagReader, outputs: Sequence[str], settings: LabelSettings) -> None:
    existing = [name for name in map(settings.name, outputs) if name in bag.topics]
    if existing:
        raise BagError(
            f"bag {bag.path} has {', '.join(existing)} already; choose another name with --prefix"
        )


class _OutputWriter:
    """Writer of the outputs to the copied bag."""

    def __init__(self, writer: BagWriter, outputs: Sequence[str], settings: LabelSettings) -> None:
        self.writer, self._settings = writer, settings
        self.processed = 0
        self._latched = [name for name in LATCHED if name in outputs]
        self._outputs = [name for name in OUTPUTS if name in outputs]

    def write_latched(self, messages: Mapping[str, Any], time: int) -> None:
        """Write the messages that are published once."""
        for name in self._latched:
            kind, _ = LATCHED[name]
            self.writer.add_topic(self._settings.name(name), kind, latched=True)
            self._write(name, kind, messages[name], time)

    def add(self, header: Any, time: int, answer: Answer, rejected: int) -> None:
        """Write a message of each output, with the image's header and reception time."""
        self.processed += 1
        for name in self._outputs:
            if name == "stats":
                made = stats(answer, header, self.processed, rejected)
            else:
                made = message(name, answer, header)
            if made is not None:
                self._write(name, OUTPUTS[name].type, made, time)

    def _write(self, name: str, type_name: str, made: Any, time: int) -> None:
        data = node_types().serialize_cdr(made, type_name)
        self.writer.write_raw(self._settings.name(name), type_name, data, time)


def _copy(
    source: Source,
    settings: LabelSettings,
    predictor: FramePredictor,
    added: _OutputWriter,
    progress: ShareDone,
) -> str:
    """Write all messages, or the images, and the answers; returns the image topic."""
    if isinstance(source, BagSource):
        topic, chunks = source.topic, bag_chunks(source)
    else:
        topic = settings.topic or TOPIC
        chunks = image_chunks(source, topic)
    share = 0.0
    with closing(answer_chunks(chunks, predictor, source.rejected)) as answers:
        for chunk, answer in answers:
            for raw in chunk.messages:
                added.writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            if chunk.decoded is not None:
                frame, _ = chunk.decoded
                share = source.share(frame)
                if answer is not None:
                    received = chunk.messages[-1].receive_ns
                    added.add(_header(frame), received, answer, len(source.rejected))
            progress(share)
    return topic


def _header(frame: Frame) -> Any:
    """std_msgs/Header of a frame's message."""
    if isinstance(frame, BagFrame):
        return frame.message.header
    return make_header(FOLDER_START_NS + frame.stamp_ns, FRAME_ID)
