"""An image with a name and a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np

from segnet_model.base.units import NANOSECONDS


class Key(NamedTuple):
    """Where a frame comes from, as manifests and plans on disk say it."""

    source: str  # absolute path of the bag, the video, or the folder of the image
    topic: str  # of the bag; the file's name of a video or an image
    stamp_ns: int
    receive_ns: int  # both are 0 for an image file


@dataclass(frozen=True, eq=False)
class Frame:
    """An image with a name and a time, decoded when it is asked for.

    Attributes:
        key: by which the same frame is found again.
        name: the stem of its files' names: the stamp, or the name of the image or video.
        stamp_ns: of the header, or of the reception where a camera leaves that at zero; since a
            video's begin; in a folder an image counts as a second.
        receive_ns: when the recorder got it; outside a bag the stamp.
        decode: gives the pixels, (H, W, 3) uint8 RGB.
        suffixes: what may follow the name in a data set where another image has it; see
            `file_names`.
        timed: whether the stamp is a time, as it is not in a folder.
    """

    key: Key
    name: str
    stamp_ns: int
    receive_ns: int
    decode: Callable[[], np.ndarray]
    suffixes: tuple[str, ...] = ("",)
    timed: bool = True

    @property
    def seconds(self) -> float | None:
        """The stamp, for a network that remembers; None where there is no time."""
        return self.stamp_ns / NANOSECONDS if self.timed else None

    def image(self) -> np.ndarray:
        """The pixels, decoded anew with each call: (H, W, 3) uint8 RGB, maybe read-only.

        Raises:
            ImageError: it is malformed.
            DatasetError: an image file cannot be read.
        """
        return self.decode()

    def file_names(self) -> Iterator[str]:
        """Names for the frame in a data set, of which the first free one is taken."""
        yield from (f"{self.name}{suffix}.png" for suffix in self.suffixes)
        yield from (f"{self.name}{self.suffixes[-1]}_{number}.png" for number in count(2))
