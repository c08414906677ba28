"""One source of a data set: a topic of a bag, a folder of images, or a video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.extraction.manifest import Origin
from segnet_model.datasets.extraction.pairing import paired
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.extraction.splits import Rule
from segnet_model.datasets.extraction.store import ImageStore
from segnet_model.datasets.sources import BagFrame, BagSource, Frame, FrameFilter, Source


class SourceExtraction:
    """Goes through the images of a source once.

    Attributes:
        source: where they come from.
        left_out: how many images are not new, or were left out, by the names of `Extracted`.
    """

    def __init__(
        self,
        source: Source,
        labels_topic: str | None,
        store: ImageStore,
        rule: Rule,
        settings: ExtractSettings,
    ) -> None:
        """Get ready.

        Args:
            source: an open one.
            labels_topic: of the labels in a bag; None where they have none.
            store: where the images go.
            rule: which split is whose.
            settings: which images to take.
        """
        self.left_out: Counter[str] = Counter()
        self.source = source
        self._labels_topic = labels_topic
        self._store = store
        self._rule = rule
        self._tolerance_ns = settings.tolerance_ns
        self._filter = FrameFilter(settings.every_ns, settings.unlike)

    def run(self) -> Iterator[float]:
        """Take images; yields the share of the source, 0 to 1, that is done with.

        Raises:
            BagError: the bag is damaged; what came before is taken.
            VideoError: the video holds nothing that can be decoded.
            DatasetError: a file cannot be read or written, or labels do not fit their image.
        """
        for frame, labels in self._pairs():
            if self._labels_topic and labels is None:
                self.left_out["unlabelled"] += 1
            elif not self._filter.is_early(frame.stamp_ns):
                try:
                    self._take(frame, labels)
                except ImageError as error:
                    self.source.reject(error)
            yield self.source.share(frame)

    def _pairs(self) -> Iterator[tuple[Frame, BagFrame | None]]:
        if self._labels_topic is None:
            yield from ((frame, None) for frame in self.source.frames())
            return
        assert isinstance(self.source, BagSource)
        images, name = self.source.frames_of(self.source.topic), self._labels_topic
        # Of its own, because an MCAP file without an index can be read at one place only.
        with self.source.reopen() as bag:
            yield from paired(images, bag.labels_of(name), self._tolerance_ns)

    def _take(self, frame: Frame, labels: BagFrame | None) -> None:
        known = self._store.find(frame)
        if known and self._store.has(known):
            self.left_out["kept"] += 1
            if labels and not self._store.has_labels(known):
                self._store.add_labels(known, _ids(labels, frame.image()))
            # Decoding what is there already would make resuming slow.
            self._filter.accept(
                frame.stamp_ns, frame.image() if self._filter.compares_images else None
            )
        else:
            self._add(frame, labels, known)

    def _add(self, frame: Frame, labels: BagFrame | None, removed: Origin | None) -> None:
        # What was in one split before somebody removed it must not come to the other one.
        split = removed.split if removed else self._rule(frame.receive_ns)
        if split is None:
            self.left_out["between"] += 1
            return
        image = frame.image()
        if self._filter.is_similar(image):
            self.left_out["alike"] += 1
            return
        ids = _ids(labels, image) if labels else None
        self._store.add(frame, image, split, ids, removed)
        self._filter.accept(frame.stamp_ns, image)


def _ids(labels: BagFrame, image: np.ndarray) -> tuple[int, np.ndarray]:
    """The labels' stamp and (H, W) uint8 ids, which have to be of the image's size."""
    ids = labels.ids()
    if image.shape[:2] != ids.shape:
        raise DatasetError(
            f"labels {ids.shape} of stamp {labels.stamp_ns} and their image {image.shape[:2]} "
            "differ in size; record labels at the image's size"
        )
    return labels.stamp_ns, ids
