"""Images of a recording that are told apart by their stamps, and decoded only when needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from segnet_model.data.bag_images import RawMessage, parse, to_ids, to_rgb
from segnet_model.data.bag_messages import stamp_ns
from segnet_model.data.bags import BagReader
from segnet_model.errors import ImageError


@dataclass(frozen=True, eq=False)
class Frame:
    """A message with an image, or with labels."""

    raw: RawMessage
    stamp_ns: int  # of its header, or of its reception where a camera leaves that at zero
    message: Any

    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB, maybe read-only; ImageError where it is malformed."""
        return to_rgb(self.message, self.raw.type)

    def ids(self) -> np.ndarray:
        """(H, W) uint8 class ids; ImageError where it is malformed or not mono8."""
        return to_ids(self.message, self.raw.type)


def read_frames(bag: BagReader, topic: str) -> Iterator[Frame]:
    """Messages with images, or labels, in the order in which they were received.

    Raises:
        BagError: there is no such topic, or the bag is damaged.
    """
    for raw in bag.messages(topic):
        try:
            message = parse(raw)
        except ImageError as error:
            bag.pass_over(raw, error)
            continue
        yield Frame(raw, stamp_ns(message.header) or raw.receive_ns, message)
