"""The node's topics added to a copy of a recording, without ROS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from segnet_model.bags.copy import announce_topics, storage_of
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.choices import PREFIX
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.progress import ShareDone, untold
from segnet_model.base.rejected import Rejected
from segnet_model.base.tables import AnswerSettings
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import LATCHED, OUTPUTS, USUAL
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.answers import Asker, Frame, answered, passages
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
        topic: of the images; None takes the only image topic.
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


def label_bag(
    source: str | Path,
    out: str | Path,
    predictor: Predictor,
    weights: str | Path,
    settings: LabelSettings | None = None,
    progress: ShareDone = untold,
) -> Labelled:
    """Copy a recording and add what the network says of its images.

    All messages of the source are kept as they are, byte for byte. An answer has its image's
    header and was "received" when its image was. Bad images are copied, counted, and not answered.

    Args:
        source: rosbag2 folder, .mcap or .db3 file.
        out: the rosbag2 folder to make.
        predictor: the network.
        weights: where it is from, as for `Predictor.load`; for the class map.
        settings: what to add; None for the usual.
        progress: told the share of images that is done.

    Raises:
        BagError: the source is damaged, has no such topic, has what should be added already, or
            no image of it can be answered; out exists or cannot be written.
    """
    settings = settings or LabelSettings()
    start = perf_counter()
    writer = BagWriter(out, settings.storage or storage_of(Path(source)))
    with BagReader(source) as bag:
        topic = choose_topic(bag, settings.topic, settings.prefix)
        outputs = _chosen(bag, topic, settings)
        _check_free(bag, outputs, settings)
        asker = Asker(predictor, settings.answer, _calibration(bag, topic, outputs, settings))
        with writer:
            writer.define(DEFINITIONS)
            announce_topics(bag, writer)
            adder = _Adder(writer, outputs, settings)
            adder.tell(about(predictor.info, find_weights(weights), bag.start_ns), bag.start_ns)
            rejected = _copy(bag, topic, asker, adder, progress)
            if not adder.processed:
                raise BagError(f"no image on {topic} in {source} can be used:\n{rejected}")
    return Labelled(topic, adder.processed, perf_counter() - start, rejected)


def choose_topic(bag: BagReader, topic: str | None, prefix: str) -> str:
    """The topic itself, or the only image topic that is not below the node's name.

    Raises:
        BagError: as `BagReader.choose_image_topic`.
    """
    others = [name for name in bag.image_topics if not name.startswith(f"{prefix}/")]
    return bag.choose_image_topic(others[0] if topic is None and len(others) == 1 else topic)


def _chosen(bag: BagReader, topic: str, settings: LabelSettings) -> tuple[str, ...]:
    """The outputs that are asked for, or the usual ones that this recording allows."""
    if settings.outputs is not None:
        return tuple(settings.outputs)
    if not has_info(bag, settings.info_topic or info_topic(topic)):
        return USUAL
    return (*USUAL, *(CALIBRATED if settings.ground.camera_height else CALIBRATED[:1]))


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

    def add(self, frame: Frame, answer: Answer, rejected: int) -> None:
        """Write a message of each output."""
        self.processed += 1
        for name in self._outputs:
            if name == "stats":
                made = stats(answer, frame.header, self.processed, rejected)
            else:
                made = message(name, answer, frame.header)
            self._write(name, OUTPUTS[name].type, made, frame.receive_ns)

    def _write(self, name: str, type_name: str, made: Any, time: int) -> None:
        data = node_types().serialize_cdr(made, type_name)
        self.writer.write_raw(self._settings.name(name), type_name, data, time)


def _copy(bag: BagReader, topic: str, asker: Asker, adder: _Adder, progress: ShareDone) -> Rejected:
    """Write all messages and the answers; returns the images that have none."""
    rejected = Rejected()
    images = bag.topics[topic].count
    found = passages(bag.messages(), topic, rejected)
    with closing(answered(found, asker, rejected)) as all_of_it:
        for passage, answer in all_of_it:
            for raw in passage.messages:
                adder.writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            if passage.frame is not None and answer is not None:
                adder.add(passage.frame, answer, len(rejected))
            progress(min(1.0, (adder.processed + len(rejected)) / images))
    return rejected
