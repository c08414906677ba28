"""The frames of a recording and what is known of them, for people to look at."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from segnet_model.bags.images import RawMessage
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import SettingsError
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.inference.answer import Answer
from segnet_model.labels import LabelSet
from segnet_model.recordings.ahead import ahead
from segnet_model.recordings.answers import Asker, Frame, answered, passages
from segnet_model.recordings.recorded import recorded

Received = TypeVar("Received", RawMessage, tuple[Frame, Answer])


@dataclass(frozen=True)
class Part:
    """Which part of a recording is looked at, in seconds.

    Attributes:
        start: after its begin.
        seconds: from there on; None for all.
        every: least time between two frames.
    """

    start: float = 0.0
    seconds: float | None = None
    every: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.start < inf and 0 <= self.every < inf and (self.seconds or 1) > 0):
            raise SettingsError(
                f"start {self.start} and every {self.every} must be 0 or more, seconds "
                f"{self.seconds} more than 0"
            )

    def limits(self, bag: BagReader) -> tuple[int, int]:
        """When the first message may have been received, and when no more: ns since the epoch."""
        begin = bag.start_ns + round(self.start * NANOSECONDS)
        if begin >= bag.end_ns:
            raise SettingsError(
                f"start {self.start} s is after the end of {bag.path}, which is "
                f"{(bag.end_ns - bag.start_ns) / NANOSECONDS:.1f} s long"
            )
        span = None if self.seconds is None else round(min(self.seconds, 1e9) * NANOSECONDS)
        return begin, bag.end_ns if span is None else min(bag.end_ns, begin + span)


def predictions(
    bag: BagReader, topic: str, part: Part, asker: Asker, bad: Rejected
) -> Generator[tuple[Frame, Answer], None, None]:
    """The network's answers to a recording's images, at the network's speed."""
    images = _apart(_within(bag.messages(topic), *part.limits(bag)), part.every)
    with closing(answered(passages(images, topic, bad), asker, bad)) as found:
        for passage, answer in found:
            if passage.frame is not None and answer is not None:
                yield passage.frame, answer


def recordings(
    bag: BagReader,
    topic: str,
    part: Part,
    topics: dict[str, str],
    labels: LabelSet,
    bad: Rejected,
) -> Generator[tuple[Frame, Answer], None, None]:
    """The answers that a recording holds; see `recorded_topics`."""
    messages = _within(bag.messages(topic, *topics.values()), *part.limits(bag))
    return ahead(_apart(recorded(messages, topic, topics, labels, bad), part.every))


def _within(messages: Iterator[RawMessage], begin: int, end: int) -> Iterator[RawMessage]:
    for each in messages:
        if each.receive_ns >= end:
            return
        if each.receive_ns >= begin:
            yield each


def _apart(items: Iterator[Received], every: float) -> Iterator[Received]:
    """Those that were received at least so many seconds after the last one."""
    last = -inf
    for each in items:
        time = each.receive_ns if isinstance(each, RawMessage) else each[0].receive_ns
        if time - last >= every * NANOSECONDS:
            last = time
            yield each
