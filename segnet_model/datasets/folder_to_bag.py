"""Make a recording of the images in a folder."""

from __future__ import annotations

from pathlib import Path

import cv2

from segnet_model.bags.reader import BagWriter
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.progress import ShareDone, untold
from segnet_model.base.units import NANOSECONDS
from segnet_model.images.files import list_images, read_image, read_labels
from segnet_model.labels import LabelSet

# Midnight UTC on 1 January 2024: a folder has no times, and 0 means "no stamp" to many programs.
FOLDER_START_NS = 1_704_067_200 * NANOSECONDS
FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}


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
