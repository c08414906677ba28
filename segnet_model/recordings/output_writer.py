"""Writes the outputs of answers to a bag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segnet_model.bags.reader import BagWriter
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import LATCHED, OUTPUTS
from segnet_model.recordings.label_settings import LabelSettings
from segnet_model.recordings.node_messages import message, stats
from segnet_model.recordings.node_types import node_types


class OutputWriter:
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
            data = node_types().serialize_cdr(messages[name], kind)
            self.writer.write_raw(self._settings.name(name), kind, data, time)

    def messages(self, header: Any, answer: Answer, rejected: int) -> dict[str, bytes]:
        """Make the serialized message of each output that the answer has, with a header.

        Args:
            header: std_msgs/Header of the image.
            answer: to the next image; `write` counts it.
            rejected: bad frames so far.
        """
        made = {
            name: stats(answer, header, self.processed + 1, rejected)
            if name == "stats"
            else message(name, answer, header)
            for name in self._outputs
        }
        return {
            name: bytes(node_types().serialize_cdr(each, OUTPUTS[name].type))
            for name, each in made.items()
            if each is not None
        }

    def write(self, messages: Mapping[str, bytes], time: int) -> None:
        """Write the messages of the next answer, by output, with their reception time."""
        self.processed += 1
        for name, data in messages.items():
            self.writer.write_raw(self._settings.name(name), OUTPUTS[name].type, data, time)
