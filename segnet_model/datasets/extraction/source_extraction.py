"""Extraction of one source: a topic of a bag, a folder of images, or a video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from segnet_model.base.errors import BagError, DatasetError, ImageError
from segnet_model.datasets.extraction.dataset_writer import DatasetWriter
from segnet_model.datasets.extraction.manifest import Origin
from segnet_model.datasets.extraction.pairing import pair_labels
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.extraction.splits import SplitRule
from segnet_model.datasets.sources import BagFrame, BagSource, Frame, FrameFilter, Source

# Makes the labels (H, W) uint8 of a frame and its pixels; None where it has none.
Labeler = Callable[[Frame, np.ndarray], np.ndarray | None]


class SourceExtraction:
    """One pass over the images of a source.

    Attributes:
        source: the open source.
        skipped: numbers of skipped images, by the fields of `Extracted`.
    """

    def __init__(
        self,
        source: Source,
        labels_topic: str | None,
        dataset: DatasetWriter,
        rule: SplitRule,
        settings: ExtractSettings,
        labeler: Labeler | None = None,
    ) -> None:
        """Prepare the pass.

        Args:
            source: an open source.
            labels_topic: topic of labels in a bag; None without labels.
            dataset: the destination.
            rule: split of each time.
            settings: which images to extract.
            labeler: makes the labels, where the source has none.
        """
        self.skipped: Counter[str] = Counter()
        self.source = source
        self._usable = 0
        self._labels_topic = labels_topic
        self._labeler = labeler
        self._dataset = dataset
        self._rule = rule
        self._tolerance_ns = settings.tolerance_ns
        self._filter = FrameFilter(settings.every_ns, settings.unlike)

    def run(self) -> Iterator[float]:
        """Extract the images; yields the share of the source, 0 to 1, that is done.

        Raises:
            BagError: the bag is damaged; what came before is extracted. Or no image can be used,
                or has labels.
            VideoError: the video holds nothing that can be decoded.
            DatasetError: a file cannot be read or written, or labels do not fit their image.
        """
        for frame, labels in self._pairs():
            if self._labels_topic and labels is None:
                self.skipped["unlabeled"] += 1
            elif not self._filter.is_early(frame.stamp_ns):
                try:
                    self._extract(frame, labels)
                except ImageError as error:
                    self.source.reject(error)
            yield self.source.share(frame)
        self.source.check_used(self._usable)
        if self.skipped["unlabeled"] and not self._usable:
            raise BagError(
                f"none of {self.skipped['unlabeled']} images on {self.source.topic} in "
                f"{self.source.path} has labels on {self._labels_topic}; labels need their image's "
                "stamp: name another labels topic, or give a larger --tolerance to segnet extract"
            )

    def _pairs(self) -> Iterator[tuple[Frame, BagFrame | None]]:
        if self._labels_topic is None:
            yield from ((frame, None) for frame in self.source.frames())
            return
        assert isinstance(self.source, BagSource)
        images, name = self.source.frames_of(self.source.topic), self._labels_topic
        yield from pair_labels(images, self.source.labels_of(name), self._tolerance_ns)

    def _extract(self, frame: Frame, labels: BagFrame | None) -> None:
        known = self._dataset.find(frame)
        if known and self._dataset.contains(known):
            self.skipped["kept"] += 1
            self._usable += 1
            if not self._dataset.has_labels(known):
                self._add_labels(known, frame, labels)
            # Decoded only if needed, as that would make resuming slow.
            self._filter.accept(
                frame.stamp_ns, frame.image() if self._filter.compares_images else None
            )
        else:
            self._add(frame, labels, known)

    def _add(self, frame: Frame, labels: BagFrame | None, removed: Origin | None) -> None:
        # A removed image comes back to its split only.
        split = removed.split if removed else self._rule(frame.receive_ns)
        if split is None:
            self.skipped["between"] += 1
            return
        image = frame.image()
        alike = self._filter.is_similar(image)
        ids = None if alike else self._labels_of(frame, image, labels)
        self._usable += 1  # its labels, too
        if alike:
            self.skipped["alike"] += 1
            return
        if self._labeler and ids is None:
            self.skipped["unlabeled"] += 1
            return
        self._dataset.add(frame, image, split, ids, removed)
        self._filter.accept(frame.stamp_ns, image)

    def _add_labels(self, known: Origin, frame: Frame, labels: BagFrame | None) -> None:
        if labels is None and self._labeler is None:
            return
        if ids := self._labels_of(frame, frame.image(), labels):
            self._dataset.add_labels(known, ids)

    def _labels_of(
        self, frame: Frame, image: np.ndarray, labels: BagFrame | None
    ) -> tuple[int, np.ndarray] | None:
        """Stamp and (H, W) uint8 ids of an image's labels, recorded or made; None without."""
        if labels:
            return _ids(labels, image)
        made = self._labeler(frame, image) if self._labeler else None
        return None if made is None else (frame.stamp_ns, made)


def _ids(labels: BagFrame, image: np.ndarray) -> tuple[int, np.ndarray]:
    """Decode labels to their stamp and (H, W) uint8 ids; DatasetError if the sizes differ."""
    ids = labels.ids()
    if image.shape[:2] != ids.shape:
        raise DatasetError(
            f"labels {ids.shape} of stamp {labels.stamp_ns} and their image {image.shape[:2]} "
            "differ in size; record labels at the image's size"
        )
    return labels.stamp_ns, ids
