"""Conversion of a folder of images, or a video, to a bag."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segnet_model.bags.images import RawMessage
from segnet_model.bags.kinds import is_bag_folder
from segnet_model.bags.messages import (
    COMPRESSED_IMAGE,
    IMAGE,
    compressed_message,
    image_message,
    make_header,
    standard_types,
)
from segnet_model.bags.reader import BagWriter
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.topics import info_topic
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.camera_file import info_of, read_camera
from segnet_model.datasets.sources import BagSource, Frame, Source, open_source
from segnet_model.images.files import read_labels
from segnet_model.images.orientation import UPRIGHT, read_orientation
from segnet_model.labels import LabelSet

# Midnight UTC on 1 January 2024: a folder has no times, and 0 means "no stamp" to many programs.
FOLDER_START_NS = 1_704_067_200 * NANOSECONDS
TOPIC, FRAME_ID = "/camera/image_raw", "camera"
FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}
FPS, MAX_FPS = 10.0, 1e6
NAME = re.compile(r"/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
JPEG_QUALITY = 95  # of frames of a video, which was compressed before


def images_to_bag(
    path: str | Path,
    bag: str | Path,
    topic: str = TOPIC,
    fps: float | None = None,
    compressed: bool = False,
    labels_folder: str | Path | None = None,
    labels_topic: str = "/truth/labels",
    label_set: LabelSet | None = None,
    storage: str = "mcap",
    progress: ShareDone = no_progress,
    camera_file: str | Path | None = None,
) -> int:
    """Write a folder in natural order, or a video, as a bag; returns the number of images.

    Args:
        path: a folder with PNG or JPEG files, an image, or a video.
        bag: the rosbag2 folder to make.
        topic: for the images.
        fps: images a second of a folder, `FPS` if None; a video keeps its times and takes none.
            `FOLDER_START_NS` is time zero.
        compressed: as CompressedImage: files as they are, unless stored turned, a video's frames
            as JPEG.
        labels_folder: a label image for every image, under the same name as PNG.
        labels_topic: for their ids, as mono8 with the image's stamp.
        label_set: of the label images, CamVid's if None.
        storage: "mcap" or "sqlite3".
        progress: called with the share of images that is done.
        camera_file: calibration of the camera, as ROS's camera_calibration writes it. Each image
            gets a CameraInfo, on camera_info beside it.

    Raises:
        DatasetError: the folder holds no images, a file does not open, or labels are of another
            size than their image.
        VideoError: the video cannot be read.
        BagError: the bag exists already or cannot be written.
        SettingsError: fps is out of range or of a video, two topics are one, or the calibration
            cannot be read or is of other images.
    """
    if fps is not None and not 0 < fps <= MAX_FPS:
        raise SettingsError(f"fps is {fps}; give more than 0 and at most {MAX_FPS:g}")
    camera = None if camera_file is None else read_camera(Path(camera_file))
    _check_topics(topic, None if labels_folder is None else labels_topic, camera is not None)
    info_of_size = cache(partial(info_of, camera))  # a video has one size
    label_set, count = label_set or LabelSet.load("camvid"), 0
    with _opened(Path(path)) as source, BagWriter(bag, storage) as writer:
        if source.timed and fps is not None:
            raise SettingsError(f"{path} is a video and keeps its times; leave out fps")
        if labels_folder is not None:
            _check_names(source)
        for frame, image in source.images():
            stamp = FOLDER_START_NS + round(frame.stamp_ns / (1 if source.timed else fps or FPS))
            if labels_folder is not None:
                file = Path(labels_folder) / f"{frame.name}.png"
                labels = _labels(file, label_set, image.shape[:2])
                writer.write_labels(labels_topic, stamp, FRAME_ID, labels)
            if camera is not None:
                info = _info(info_of_size, frame, stamp, image.shape[:2])
                writer.write(info_topic(topic), info, stamp)
            raw = message_of(frame, image, topic, stamp, compressed)
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            count += 1
            progress(source.share(frame))
    return count


def _labels(file: Path, label_set: LabelSet, size: tuple[int, ...]) -> np.ndarray:
    """Ids (H, W) uint8 of a label image; DatasetError where its image is of another size."""
    labels = read_labels(file, label_set)
    if labels.shape != size:
        raise DatasetError(
            f"labels {file} are {labels.shape[1]}x{labels.shape[0]} but their image is "
            f"{size[1]}x{size[0]}; export the labels at the image's size"
        )
    return labels


def _check_topics(topic: str, labels: str | None, with_info: bool) -> None:
    """Raise SettingsError for a name that ROS cannot have, or one of two topics."""
    for name in (topic, *([labels] if labels is not None else [])):
        if not NAME.fullmatch(name):
            raise SettingsError(f"{name!r} is no name of a topic; give one as /camera/image_raw")
    if labels == topic:
        raise SettingsError(f"images and labels are both on {topic}; give another --labels-topic")
    if with_info and info_topic(topic) in (topic, labels):
        raise SettingsError(f"{info_topic(topic)} is the topic of camera_info; give another")


def _info(
    info_of_size: Callable[[tuple[int, ...]], Any],
    frame: Frame,
    stamp_ns: int,
    size: tuple[int, ...],
) -> Any:
    try:
        return replace(info_of_size(size), header=make_header(stamp_ns, FRAME_ID))
    except SettingsError as error:
        raise SettingsError(f"{frame.key.topic or frame.name}: {error}") from None


def message_of(
    frame: Frame, image: np.ndarray, topic: str, stamp_ns: int, compressed: bool
) -> RawMessage:
    """Make a message of a frame; its reception time is its stamp.

    Args:
        frame: of a folder or a video.
        image: its pixels, (H, W, 3) uint8 RGB.
        topic: of the message.
        stamp_ns: nanoseconds since the epoch.
        compressed: an image file as it is, or else a JPEG; otherwise rgb8.
    """
    header = make_header(stamp_ns, FRAME_ID)
    if not compressed:
        kind, message = IMAGE, image_message(header, image, "rgb8")
    else:
        kind = COMPRESSED_IMAGE
        message = compressed_message(header, *_compressed(frame, image))
    return RawMessage(topic, kind, stamp_ns, standard_types().serialize_cdr(message, kind))


def _check_names(source: Source) -> None:
    """Raise DatasetError where two images would have the same labels."""
    seen: dict[str, str] = {}
    for frame in source.frames() if not source.timed else ():
        if (other := seen.setdefault(frame.name, frame.key.topic)) != frame.key.topic:
            raise DatasetError(
                f"{other} and {frame.key.topic} in {source.path} would both have the labels "
                f"{frame.name}.png; rename one"
            )


def _opened(path: Path) -> Source:
    if not path.exists():
        raise DatasetError(f"there is no folder or video {path}; give one")
    source = open_source(path)
    if isinstance(source, BagSource):
        if path.is_dir() and not is_bag_folder(path):
            raise DatasetError(f"{path} holds no images; expected PNG or JPEG files, or a video")
        raise DatasetError(f"{path} is a bag already; give a folder of images or a video")
    return source


def _compressed(frame: Frame, image: np.ndarray) -> tuple[bytes, str]:
    """Bytes and format of a compressed image."""
    if frame.timed:
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        return cv2.imencode(".jpg", image[..., ::-1], quality)[1].tobytes(), "jpeg"
    file = Path(frame.key.source, frame.key.topic)
    if name := FORMATS.get(file.suffix.lower()):
        data = file.read_bytes()
        if read_orientation(data) == UPRIGHT:  # a message's image is read as it is stored
            return data, name
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes(), "png"
