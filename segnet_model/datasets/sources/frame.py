"""An image with a name and a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from segnet_model.base.units import NANOSECONDS


class Key(NamedTuple):
    """Origin of a frame, as manifests and selections store it."""

    source: str  # absolute path of the bag, the video, or the folder of the image
    topic: str  # of the bag; the file's name of a video or an image
    stamp_ns: int
    receive_ns: int  # both are 0 for an image file


@dataclass(frozen=True, eq=False)
class Frame:
    """An image with a name and a time, decoded on demand.

    Attributes:
        key: origin, equal for the same frame in every pass over its source.
        name: stem of its files' names: the stamp, or the name of the image or video.
        stamp_ns: stamp of the header, or the time of reception where a camera leaves that at zero;
            time since a video's start; in a folder, one second for each image.
        receive_ns: time at which the recorder received it; outside a bag the stamp.
        decode: returns the pixels, (H, W, 3) uint8 RGB.
        suffixes: suffixes that make the name unique in a data set; see `file_names`.
        timed: whether the stamp is a time; it is not in a folder.
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
        """The stamp, for a network with memory; None where there is no time."""
        return self.stamp_ns / NANOSECONDS if self.timed else None

    def image(self) -> np.ndarray:
        """The pixels, decoded at each call: (H, W, 3) uint8 RGB, may be read-only.

        Raises:
            ImageError: it is malformed.
            DatasetError: an image file cannot be read.
        """
        return self.decode()

    def file_names(self) -> Iterator[str]:
        """Names for the frame in a data set, in order of preference; endless."""
        yield from (f"{self.name}{suffix}.png" for suffix in self.suffixes)
        yield from (f"{self.name}{self.suffixes[-1]}_{number}.png" for number in count(2))


def escape(name: str, safe: str = "") -> str:
    """Percent-encode all characters of a name that could not be in a file's name."""
    return quote(name, safe=safe, errors="surrogateescape")
