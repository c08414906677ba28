"""The images that a selection goes through: of a bag's topic, or of a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import ImageError
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.extraction.frames import ImageFile, Still, read_frames
from segnet_model.datasets.extraction.settings import GAP
from segnet_model.datasets.extraction.source import FileSource, Source, bag_id
from segnet_model.datasets.extraction.splits import Neighbours, all_to, by_time, usual_gap
from segnet_model.datasets.extraction.store import ImageStore
from segnet_model.datasets.extraction.thinning import Thinning
from segnet_model.datasets.sources import image_files

VAL_SHARE = 0.2  # of the source, at its end: to measure on
Key = tuple[str, int, int]  # topic, stamp and reception, by which an image is found again


@dataclass(frozen=True, eq=False)
class Seen:
    """An image that has come by."""

    source: Source
    frame: Still
    image: np.ndarray  # (H, W, 3) uint8 RGB, maybe read-only
    time: float  # seconds, of its stamp; its place among the files of a folder
    share: float  # of the stream that lies behind it, 0 to 1

    @property
    def key(self) -> Key:
        """By which it is found again."""
        return self.source.topic, self.frame.stamp_ns, self.frame.receive_ns


SplitRule = Callable[[Seen], str | None]  # None: too near to the other split


class Stream(Protocol):
    """Images that can be gone through more than once."""

    def rule(self, store: ImageStore, with_val: bool) -> SplitRule:
        """Which images are to learn from, and which to measure on."""

    def candidates(self, every_ns: int) -> Iterator[Seen]:
        """Images that lie so far apart; of a folder all."""

    def find(self, wanted: Callable[[Key], bool]) -> Iterator[Seen]:
        """Images that are wanted; no others are decoded."""


class _BagStream:
    """A topic of an open bag."""

    def __init__(self, bag: BagReader, topic: str | None) -> None:
        self._bag = bag
        self._source = Source(bag.path, bag.choose_image_topic(topic), named=False)

    def rule(self, store: ImageStore, with_val: bool) -> SplitRule:
        start, end, apart = self._bag.start_ns, self._bag.end_ns, round(GAP * NANOSECONDS)
        gap = usual_gap(start, end, VAL_SHARE, apart)
        whole = by_time(start, end, VAL_SHARE, gap) if with_val else all_to("train")
        times = store.times(bag_id(self._bag.path), range(start, end + 1))
        rule = Neighbours(times, apart).keep_apart(whole)
        return lambda seen: rule(seen.frame.receive_ns)

    def candidates(self, every_ns: int) -> Iterator[Seen]:
        thinning = Thinning(every_ns, unlike=0)
        for seen in self.find(lambda key: not thinning.is_early(key[1])):
            thinning.take(seen.frame.stamp_ns, None)
            yield seen

    def find(self, wanted: Callable[[Key], bool]) -> Iterator[Seen]:
        bag, source = self._bag, self._source
        span = max(1, bag.end_ns - bag.start_ns)
        for frame in read_frames(bag, source.topic):
            if not wanted((source.topic, frame.stamp_ns, frame.receive_ns)):
                continue
            try:
                image = frame.image()
            except ImageError as error:
                bag.pass_over(frame.raw, error)
                continue
            share = min(1.0, (frame.receive_ns - bag.start_ns) / span)
            yield Seen(source, frame, image, frame.stamp_ns / NANOSECONDS, share)


class _FileStream:
    """The images of a folder, in the order of their names."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files

    def rule(self, _store: ImageStore, with_val: bool) -> SplitRule:
        return lambda seen: "val" if with_val and seen.share > 1 - VAL_SHARE else "train"

    def candidates(self, _every_ns: int) -> Iterator[Seen]:
        return self.find(lambda _: True)

    def find(self, wanted: Callable[[Key], bool]) -> Iterator[Seen]:
        for index, path in enumerate(self._files):
            if wanted((path.name, 0, 0)):
                file, share = ImageFile(path), (index + 1) / len(self._files)
                yield Seen(FileSource(path), file, file.image(), float(index), share)


@contextmanager
def open_stream(source: Path, topic: str | None) -> Iterator[Stream]:
    """Open a bag, or a folder of images.

    Raises:
        DatasetError: there is nothing of this name.
        BagError: the bag is damaged or has no such topic.
    """
    if files := image_files(source):
        yield _FileStream(files)
        return
    with BagReader(source) as bag:
        yield _BagStream(bag, topic)
