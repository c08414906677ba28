"""Writes the outputs of answers to a bag."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from segnet_model.bags.reader import BagWriter
from segnet_model.base.errors import ImageError
from segnet_model.base.rejected import Rejected
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import GRID, GROUNDED, LATCHED, OUTPUTS, STATS
from segnet_model.recordings.answer_store import Written
from segnet_model.recordings.label_settings import LabelSettings
from segnet_model.recordings.node_messages import message, stats
from segnet_model.recordings.node_types import node_types
from segnet_model.recordings.recorded_map import NAME as MAP

logger = logging.getLogger(__name__)


class OutputWriter:
    """Writer of the outputs to the copied bag.

    Attributes:
        writer: of the bag.
        processed: answers that were written.
        distrusted: answers with nothing drivable because they are not to be trusted, by reason.
    """

    def __init__(self, writer: BagWriter, outputs: Sequence[str], settings: LabelSettings) -> None:
        self.writer, self._settings = writer, settings
        self.processed, self.distrusted = 0, Rejected()
        self._has_drivable = bool({"drivable", *GROUNDED}.intersection(outputs))
        self._latched = [name for name in LATCHED if name in outputs]
        self._outputs = outputs

    def write_latched(self, messages: Mapping[str, Any], time: int) -> None:
        """Write the messages that are published once."""
        for name in self._latched:
            kind, _ = LATCHED[name]
            self.writer.add_topic(self._settings.name(name), kind, latched=True)
            data = node_types().serialize_cdr(messages[name], kind)
            self.writer.write_raw(self._settings.name(name), kind, data, time)

    def serialize(self, header: Any, answer: Answer, rejected: int) -> Written:
        """The messages of the next answer, which `write` counts; see `serialized`."""
        return serialized(self._outputs, header, answer, self.processed + 1, rejected)

    def counted(self, written: Written, rejected: int) -> Written:
        """The next answer, made in a piece of the recording, with the counts of the whole."""
        if "stats" not in written.messages:
            return written
        types = node_types()
        message: Any = types.deserialize_cdr(written.messages["stats"], STATS)
        message.frames_processed, message.frames_rejected = self.processed + 1, rejected
        message.frames_received = self.processed + 1 + rejected
        data = bytes(types.serialize_cdr(message, STATS))
        return replace(written, messages={**written.messages, "stats": data})

    def write(self, written: Written, time: int) -> None:
        """Write the messages of the next answer with their reception time."""
        self.processed += 1
        for name, data in written.messages.items():
            self.writer.write_raw(self._settings.name(name), OUTPUTS[name].type, data, time)
        distrusted = bool(written.distrust) and self._has_drivable
        if distrusted and self.distrusted.add(ImageError(written.distrust)):
            logger.warning("an image has nothing drivable: %s", written.distrust)

    def write_map(self, message: Any, time: int) -> None:
        """Write the ground map, unless it is None; late subscribers get the last one."""
        if message is not None:
            self.writer.add_topic(self._settings.name(MAP), GRID, latched=True)
            data = node_types().serialize_cdr(message, GRID)
            self.writer.write_raw(self._settings.name(MAP), GRID, data, time)


def serialized(
    outputs: Collection[str], header: Any, answer: Answer, processed: int, rejected: int
) -> Written:
    """Make the message of each output that an answer has.

    Args:
        outputs: names.
        header: std_msgs/Header of the image.
        answer: to the image.
        processed: answered frames so far, this one included.
        rejected: bad frames so far.
    """
    made = {
        name: stats(answer, header, processed, rejected)
        if name == "stats"
        else message(name, answer, header)
        for name in OUTPUTS
        if name in outputs
    }
    data = {
        name: bytes(node_types().serialize_cdr(each, OUTPUTS[name].type))
        for name, each in made.items()
        if each is not None
    }
    return Written(data, answer.distrust)
