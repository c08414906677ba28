"""Data sets: folders of images with their labels, in one of the forms of `layout`.

DATASET/labels.yaml is the label set; without it, that of the form.
"""

from __future__ import annotations

import hashlib
import logging
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml

from segnet_model.bags.kinds import is_bag_folder
from segnet_model.base import undo
from segnet_model.base.errors import DatasetError
from segnet_model.datasets.layout import USUAL_SPLITS, Layout, check_whole, layout_of
from segnet_model.images.files import ODD, new_file, read_image, read_labels
from segnet_model.images.orientation import describe, read_orientation
from segnet_model.labels import LabelMap, LabelSet

logger = logging.getLogger(__name__)
LABELS_FILE = "labels.yaml"


@dataclass(frozen=True)
class Sample:
    """An image file and its label file."""

    image: Path
    labels: Path
    name: str  # of the image, with the folders below its split


@dataclass(frozen=True)
class LabeledFolder:
    """One split of a data set."""

    samples: tuple[Sample, ...]
    label_set: LabelSet  # of the labels as they are read
    label_map: LabelMap | None = None  # from the label set of the files; None where it is the same

    def __len__(self) -> int:
        """Number of labeled images."""
        return len(self.samples)

    def fingerprint(self) -> str:
        """Digest of image names and sizes, labels and classes."""
        # Without unset costs, so that trainings go on that began before classes had any.
        digest = hashlib.sha256(repr(self.label_set).replace(", cost=None", "").encode())
        if self.label_map:
            digest.update(self.label_map.lookup.tobytes())
        for sample in self.samples:
            digest.update(f"{sample.name} {sample.image.stat().st_size} ".encode(errors=ODD))
            digest.update(sample.labels.read_bytes())
        return digest.hexdigest()

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read a pair: image (H, W, 3) uint8 RGB and labels (H, W) uint8 ids.

        Raises:
            DatasetError: a file is damaged, the sizes differ, or an id is unknown.
        """
        sample = self.samples[index]
        image, labels = read_image(sample.image), self.read_labels(index)
        if image.shape[:2] != labels.shape:
            raise DatasetError(
                f"{sample.labels} is {labels.shape[1]}x{labels.shape[0]} but its image is "
                f"{image.shape[1]}x{image.shape[0]}; export the labels at the image's size"
                + describe(read_orientation(sample.image.read_bytes()))
            )
        return image, labels

    def read_labels(self, index: int) -> np.ndarray:
        """Read labels (H, W) uint8 ids alone; DatasetError where they are damaged or unknown."""
        path = self.samples[index].labels
        if self.label_map is None:
            return read_labels(path, self.label_set)
        return self.label_map.map(read_labels(path, self.label_map.source))

    @property
    def measurable(self) -> np.ndarray:
        """Whether the labels can have each class: (classes,) bool; see `mapped_to`."""
        every = np.ones(self.label_set.num_classes, bool)
        return every if self.label_map is None else self.label_map.reached

    def mapped_to(
        self, target: LabelSet, renamed: Mapping[str, str] | None = None
    ) -> LabeledFolder:
        """The same images with their labels mapped to another label set; see `LabelMap.between`.

        A folder of the same classes stays as it is, unless some are renamed.

        Raises:
            SettingsError: a class has no meaning in the other label set.
        """
        if self.label_set.names == target.names and not renamed:
            return self
        return replace(
            self, label_set=target, label_map=LabelMap.between(self.label_set, target, renamed)
        )


def load_label_set(dataset: Path, named: str | None = None) -> LabelSet:
    """Load the named label set, else the data set's own, else that of its form."""
    if named:
        return LabelSet.load(named)
    if own := own_label_set(dataset):
        return own
    _check_no_recording(dataset)
    if not dataset.is_dir():
        raise DatasetError(f"no folder {dataset}; a data set has train/ and trainannot/")
    check_whole(dataset)
    usual = layout_of(dataset).label_set
    logger.info("%s has no %s: its labels are taken for those of %s", dataset, LABELS_FILE, usual)
    return LabelSet.load(usual)


def own_label_set(dataset: Path) -> LabelSet | None:
    """The data set's own label set; None without `LABELS_FILE`."""
    path = dataset / LABELS_FILE
    if path.is_file():
        return LabelSet.load(path)
    others = dataset.iterdir() if dataset.is_dir() else ()
    for other in others:
        if other.name.lower() in (LABELS_FILE, "labels.yml", "label.yaml"):
            raise DatasetError(f"{other} is not read; call it {LABELS_FILE}")
    return None


def label_set_of_labels(dataset: Path) -> LabelSet | None:
    """The label set of the data set's labels; None where it has none yet."""
    if own := own_label_set(dataset):
        return own
    layout = layout_of(dataset)
    labeled = any(layout.label_files(split) for split in USUAL_SPLITS)
    return LabelSet.load(layout.label_set) if labeled else None


