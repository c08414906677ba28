"""What the messages of a topic say, without those that are damaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from segnet_model.bags.images import RawMessage
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import BagError, ImageError
from segnet_model.base.rejected import Rejected

T = TypeVar("T")


def read_values(
    bag: BagReader,
    topic: str,
    types: tuple[str, ...],
    value: Callable[[RawMessage], T],
    name: str = "message",
) -> list[T]:
    """Read a topic.

    Args:
        bag: an open recording.
        topic: its name.
        types: that it may have.
        value: what a message says; raises ImageError where that cannot be used.
        name: of a message, for errors.

    Raises:
        BagError: there is no such topic, or no message can be used; with the reasons.
    """
    bag.check_topic(topic, types)
    found, rejected = [], Rejected()
    for raw in bag.messages(topic):
        try:
            found.append(value(raw))
        except ImageError as error:
            rejected.add(error)
    if not found:
        raise BagError(f"no {name} of {topic} in bag {bag.path} can be used:\n{rejected}")
    return found
