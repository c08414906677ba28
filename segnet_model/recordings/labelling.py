"""The node's topics added to a copy of a recording, without ROS."""

from __future__ import annotations

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
from segnet_model.base.progress import ShareDone, untold
from segnet_model.base.rejected import Rejected
from segnet_model.base.tables import AnswerSettings
from segnet_model.datasets.images_to_bag import FOLDER_START_NS, FRAME_ID, TOPIC
from segnet_model.datasets.sources import BagFrame, BagSource, Frame, Source, open_source
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import DEFAULT_OUTPUTS, LATCHED, OUTPUTS
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.answers import Asker, answered, passages, passages_of_images
from segnet_model.recordings.calibration import Calibration, has_info, info_topic
from segnet_model.recordings.node_messages import about, message, stats
from segnet_model.recordings.node_types import DEFINITIONS, node_types
from segnet_model.weights.shipped import find_weights

NAMES = (*OUTPUTS, *LATCHED)
CALIBRATED = ("camera_info", "drivable_grid")  # need the camera's calibration


@dataclass(frozen=True)
class LabelSettings:
    """What is added to a recording.

    Attributes:
        topic: of the images; None takes the only image topic of a bag, or `TOPIC`.
        outputs: names of topics below the prefix, of `NAMES`; None adds to the usual ones
            camera_info where the recording holds it, and drivable_grid where the camera's height
            is given too.
        prefix: the node's name.
        storage: "mcap", "sqlite3", or None for the recording's.
        answer: how outputs are made.
        ground: where the camera is mounted, and the ground that is mapped.
        info_topic: of the camera's calibration; None takes camera_info beside the images.
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
        if "drivable_grid" in (self.outputs or ()) and not self.ground.camera_height:
            raise SettingsError("drivable_grid needs the camera's place; give --camera-height")

    def name(self, output: str) -> str:
        """The whole name of an output's topic."""
        return f"{self.prefix}/{output}"


@dataclass(frozen=True)
class Labelled:
    """What came of it.

    Attributes:
        topic: of the images.
        frames: images that have an answer.
        seconds: that it took.
        rejected: images that have none.
    """

    topic: str
    frames: int
    seconds: float
    rejected: Rejected


def label_source(
    path: str | Path,
    out: str | Path,
    predictor: Predictor,
    weights: str | Path,
    settings: LabelSettings | None = None,
    progress: ShareDone = untold,
) -> Labelled:
    """Copy a recording and add what the network says of its images.

    All messages of a bag are kept as they are, byte for byte. An answer has its image's header and
    was "received" when its image was. Bad images are copied, counted, and not answered. Of a
    folder, an image or a video the images are written instead, stamped from `FOLDER_START_NS` on.

    Args:
        path: a bag, a folder of images, an image or a video.
        out: the rosbag2 folder to make.
        predictor: the network.
        weights: where it is from, as for `Predictor.load`; for the class map.
        settings: what to add; None for the usual.
        progress: told the share of images that is done.

    Raises:
        BagError: the bag is damaged, has no such topic, has what should be added already, or no
            image can be answered; out exists or cannot be written.
        DatasetError: there is no such path, or an image does not open.
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
            adder = _Adder(writer, outputs, settings)
            begin = _shift(source) + source.start_ns
            adder.tell(about(predictor.info, find_weights(weights), begin), begin)
            asker = Asker(predictor, settings.answer, calibration)
            topic = _copy(source, settings, asker, adder, progress)
            if not adder.processed:
                raise BagError(f"no image on {topic} in {path} can be used:\n{source.rejected}")
    return Labelled(topic, adder.processed, perf_counter() - start, source.rejected)


def _checked(source: Source, settings: LabelSettings) -> tuple[tuple[str, ...], Calibration | None]:
    """What is added, and the camera's calibration where that is needed."""
    if isinstance(source, BagSource):
        bag, topic = source.reader, source.topic
        outputs = _chosen(bag, topic, settings)
        _check_free(bag, outputs, settings)
        return outputs, _calibration(bag, topic, outputs, settings)
    outputs = DEFAULT_OUTPUTS if settings.outputs is None else tuple(settings.outputs)
    if missing := sorted(set(CALIBRATED) & set(outputs)):
        raise SettingsError(
            f"{source.path} is no bag and has no calibration for {', '.join(missing)}; leave "
            "that out of --topics"
        )
    return outputs, None


