"""Images that are told apart before they are decoded: by their stamps, or as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from segnet_model.bags.images import RawMessage, parse, to_ids, to_rgb
from segnet_model.bags.messages import stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import ImageError
from segnet_model.images.files import read_image


class Still(Protocol):
    """An image that is not decoded yet."""

    @property
    def stamp_ns(self) -> int:
        """Of its header; 0 for a file."""

    @property
    def receive_ns(self) -> int:
        """When the recorder got it; 0 for a file."""

    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB, maybe read-only."""


@dataclass(frozen=True)
class ImageFile:
    """An image file, of which nobody knows when it was taken."""

    path: Path
    stamp_ns: int = 0  # not known, as is the next
    receive_ns: int = 0

    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB; DatasetError where it does not open as an image."""
        return read_image(self.path)


@dataclass(frozen=True, eq=False)
class Frame:
    """A message with an image, or with labels."""

    raw: RawMessage
    stamp_ns: int  # of its header, or of its reception where a camera leaves that at zero
    message: Any

    @property
    def receive_ns(self) -> int:
        """When the recorder got it, since the epoch."""
        return self.raw.receive_ns

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
