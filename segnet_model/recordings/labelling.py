"""The node's topics added to a copy of a recording, without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from segnet_model.bags.copy import announce_topics, storage_of
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.choices import PREFIX, USUAL_TOPICS
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.progress import ShareDone, untold
from segnet_model.driving.rule import Driving
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.answers import Answer, answered, passages
from segnet_model.recordings.node_messages import LATCHED, OUTPUTS, Context, class_map, label_info
from segnet_model.recordings.node_types import CLASS_MAP, DEFINITIONS, LABEL_INFO, node_types
from segnet_model.recordings.rejected import Rejected
from segnet_model.weights.shipped import find_weights

NAMES = (*OUTPUTS, *LATCHED)


@dataclass(frozen=True)
class LabelSettings:
    """What is added to a recording.

    Attributes:
        topic: of the images; None takes the only image topic.
        outputs: names of topics below the prefix, of `NAMES`.
        prefix: the node's name.
        storage: "mcap", "sqlite3", or None for the recording's.
        driving: decides where the robot may drive.
    """

    topic: str | None = None
    outputs: Sequence[str] = USUAL_TOPICS
    prefix: str = PREFIX
    storage: str | None = None
    driving: Driving = field(default_factory=Driving)

    def __post_init__(self) -> None:
        if not self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise SettingsError(f"prefix {self.prefix!r} must be like {PREFIX}")
        if unknown := sorted(set(self.outputs) - set(NAMES)):
            raise SettingsError(f"no topics {unknown}; there are {', '.join(NAMES)}")

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
        _check_free(bag, settings)
        with writer:
            writer.define(DEFINITIONS)
            announce_topics(bag, writer)
            adder = _Adder(writer, predictor, settings)
            adder.tell(find_weights(weights), bag.start_ns)
            rejected = _copy(bag, topic, adder, progress)
            if not adder.context.processed:
                raise BagError(f"no image on {topic} in {source} can be used:\n{rejected}")
    return Labelled(topic, adder.context.processed, perf_counter() - start, rejected)


def choose_topic(bag: BagReader, topic: str | None, prefix: str) -> str:
    """The topic itself, or the only image topic that is not below the node's name.

    Raises:
        BagError: as `BagReader.choose_image_topic`.
    """
    others = [name for name in bag.image_topics if not name.startswith(f"{prefix}/")]
    return bag.choose_image_topic(others[0] if topic is None and len(others) == 1 else topic)


def _check_free(bag: BagReader, settings: LabelSettings) -> None:
    there = [name for name in map(settings.name, settings.outputs) if name in bag.topics]
    if there:
        raise BagError(
            f"bag {bag.path} has {', '.join(there)} already; choose another name with --prefix"
        )


class _Adder:
    """Writes answers beside what is copied."""

    def __init__(self, writer: BagWriter, predictor: Predictor, settings: LabelSettings) -> None:
        self.writer, self.predictor, self.settings = writer, predictor, settings
        self.context = Context(predictor.info.labels)
        self._outputs = {name: OUTPUTS[name] for name in settings.outputs if name in OUTPUTS}

    def tell(self, weights: Path, time: int) -> None:
        """Write what is said once."""
        info = self.predictor.info
        if "class_map" in self.settings.outputs:
            self._once("class_map", CLASS_MAP, class_map(info, weights, time), time)
        if "label_info" in self.settings.outputs:
            self._once("label_info", LABEL_INFO, label_info(info.labels, time), time)

    def _once(self, name: str, type_name: str, message: object, time: int) -> None:
        self.writer.add_topic(self.settings.name(name), type_name, latched=True)
        self._write(name, type_name, message, time)

    def add(self, answer: Answer, rejected: int) -> None:
        """Write a message of each output."""
        self.context.processed += 1
        self.context.rejected = rejected
        for name, output in self._outputs.items():
            message = output.build(answer, self.context)
            self._write(name, output.type, message, answer.frame.receive_ns)

    def _write(self, name: str, type_name: str, message: object, time: int) -> None:
        data = node_types().serialize_cdr(message, type_name)
        self.writer.write_raw(self.settings.name(name), type_name, data, time)


def _copy(bag: BagReader, topic: str, adder: _Adder, progress: ShareDone) -> Rejected:
    """Write all messages and the answers; returns the images that have none."""
    rejected = Rejected()
    images = bag.topics[topic].count
    found = passages(bag.messages(), topic, rejected)
    with closing(answered(found, adder.predictor, adder.settings.driving, rejected)) as all_of_it:
        for passage, answer in all_of_it:
            for raw in passage.messages:
                adder.writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            if answer is not None:
                adder.add(answer, len(rejected))
            progress(min(1.0, (adder.context.processed + len(rejected)) / images))
    return rejected
