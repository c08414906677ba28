"""The frames of a source and what is known of them, for people to look at."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from segnet_model.datasets.sources import BagSource, Frame, FrameFilter, Source
from segnet_model.inference.answer import Answer
from segnet_model.labels import LabelSet
from segnet_model.recordings.ahead import ahead
from segnet_model.recordings.answers import Asker, answered, images_alone
from segnet_model.recordings.recorded import recorded


def predictions(source: Source, asker: Asker) -> Generator[tuple[Frame, Answer], None, None]:
    """The network's answers to the images of a part of a source, at the network's speed."""
    with closing(answered(images_alone(source), asker, source.rejected)) as found:
        for passage, answer in found:
            if passage.shot is not None and answer is not None:
                yield passage.shot[0], answer


def recordings(
    bag: BagSource, topics: dict[str, str], labels: LabelSet
) -> Generator[tuple[Frame, Answer], None, None]:
    """The answers that a part of a bag holds; see `recorded_topics`."""
    return ahead(_apart(recorded(bag, topics, labels), bag.every_ns))


def _apart(items: Iterator[tuple[Frame, Answer]], every_ns: int) -> Iterator[tuple[Frame, Answer]]:
    filter_ = FrameFilter(every_ns)
    for frame, answer in items:
        if not filter_.is_early(frame.stamp_ns):
            filter_.accept(frame.stamp_ns)
            yield frame, answer
