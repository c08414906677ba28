"""The answers to a piece of a recording that was cut by time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from segnet_model.bags.transforms import WINDOW_NS
from segnet_model.base.class_costs import read_costs
from segnet_model.base.progress import ShareDone
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources import BagFrame, BagSource, Frame
from segnet_model.driving.way import MAX_AGE
from segnet_model.inference.answer import Answer
from segnet_model.inference.place import SPAN
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.answers import FramePredictor, answer_chunks, bag_chunks
from segnet_model.recordings.label_settings import LabelSettings, choose_outputs
from segnet_model.recordings.output_writer import serialized
from segnet_model.recordings.piece_store import open_piece, with_context
from segnet_model.recordings.resuming import ResumedAnswers

BEFORE_NS = WINDOW_NS + NANOSECONDS  # read before a piece: tf is kept that long
SCORED_NS = round(2 * SPAN * NANOSECONDS)  # answered before a piece, for the median of the place
AFTER_NS = round(4 * MAX_AGE * NANOSECONDS)  # read after it: poses come later than their images


def answer_piece(
    source: BagSource,
    span: tuple[float, float],
    out: Path,
    predictor: Predictor,
    settings: LabelSettings,
    progress: ShareDone,
) -> int:
    """Answer the images of a piece, for `PieceAnswers`; returns their number.

    Args:
        source: the open recording.
        span: time of reception from which on its images are, and after the last, in nanoseconds.
        out: folder of the answers; made here.
        predictor: the network.
        settings: of the labeling.
        progress: called with the share of the piece that is done.
    """
    chosen, (begin, end) = choose_outputs(source, settings), span
    labels = predictor.info.labels.with_costs(read_costs(settings.ground.class_costs))
    frames = FramePredictor(predictor, settings.answer, chosen.calibration, labels)
    chunks = bag_chunks(source.between(begin - BEFORE_NS, end + AFTER_NS))

    def answer(frame: Frame, image: np.ndarray) -> tuple[Answer, float | None] | None:
        needed = begin - SCORED_NS <= frame.receive_ns < end
        return (frames.answer(frame, image), frames.place.newest) if needed else None

    followers = ResumedAnswers(frames, None, chosen.map).followers
    answers = answer_chunks(chunks, answer, Rejected(), chosen.calibration, followers)
    out.mkdir()
    count = 0
    with open_piece(out) as store, closing(answers):
        for chunk, found in answers:
            if chunk.decoded and found and chunk.decoded[0].receive_ns >= begin:
                frame, (made, place) = chunk.decoded[0], found
                assert isinstance(frame, BagFrame)
                messages = serialized(chosen.outputs, frame.message.header, made, 0, 0)
                store.add(frame, with_context(messages, made, place))
                count += 1
                progress(source.between(*span).share(frame))
    return count
