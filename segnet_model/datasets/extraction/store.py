"""The data set that recordings are taken into: what is there, and what each new file is called."""

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
from segnet_model.datasets.extraction.manifest import Origin, read_manifest, write_manifest
from segnet_model.datasets.extraction.png_pool import PngPool
from segnet_model.datasets.extraction.splits import SPLITS
from segnet_model.datasets.folder import label_path
from segnet_model.datasets.sources import Frame, Source
from segnet_model.images.files import list_images, read_image, write_png

SAVE_EVERY = 10.0  # seconds between two states of the manifest
ROUNDING = 3  # by which decoders of JPEG differ


class ImageStore:
    """A data set in CamVid's form with a manifest; a context manager that leaves that true.

    Attributes:
        folder: the data set.
        origins: of its images, and of such that were removed, by the names of their files.
        written: new images in each split.
    """

    def __init__(self, folder: Path) -> None:
        """Look what is there; entering the context makes the folders that are missing.

        Raises:
            DatasetError: the folder cannot be one, or its manifest is damaged.
        """
        _check_folder(folder)
        self.folder = folder
        self.written = dict.fromkeys(SPLITS, 0)
        self._coming: set[str] = set()  # names of images that are not whole yet
        self._places = {
            path.name: split
            for split in reversed(SPLITS)
            if (folder / split).is_dir()
            for path in list_images(folder / split)
        }
        self._stems = {Path(name).stem for name in self._places}
        self.origins = {each.name: self._moved(each) for each in read_manifest(folder)}
        self._by_stamp: dict[tuple[str, int], list[str]] = defaultdict(list)
        for each in self.origins.values():
            self._by_stamp[each.topic, each.stamp_ns].append(each.name)
        self._unlisted: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._places.keys() - self.origins.keys()):
            stem = Path(name).stem
            for start in {stem, stem.split("_")[0]}:
                self._unlisted[start].append(name)
        self._pool = PngPool()
        self._saved = time.monotonic()

    def __enter__(self) -> ImageStore:
        """Make the folders that are missing; DatasetError where that fails."""
        self._make_folders()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the last images and save the manifest, whatever happened."""
        try:
            self._pool.__exit__(kind, error, trace)
        finally:
            try:
                self._save()
            except DatasetError:  # on a full disk it is the consequence, not the cause
                if kind is None:
                    raise

    def times(self, source: Source, span: range) -> Iterator[tuple[int, str]]:
        """When the images of an open source were received, and their splits.

        Also of those that somebody removed, which come back to their split, and of what was
        received in a span of time: of another camera, or of the bag by another path.
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
                yield from ((int(stamp), self._places[name]) for name in names)

    def holds_split(self, split: str) -> bool:
        """Whether a split has an image."""
        return split in self._places.values()

    def find(self, frame: Frame) -> Origin | None:
        """Where this image is, or was before somebody removed it; None where it is new.

        An image with its topic and stamp, but of another bag, or that no manifest lists, is held
        against it: bags are copied and moved, and two of them may have the same stamps.

        Raises:
            ImageError: the frame has to be looked at, and is malformed.
        """
        key = frame.key
        names = self._by_stamp.get((key.topic, key.stamp_ns), [])
        for origin in (self.origins[name] for name in names):
            if (origin.bag, origin.receive_ns) == (key.source, key.receive_ns):
                return origin
        for name in names:
            if self._holds(name, frame):
                return self.origins[name]
        for name in self._unlisted.get(frame.name, []):
            if name not in self.origins and self._holds(name, frame):
                return self._note(_origin(frame, self._places[name], name))
        return None

    def has(self, origin: Origin) -> bool:
        """Whether the image is there, or is being written."""
        return origin.name in self._places or origin.name in self._coming

    def has_labels(self, origin: Origin) -> bool:
        """Whether the image's labels are there."""
        if origin.name in self._coming:
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
        """Have an image written; returns where.

        Args:
            frame: where it comes from.
            image: (H, W, 3) uint8 RGB.
            split: "train" or "val".
            labels: their stamp and (H, W) uint8 ids.
            known: what `find` gave.

        Raises:
            DatasetError: this or an earlier image cannot be written.
        """
        origin = known or _origin(frame, split, self._free_name(frame))
        if labels is not None:
            origin = replace(origin, labels_stamp_ns=labels[0])
        self._coming.add(origin.name)
        self._note(origin)
        self._pool.put(lambda: self._write(origin, image, labels), lambda: self._count(origin))
        return origin

    def add_labels(self, origin: Origin, labels: tuple[int, np.ndarray]) -> None:
        """Write the labels, their stamp and (H, W) uint8 ids, of an image that is there."""
        write_png(self._labels_path(origin), labels[1])
        self._note(replace(origin, labels_stamp_ns=labels[0]))

    def _write(
        self, origin: Origin, image: np.ndarray, labels: tuple[int, np.ndarray] | None
    ) -> None:
        # First, so that an interruption never leaves an image without its labels.
        if labels is not None and not self._labels_path(origin).exists():
            write_png(self._labels_path(origin), labels[1])
        write_png(self.folder / origin.file, image)

    def _count(self, origin: Origin) -> None:
        self._coming.discard(origin.name)
        self._places[origin.name] = origin.split
        self.written[origin.split] += 1
        if time.monotonic() - self._saved > SAVE_EVERY:
            self._save()

    def _save(self) -> None:
        there = [each for each in self.origins.values() if each.name in self._places]
        write_manifest(self.folder, there)
        self._saved = time.monotonic()

    def _note(self, origin: Origin) -> Origin:
        if origin.name not in self.origins:
            self._by_stamp[origin.topic, origin.stamp_ns].append(origin.name)
        self.origins[origin.name] = origin
        return origin

    def _holds(self, name: str, frame: Frame) -> bool:
        """Whether the file of this name shows this frame."""
        if name in self._coming:
            self._pool.drain()
        if name not in self._places:
            return False
        there, image = read_image(self.folder / self._places[name] / name), frame.image()
        return there.shape == image.shape and int(cv2.absdiff(there, image).max()) <= ROUNDING

    def _free_name(self, frame: Frame) -> str:
        names = frame.file_names()
        return next(n for n in names if n not in self.origins and Path(n).stem not in self._stems)

    def _labels_path(self, origin: Origin) -> Path:
        return label_path(self.folder / origin.file)

    def _moved(self, origin: Origin) -> Origin:
        """Somebody may have moved the file to the other split."""
        split = self._places.get(origin.name, origin.split)
        return replace(origin, split=split, file=f"{split}/{origin.name}")

    def _make_folders(self) -> None:
        try:
            for split in SPLITS:
                (self.folder / split).mkdir(parents=True, exist_ok=True)
                (self.folder / f"{split}annot").mkdir(exist_ok=True)
        except OSError as error:
            raise DatasetError(f"cannot make data set {self.folder}: {error}") from None


def _check_folder(folder: Path) -> None:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        raise DatasetError(
            f"cannot make data set {folder}: {there} is no folder; choose another name"
        )


def _origin(frame: Frame, split: str, name: str) -> Origin:
    return Origin(f"{split}/{name}", split, *frame.key)