def check_label_set(dataset: Path, labels: LabelSet) -> None:
    """Raise DatasetError if the data set has labels of another label set."""
    own = label_set_of_labels(dataset)
    if own is not None and (own.names, own.ignore_id) != (labels.names, labels.ignore_id):
        differs = f", not {labels.name!r}" if own.name != labels.name else " with other classes"
        raise DatasetError(
            f"{dataset} has labels of label set {own.name!r}{differs}; give another folder, or "
            f"its classes: {', '.join(own.names)}. While nothing is labeled, {LABELS_FILE} may be "
            "changed"
        )


def write_label_set(dataset: Path, labels: LabelSet) -> None:
    """Write the data set's label set, unless it has this one.

    Raises:
        DatasetError: the data set has labels of another one, or the file cannot be written.
    """
    check_label_set(dataset, labels)
    if label_set_of_labels(dataset) is None:
        text = yaml.safe_dump(labels.to_dict(), sort_keys=False, default_flow_style=None)
        undo.provisional(dataset / LABELS_FILE)
        with new_file(dataset / LABELS_FILE) as path:
            path.write_text(text, encoding="utf-8")


def has_split(dataset: Path, split: str) -> bool:
    """Whether the data set has images in this split."""
    return bool(split_images(dataset, split))


def split_images(dataset: Path, split: str) -> list[Path]:
    """Image files of a split, sorted by path; none where there is no such split."""
    return layout_of(dataset).images(split)


def open_split(dataset: Path, split: str, label_set: LabelSet) -> LabeledFolder:
    """Pair the images and labels of a split by their names.

    Args:
        dataset: the folder that holds the splits.
        split: "train", "val" or another folder that has its labels in `<split>annot`.
        label_set: the meaning of the ids.

    Raises:
        DatasetError: there is no such split, it is empty, or an image has no labels.

    Example:
        >>> from segnet_model.datasets.drives import write_dataset
        >>> write_dataset("drives", seeds=[1], frames=1, val=0.0, workers=1)
        (1, 0)
        >>> images = open_split(Path("drives"), "train", LabelSet.load("camvid"))
        >>> [array.shape for array in images.read(0)]
        [(360, 480, 3), (360, 480)]
    """
    _check_no_recording(dataset)
    layout = layout_of(dataset)
    _check_folders(layout, split)
    found = layout.images(split)
    if not found:
        raise DatasetError(f"{dataset / split} holds no images; expected PNG or JPEG files")
    twice = [name for name, count in Counter(map(layout.name, found)).items() if count > 1]
    if twice:
        raise DatasetError(
            f"{layout.folders(split)[0]} holds {twice[0]} twice, with other endings; remove one"
        )
    samples = tuple(
        Sample(image, layout.label_path(image), layout.name(image) + image.suffix)
        for image in found
    )
    _check_labels(samples, dataset)
    return LabeledFolder(samples, label_set)


def spread(count: int, total: int) -> list[int]:
    """Indices, evenly spaced over 0 to total - 1; at most count of them, and none of no total."""
    chosen: list[int] = np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist()
    return chosen


def make_folders(dataset: Path) -> None:
    """Create the folders of train and val, and of their labels; DatasetError if that fails."""
    try:
        for split in ("train", "trainannot", "val", "valannot"):
            undo.make_folders(dataset / split, dataset)
    except OSError as error:
        raise DatasetError(f"cannot make data set {dataset}: {error}") from None


def _check_no_recording(dataset: Path) -> None:
    """Raise DatasetError for a bag or a file in place of a data set."""
    bag = is_bag_folder(dataset) and not any((dataset / each).is_dir() for each in USUAL_SPLITS)
    if bag or dataset.is_file():
        raise DatasetError(
            f"{dataset} is {'a recording' if bag else 'a file'}, and no data set with train/ and "
            "trainannot/; of a recording or video, segnet extract makes one: "
            f"segnet extract {shlex.quote(str(dataset))} --out yard"
        )


def _check_folders(layout: Layout, split: str) -> None:
    """Raise DatasetError unless the split has its folders."""
    for folder in layout.folders(split):
        if not folder.is_dir():
            raise DatasetError(
                f"no folder {folder}; a data set has {split}/ and {split}annot/"
                + layout.other_places()
            )


def _check_labels(samples: tuple[Sample, ...], dataset: Path) -> None:
    """Raise DatasetError unless all images have labels."""
    bare = [sample for sample in samples if not sample.labels.is_file()]
    if bare:
        more = len(bare) - 1
        like = f", like {more} other{'s' if more > 1 else ''}" if more else ""
        raise DatasetError(
            f"{bare[0].image} has no labels{like}; label it as {bare[0].labels} or move it "
            f"away; `segnet check {dataset}` names all that is wrong"
        )
