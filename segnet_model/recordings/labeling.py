"""A copy of a recording with the node's topics, made without ROS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from segnet_model.bags.copy import copy_topics, find_storage
from segnet_model.bags.messages import make_header
from segnet_model.bags.reader import BagWriter
from segnet_model.base.class_costs import read_costs
from segnet_model.base.errors import BagError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.rejected import Rejected
from segnet_model.base.tables import NetworkSettings
from segnet_model.datasets.images_to_bag import FOLDER_START_NS, FRAME_ID, TOPIC
from segnet_model.datasets.sources import BagFrame, BagSource, Frame, Source, open_source
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.answer_store import Written
from segnet_model.recordings.answers import (
    FramePredictor,
    answer_chunks,
    bag_chunks,
    image_chunks,
)
from segnet_model.recordings.label_settings import LabelSettings, choose_outputs
from segnet_model.recordings.node_messages import latched_messages
from segnet_model.recordings.node_types import DEFINITIONS
from segnet_model.recordings.output_writer import OutputWriter
from segnet_model.recordings.piece_store import PieceAnswers
from segnet_model.recordings.resuming import Answered, ResumedAnswers, open_store
from segnet_model.weights.shipped import find_weights


@dataclass(frozen=True)
class LabelResult:
    """Result of `label_source`.

    Attributes:
        topic: image topic.
        frames: number of answered images.
        seconds: duration.
        rejected: images without an answer.
        without_grid: images whose answer has no drivable_grid though others have.
        without_map: images whose grid is not in drivable_map.
        distrusted: images whose answer has nothing drivable because it is not to be trusted.
        resumed: answers among them that an earlier labeling left.
    """

    topic: str
    frames: int
    seconds: float
    rejected: Rejected
    without_grid: Rejected
    without_map: Rejected
    distrusted: Rejected
    resumed: int


def label_source(
    path: str | Path,
    out: str | Path,
    predictor: Predictor,
    weights: str | Path,
    settings: LabelSettings | None = None,
    progress: ShareDone = no_progress,
    network: NetworkSettings | None = None,
    pieces: Sequence[Path] = (),
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
        network: how the network runs. Then answers are kept beside out until it is whole, and the
            same call goes on after them; but not where answers depend on those before.
        pieces: folders of `answer_piece`, in order, of this recording, network and settings.

    Raises:
        BagError: the bag is damaged, has no such topic, has a topic that would be added, or no
            image can be answered; out exists or cannot be written.
        DatasetError: the path does not exist, or an image does not open.
        SettingsError: an output does not fit the recording, or another process writes to out.
        VideoError: the video cannot be read.
    """
    settings = settings or LabelSettings()
    start = perf_counter()
    source = open_source(path, settings.topic, exclude=settings.prefix, new_topic=True)
    usual_storage = find_storage(Path(path)) if isinstance(source, BagSource) else "mcap"
    writer = BagWriter(out, settings.storage or usual_storage)
    with source:
        chosen = choose_outputs(source, settings)
        outputs, calibration = chosen.outputs, chosen.calibration
        labels = predictor.info.labels.with_costs(read_costs(settings.ground.class_costs))
        frames = FramePredictor(predictor, settings.answer, calibration, labels)
        start_ns = source.start_ns + (0 if isinstance(source, BagSource) else FOLDER_START_NS)
        latched = latched_messages(predictor.info, labels, find_weights(weights), start_ns)
        sha256 = latched["class_map"].weights_sha256
        store = open_store(Path(out), source, outputs, settings, frames, network, sha256)
        with store as kept, ExitStack() as stack:
            made = PieceAnswers(pieces, stack) if pieces else None
            with writer:
                added = OutputWriter(writer, outputs, settings)
                _begin(added, source, latched, start_ns)
                answerer = ResumedAnswers(frames, kept, chosen.map, made)
                topic = _copy(source, settings, answerer, added, progress)
                if not added.processed:
                    raise BagError(f"no image on {topic} in {path} can be used:\n{source.rejected}")
            if kept is not None:
                kept.remove()
    return LabelResult(
        topic, added.processed, perf_counter() - start, source.rejected,
        calibration.without_grid if calibration else Rejected(),
        chosen.map.without_map if chosen.map else Rejected(), added.distrusted,
        kept.taken if kept else 0,
    )  # fmt: skip


def _begin(added: OutputWriter, source: Source, latched: Mapping[str, Any], start_ns: int) -> None:
    """Write the topics of the recording, and the messages that are published once."""
    added.writer.define(DEFINITIONS)
    if isinstance(source, BagSource):
        copy_topics(source.reader, added.writer)
    added.write_latched(latched, start_ns)


def _copy(
    source: Source,
    settings: LabelSettings,
    answerer: ResumedAnswers,
    added: OutputWriter,
    progress: ShareDone,
) -> str:
    """Write all messages, or the images, and the answers; returns the image topic."""
    if isinstance(source, BagSource):
        topic, chunks = source.topic, bag_chunks(source)
    else:
        topic = settings.topic or TOPIC
        chunks = image_chunks(source, topic)
    share, unanswered, refused = 0.0, 0, Rejected()
    calibration = answerer.predictor.calibration
    answers = answer_chunks(chunks, answerer.answer, refused, calibration, answerer.followers)
    with closing(answers):
        for chunk, found in answers:
            for raw in chunk.messages:
                added.writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            if chunk.decoded is not None:
                frame, _ = chunk.decoded
                share = source.share(frame)
                unanswered += found is None
                if found is not None:
                    time, rejected = chunk.messages[-1].receive_ns, chunk.rejected + unanswered
                    _write(added, answerer, frame, found, time, rejected)
            progress(share)
    source.rejected.update(refused)
    return topic


def _write(
    added: OutputWriter,
    answerer: ResumedAnswers,
    frame: Frame,
    answered: Answered,
    time: int,
    rejected: int,
) -> None:
    """Write an answer, and the map after it, with the reception time of its image.

    Args:
        added: writes them.
        answerer: keeps the answer, and has the map.
        frame: of the answer.
        answered: the answer.
        time: nanoseconds since the epoch.
        rejected: bad frames so far.
    """
    written = answered.found
    if isinstance(written, Written) and written.context:
        written = added.counted(written, rejected)
    if isinstance(written, Answer):
        made = added.serialize(_header(frame), written, rejected)
        written = answerer.keep(frame, made, answered.place)
    added.write(written, time)
    if answerer.map is not None and answered.view is not None:
        added.write_map(answerer.map.add(frame, written, answered.view), time)


def _header(frame: Frame) -> Any:
    """std_msgs/Header of a frame's message."""
    if isinstance(frame, BagFrame):
        return frame.message.header
    return make_header(FOLDER_START_NS + frame.stamp_ns, FRAME_ID)