def _shift(source: Source) -> int:
    """What is added to the times of what has no date, in nanoseconds."""
    return 0 if isinstance(source, BagSource) else FOLDER_START_NS


def _chosen(bag: BagReader, topic: str, settings: LabelSettings) -> tuple[str, ...]:
    """The outputs that are asked for, or the usual ones that this recording allows."""
    if settings.outputs is not None:
        return tuple(settings.outputs)
    if not has_info(bag, settings.info_topic or info_topic(topic)):
        return DEFAULT_OUTPUTS
    return (*DEFAULT_OUTPUTS, *(CALIBRATED if settings.ground.camera_height else CALIBRATED[:1]))


def _calibration(
    bag: BagReader, topic: str, outputs: Sequence[str], settings: LabelSettings
) -> Calibration | None:
    """The camera's calibration where an output needs it."""
    if not set(CALIBRATED) & set(outputs):
        return None
    ground = settings.ground if "drivable_grid" in outputs else None
    return Calibration(bag, settings.info_topic or info_topic(topic), ground)


def _check_free(bag: BagReader, outputs: Sequence[str], settings: LabelSettings) -> None:
    there = [name for name in map(settings.name, outputs) if name in bag.topics]
    if there:
        raise BagError(
            f"bag {bag.path} has {', '.join(there)} already; choose another name with --prefix"
        )


class _Adder:
    """Writes answers beside what is copied."""

    def __init__(self, writer: BagWriter, outputs: Sequence[str], settings: LabelSettings) -> None:
        self.writer, self._settings = writer, settings
        self.processed = 0
        self._latched = [name for name in LATCHED if name in outputs]
        self._outputs = [name for name in OUTPUTS if name in outputs]

    def tell(self, said: Mapping[str, Any], time: int) -> None:
        """Write what is said once."""
        for name in self._latched:
            kind, _ = LATCHED[name]
            self.writer.add_topic(self._settings.name(name), kind, latched=True)
            self._write(name, kind, said[name], time)

    def add(self, header: Any, time: int, answer: Answer, rejected: int) -> None:
        """Write a message of each output, with the image's header and time of reception."""
        self.processed += 1
        for name in self._outputs:
            if name == "stats":
                made = stats(answer, header, self.processed, rejected)
            else:
                made = message(name, answer, header)
            self._write(name, OUTPUTS[name].type, made, time)

    def _write(self, name: str, type_name: str, made: Any, time: int) -> None:
        data = node_types().serialize_cdr(made, type_name)
        self.writer.write_raw(self._settings.name(name), type_name, data, time)


def _copy(
    source: Source, settings: LabelSettings, asker: Asker, adder: _Adder, progress: ShareDone
) -> str:
    """Write all messages, or the images, and the answers; returns the images' topic."""
    if isinstance(source, BagSource):
        topic, found = source.topic, passages(source)
    else:
        topic = settings.topic or TOPIC
        found = passages_of_images(source, topic)
    share = 0.0
    with closing(answered(found, asker, source.rejected)) as all_of_it:
        for passage, answer in all_of_it:
            for raw in passage.messages:
                adder.writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            if passage.shot is not None:
                share = source.share(passage.shot[0])
                if answer is not None:
                    header = _header(passage.shot[0])
                    adder.add(header, passage.messages[-1].receive_ns, answer, len(source.rejected))
            progress(share)
    return topic


def _header(frame: Frame) -> Any:
    """The std_msgs/Header of a frame's message."""
    if isinstance(frame, BagFrame):
        return frame.message.header
    return make_header(FOLDER_START_NS + frame.stamp_ns, FRAME_ID)
