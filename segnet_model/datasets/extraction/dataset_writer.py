"""Writer of extracted images to a data set that may have images already."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.extraction.manifest import (
    MANIFEST_FILE,
    Origin,
    read_manifest,
    write_manifest,
)
from segnet_model.datasets.extraction.png_pool import PngPool
from segnet_model.datasets.extraction.splits import SPLITS
from segnet_model.datasets.folder import make_folders
from segnet_model.datasets.layout import CamVidLayout
from segnet_model.datasets.sources import Frame, Source
from segnet_model.images.files import list_images, read_image, write_png

SAVE_EVERY_S = 10.0  # between two saves of the manifest
JPEG_TOLERANCE = 3  # by which JPEG decoders differ


class DatasetWriter:
    """A data set in CamVid's form with a manifest; a context manager that saves the manifest.

    Attributes:
        folder: the data set.
        origins: origins of its images, and of removed ones, by the file's name.
        written: number of new images in each split.
    """

    def __init__(self, folder: Path) -> None:
        """List the existing images; entering the context creates missing folders.

        Raises:
            DatasetError: the folder cannot be one, or its manifest is damaged.
        """
        check_folder(folder)
        self.folder = folder
        self.written = dict.fromkeys(SPLITS, 0)
        self._pending: set[str] = set()  # names of images that are being written
        self._splits = {
            path.name: split
            for split in reversed(SPLITS)
            if (folder / split).is_dir()
            for path in list_images(folder / split)
        }
        self._stems = {Path(name).stem for name in self._splits}
        self.origins = {each.name: self._with_split(each) for each in read_manifest(folder)}
        self._by_stamp: dict[tuple[str, int], list[str]] = defaultdict(list)
        for each in self.origins.values():
            self._by_stamp[each.topic, each.stamp_ns].append(each.name)
        self._unlisted: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._splits.keys() - self.origins.keys()):
            stem = Path(name).stem
            for start in {stem, stem.split("_")[0]}:
                self._unlisted[start].append(name)
        self._pool = PngPool()
        self._saved = time.monotonic()

    def __enter__(self) -> DatasetWriter:
        """Create missing folders; DatasetError where that fails."""
        make_folders(self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the last images and save the manifest, also after an error."""
        try:
            self._pool.__exit__(kind, error, trace)
        finally:
            try:
                self._save()
            except DatasetError:  # on a full disk, the first error has the cause
                if kind is None:
                    raise

    def image_times(self, source: Source, span: range) -> Iterator[tuple[int, str]]:
        """Times and splits of an open source's images in the data set.

        Includes removed images, which come back to their split, and all images that were received
        in a span of time: of another camera, or of the same bag under another path.
        """
        for each in self.origins.values():
            if each.bag == source.id:
                time = source.receive_ns_of((each.topic, each.stamp_ns, each.receive_ns))
            else:
                time = each.receive_ns if each.receive_ns in span else None
            if time is not None:
                yield time, each.split
        for stamp, names in self._unlisted.items():
            if stamp.isdecimal() and int(stamp) in span:
                yield from ((int(stamp), self._splits[name]) for name in names)

    def has_images(self, split: str) -> bool:
        """Whether a split has images."""
        return split in self._splits.values()

    def find(self, frame: Frame) -> Origin | None:
        """Find the image of a frame, also a removed one; None where it is new.

        Bags are copied and moved, and two bags may have the same stamps. So an image with the same
        topic and stamp of another bag, or without an origin, is compared by its pixels.

        Raises:
            ImageError: the frame has to be decoded, and is malformed.
        """
        key = frame.key
        names = self._by_stamp.get((key.topic, key.stamp_ns), [])
        for origin in (self.origins[name] for name in names):
            if (origin.bag, origin.receive_ns) == (key.source, key.receive_ns):
                return origin
        for name in names:
            if self._shows(name, frame):
                return self.origins[name]
        for name in self._unlisted.get(frame.name, []):
            if name not in self.origins and self._shows(name, frame):
                return self._set_origin(_origin(frame, self._splits[name], name))
        return None

    def contains(self, origin: Origin) -> bool:
        """Whether the image exists, or is being written."""
        return origin.name in self._splits or origin.name in self._pending

    def has_labels(self, origin: Origin) -> bool:
        """Whether the image's labels exist."""
        if origin.name in self._pending:
            self._pool.drain()
        return self._labels_path(origin).exists()

    def add(
        self,
        frame: Frame,
        image: np.ndarray,
        split: str,
        labels: tuple[int, np.ndarray] | None = None,
        known: Origin | None = None,
    ) -> Origin:
        """Write an image in a thread; returns its origin.

        Args:
            frame: frame of the image.
            image: (H, W, 3) uint8 RGB.
            split: "train" or "val".
            labels: their stamp and (H, W) uint8 ids.
            known: result of `find`.

        Raises:
            DatasetError: this or an earlier image cannot be written.
        """
        origin = known or _origin(frame, split, self._free_name(frame))
        if labels is not None:
            origin = replace(origin, labels_stamp_ns=labels[0])
        self._pending.add(origin.name)
        self._set_origin(origin)
        self._pool.put(lambda: self._write(origin, image, labels), lambda: self._count(origin))
        return origin

    def add_labels(self, origin: Origin, labels: tuple[int, np.ndarray]) -> None:
        """Write labels, their stamp and (H, W) uint8 ids, of an existing image."""
        write_png(self._labels_path(origin), labels[1])
        self._set_origin(replace(origin, labels_stamp_ns=labels[0]))

    def _write(
        self, origin: Origin, image: np.ndarray, labels: tuple[int, np.ndarray] | None
    ) -> None:
        # Labels first, so that an interruption leaves no image without labels.
        if labels is not None and not self._labels_path(origin).exists():
            write_png(self._labels_path(origin), labels[1])
        write_png(self.folder / origin.file, image)

    def _count(self, origin: Origin) -> None:
        self._pending.discard(origin.name)
        self._splits[origin.name] = origin.split
        self.written[origin.split] += 1
        if time.monotonic() - self._saved > SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        existing = [each for each in self.origins.values() if each.name in self._splits]
        if existing or (self.folder / MANIFEST_FILE).exists():
            write_manifest(self.folder, existing)
        self._saved = time.monotonic()

    def _set_origin(self, origin: Origin) -> Origin:
        if origin.name not in self.origins:
            self._by_stamp[origin.topic, origin.stamp_ns].append(origin.name)
        self.origins[origin.name] = origin
        return origin

    def _shows(self, name: str, frame: Frame) -> bool:
        """Whether the file of this name has the pixels of this frame."""
        if name in self._pending:
            self._pool.drain()
        if name not in self._splits:
            return False
        known, image = read_image(self.folder / self._splits[name] / name), frame.image()
        return known.shape == image.shape and int(cv2.absdiff(known, image).max()) <= JPEG_TOLERANCE

    def _free_name(self, frame: Frame) -> str:
        names = frame.file_names()
        return next(n for n in names if n not in self.origins and Path(n).stem not in self._stems)

    def _labels_path(self, origin: Origin) -> Path:
        return CamVidLayout(self.folder).label_path(self.folder / origin.file)

    def _with_split(self, origin: Origin) -> Origin:
        """Correct the split of a file that was moved."""
        split = self._splits.get(origin.name, origin.split)
        return replace(origin, split=split, file=f"{split}/{origin.name}")


def check_folder(folder: Path) -> None:
    """Raise DatasetError where a data set cannot be made, as in a file."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        raise DatasetError(
            f"cannot make data set {folder}: {existing} is no folder; choose another name"
        )


def _origin(frame: Frame, split: str, name: str) -> Origin:
    return Origin(f"{split}/{name}", split, *frame.key)
