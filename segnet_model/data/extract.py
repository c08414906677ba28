"""From a recording to a folder that people can label, and from a folder to a recording."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from segnet_model.data.bag_messages import NANOSECONDS
from segnet_model.data.bags import BagImage, BagReader, BagWriter
from segnet_model.data.files import list_images, read_image, read_labels, write_png
from segnet_model.errors import DatasetError, SettingsError
from segnet_model.labels import LabelSet
from segnet_model.progress import ShareDone, untold

SPLITS = ("train", "val")
# Midnight UTC on 1 January 2024: a folder has no times, and 0 means "no stamp" to many programs.
FOLDER_START_NS = 1_704_067_200 * NANOSECONDS
FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Extracted:
    """What came out of a recording."""

    train: int = 0  # new images
    val: int = 0  # new images
    kept: int = 0  # images that were in the data set already, and stayed as they were
    unlabelled: int = 0  # images left out because no label had their stamp
    malformed: int = 0  # messages that were no images


def extract(
    bag: str | Path,
    out: str | Path,
    topic: str | None = None,
    every: float = 0.5,
    labels_topic: str | None = None,
    val: float = 0.2,
    progress: ShareDone = untold,
) -> Extracted:
    """Take images out of a recording into a data set in CamVid's form.

    Images go to OUT/train and, from the last part of the recording, to OUT/val: neighbours in
    time look alike, so a split frame by frame would measure what was learned by heart. Files are
    named by stamp. What is there already stays, so that an interrupted run can be repeated and
    corrected labels are never lost.

    Args:
        bag: rosbag2 folder, .mcap or .db3 file.
        out: the data set; made where it is missing.
        topic: of the images; None takes the bag's only image topic.
        every: seconds between two images; 0 takes all.
        labels_topic: mono8 class ids with the images' stamps, for OUT/trainannot and OUT/valannot;
            without, these stay empty for people to fill.
        val: share of the recording's time at its end that becomes the validation split, 0 to 1.
        progress: told the share of the recording that is done.

    Raises:
        BagError: the bag is damaged, or has no such topic.
        DatasetError: a file cannot be written.
        SettingsError: every or val is out of range.
    """
    if every < 0 or not 0 <= val <= 1:
        raise SettingsError(f"every {every} must be 0 or more seconds, and val {val} from 0 to 1")
    with BagReader(bag) as reader:
        topic = reader.choose_image_topic(topic, besides=labels_topic)
        frames = reader.images(topic, every_ns=round(every * NANOSECONDS))
        pairs = _paired(frames, reader.labels(labels_topic) if labels_topic else None)
        dataset = _Dataset(Path(out))
        span = max(1, reader.end_ns - reader.start_ns)
        for frame, labels in pairs:
            share = (frame.receive_ns - reader.start_ns) / span
            if labels_topic and labels is None:
                dataset.count(unlabelled=1)
            else:
                dataset.add("val" if share >= 1 - val else "train", frame, labels)
            progress(share)
        progress(1.0)
        dataset.count(malformed=reader.skipped)
    return dataset.counts


class _Dataset:
    """The folder that is being filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts = Extracted()
        try:
            for split in SPLITS:
                (folder / split).mkdir(parents=True, exist_ok=True)
                (folder / f"{split}annot").mkdir(exist_ok=True)
        except OSError as error:
            raise DatasetError(f"cannot make data set {folder}: {error}") from None

    def add(self, split: str, frame: BagImage, labels: BagImage | None) -> None:
        name = f"{frame.stamp_ns}.png"
        # With another `val` than last time an image must not come to be in both splits.
        split = next((s for s in SPLITS if (self.folder / s / name).exists()), split)
        if labels is not None:
            _check_sizes(frame, labels)
            # First, so that an interruption never leaves an image without its labels.
            _write_new(self.folder / f"{split}annot" / name, labels.image)
        is_new = _write_new(self.folder / split / name, frame.image)
        self.count(**{split if is_new else "kept": 1})

    def count(self, **more: int) -> None:
        values = {name: getattr(self.counts, name) + number for name, number in more.items()}
        self.counts = replace(self.counts, **values)


def _write_new(path: Path, pixels: np.ndarray) -> bool:
    if path.exists():
        return False
    write_png(path, pixels)
    return True


def _check_sizes(frame: BagImage, labels: BagImage) -> None:
    if frame.image.shape[:2] != labels.image.shape:
        raise DatasetError(
            f"labels {labels.image.shape} and image {frame.image.shape[:2]} of stamp "
            f"{frame.stamp_ns} differ in size; record labels at the image's size"
        )


def _paired(
    frames: Iterator[BagImage], labels: Iterator[BagImage] | None
) -> Iterator[tuple[BagImage, BagImage | None]]:
    """Join two topics, each in the order of its stamps, by equal stamps."""
    label = next(labels, None) if labels else None
    for frame in frames:
        while labels and label is not None and label.stamp_ns < frame.stamp_ns:
            label = next(labels, None)
        same = label is not None and label.stamp_ns == frame.stamp_ns
        yield frame, label if same else None


def folder_to_bag(
    folder: str | Path,
    bag: str | Path,
    topic: str = "/camera/image_raw",
    fps: float = 10.0,
    compressed: bool = False,
    labels_folder: str | Path | None = None,
    labels_topic: str = "/truth/labels",
    label_set: LabelSet | None = None,
    storage: str = "mcap",
    progress: ShareDone = untold,
) -> int:
    """Make a recording of the images in a folder, sorted by name; returns their number.

    Args:
        folder: with PNG or JPEG files.
        bag: the rosbag2 folder to make.
        topic: for the images.
        fps: images a second; the first is stamped `FOLDER_START_NS`.
        compressed: put the files into the bag as they are, as CompressedImage.
        labels_folder: a label image for every image, under the same name as PNG.
        labels_topic: for their ids, as mono8 with the image's stamp.
        label_set: of the label images, CamVid's if None.
        storage: "mcap" or "sqlite3".
        progress: told the share of images that is done.

    Raises:
        DatasetError: the folder holds no images, or a file does not open.
        BagError: the bag exists already or cannot be written.
        SettingsError: fps is not above 0.
    """
    if not fps > 0:
        raise SettingsError(f"fps {fps} must be greater than 0")
    images = _images(Path(folder))
    label_set = label_set or LabelSet.load("camvid")
    with BagWriter(bag, storage) as writer:
        for index, path in enumerate(images):
            stamp = FOLDER_START_NS + round(index * NANOSECONDS / fps)
            if labels_folder is not None:
                labels = read_labels(Path(labels_folder) / f"{path.stem}.png", label_set)
                writer.write_labels(labels_topic, stamp, "camera", labels)
            _write(writer, topic, stamp, path, compressed)
            progress((index + 1) / len(images))
    return len(images)


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DatasetError(f"there is no folder {folder}")
    images = list_images(folder)
    if not images:
        raise DatasetError(f"{folder} holds no images; expected PNG or JPEG files")
    return images


def _write(writer: BagWriter, topic: str, stamp: int, path: Path, compressed: bool) -> None:
    image = read_image(path)  # also where its bytes are taken: a damaged file is found now
    if not compressed:
        writer.write_image(topic, stamp, "camera", image)
        return
    name = FORMATS.get(path.suffix.lower())
    data = path.read_bytes() if name else bytes(cv2.imencode(".png", image[..., ::-1])[1])
    writer.write_compressed(topic, stamp, "camera", data, name or "png")
