"""One topic of a recording taken into a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.extraction.frames import Frame, read_frames
from segnet_model.datasets.extraction.manifest import Origin
from segnet_model.datasets.extraction.pairing import paired
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.extraction.source import Source
from segnet_model.datasets.extraction.splits import Rule
from segnet_model.datasets.extraction.store import ImageStore
from segnet_model.datasets.extraction.thinning import Thinning


class TopicExtraction:
    """Goes through the images of a topic once.

    Attributes:
        bag: the recording.
        left_out: how many images are not new, or were left out, by the names of `Extracted`.
    """

    def __init__(
        self,
        bag: BagReader,
        topic: str,
        labels_topic: str | None,
        store: ImageStore,
        rule: Rule,
        settings: ExtractSettings,
    ) -> None:
        """Get ready.

        Args:
            bag: an open recording.
            topic: of its images.
            labels_topic: of their labels; None where they have none.
            store: where the images go.
            rule: which split is whose.
            settings: which images to take.
        """
        self.left_out: Counter[str] = Counter()
        self.bag = bag
        self._topic = topic
        self._labels_topic = labels_topic
        self._store = store
        self._rule = rule
        self._tolerance_ns = settings.tolerance_ns
        self._source = Source(bag.path, topic, len(settings.topics) > 1)
        self._thinning = Thinning(settings.every_ns, settings.unlike)

    def run(self) -> Iterator[float]:
        """Take images; yields the share of the topic, 0 to 1, that is done with.

        Raises:
            BagError: the bag is damaged; what came before is taken.
            DatasetError: a file cannot be written, or labels do not fit their image.
        """
        bag = self.bag
        span = max(1, bag.end_ns - bag.start_ns)
        for frame, labels in self._pairs():
            if self._labels_topic and labels is None:
                self.left_out["unlabelled"] += 1
            elif not self._thinning.is_early(frame.stamp_ns):
                try:
                    self._take(frame, labels)
                except ImageError as error:
                    bag.pass_over(frame.raw, error)
            # A bag that grows has messages after what it called its end.
            yield min(1.0, max(0.0, (frame.raw.receive_ns - bag.start_ns) / span))

    def bag_size(self) -> int:
        """Bytes of the bag's files at this moment."""
        path = self.bag.path
        files = path.glob("*") if path.is_dir() else [path]  # OUT may lie below it
        size = 0
        for file in files:
            with suppress(OSError):  # a recorder's temporary files come and go
                size += file.stat().st_size
        return size

    def _pairs(self) -> Iterator[tuple[Frame, Frame | None]]:
        frames = read_frames(self.bag, self._topic)
        if self._labels_topic is None:
            yield from ((frame, None) for frame in frames)
            return
        # Of its own, because an MCAP file without an index can be read at one place only.
        with BagReader(self.bag.path, cut_ok=True) as bag:
            try:
                yield from paired(frames, read_frames(bag, self._labels_topic), self._tolerance_ns)
            finally:
                self.bag.skipped += bag.skipped

    def _take(self, frame: Frame, labels: Frame | None) -> None:
        known = self._store.find(self._source, frame)
        if known and self._store.has(known):
            self.left_out["kept"] += 1
            if labels and not self._store.has_labels(known):
                self._store.add_labels(known, _ids(labels, frame.image()))
            # Decoding what is there already would make resuming slow.
            self._thinning.take(frame.stamp_ns, frame.image() if self._thinning.looks else None)
        else:
            self._add(frame, labels, known)

    def _add(self, frame: Frame, labels: Frame | None, removed: Origin | None) -> None:
        # What was in one split before somebody removed it must not come to the other one.
        split = removed.split if removed else self._rule(frame.raw.receive_ns)
        if split is None:
            self.left_out["between"] += 1
            return
        image = frame.image()
        if self._thinning.is_alike(image):
            self.left_out["alike"] += 1
            return
        ids = _ids(labels, image) if labels else None
        self._store.add(self._source, frame, image, split, ids, removed)
        self._thinning.take(frame.stamp_ns, image)


def _ids(labels: Frame, image: np.ndarray) -> tuple[int, np.ndarray]:
    """The labels' stamp and (H, W) uint8 ids, which have to be of the image's size."""
    ids = labels.ids()
    if image.shape[:2] != ids.shape:
        raise DatasetError(
            f"labels {ids.shape} of stamp {labels.stamp_ns} and their image {image.shape[:2]} "
            "differ in size; record labels at the image's size"
        )
    return labels.stamp_ns, ids
