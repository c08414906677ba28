"""Open a path as the kind of source that it is."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from segnet_model.bags.kinds import is_bag_folder, is_recording, refuse_other_kinds
from segnet_model.base.choices import KINDS
from segnet_model.base.errors import DatasetError, SettingsError, cause
from segnet_model.datasets.sources.bag import BagSource
from segnet_model.datasets.sources.camera import CameraSource, is_camera
from segnet_model.datasets.sources.folder import FolderSource
from segnet_model.datasets.sources.hints import MJPEG, refuse_folder, refuse_still
from segnet_model.datasets.sources.source import Source
from segnet_model.datasets.sources.video import VideoSource
from segnet_model.images.files import IMAGE_SUFFIXES, list_images

ADDRESS = re.compile("[a-z]+:/")


def open_source(
    path: str | Path,
    topic: str | None = None,
    *,
    exclude: str = "",
    cut_ok: bool = False,
    name_topic: bool = False,
    live: bool = False,
    new_topic: bool = False,
) -> Source:
    """Make a source of a path; entering its context opens it.

    Args:
        path: a bag, a folder of images, an image or a video.
        topic: image topic of a bag; None takes the only one. Other sources have none.
        exclude: a topic or namespace that None does not take.
        cut_ok: read the intact part of a bag that was cut, or is being recorded.
        name_topic: add the topic to the names of files.
        live: take a camera, whose images end with Ctrl-C.
        new_topic: the topic also names that of a new bag, for a source that has none.

    Raises:
        DatasetError: the path does not exist or cannot be read, or is a camera and live is not set.
        BagError: it is a file of another kind, which the line in the message turns into a bag.
        SettingsError: a topic is given, and it is no bag.

    Example:
        >>> from segnet_model.datasets.drives import write_drive
        >>> write_drive("drive", seed=7, seconds=0.5)
        5
        >>> with open_source("drive", topic="/camera/image_raw") as source:
        ...     [image.shape for frame, image in source.part(every=0.2).images()]
        [(360, 480, 3), (360, 480, 3), (360, 480, 3)]
    """
    path = Path(path)
    try:
        kind = _kind(path)
    except OSError as error:
        raise DatasetError(cause(error.filename or path, error)) from None
    if kind is CameraSource and not live:
        raise DatasetError(f"{path} is a camera; `segnet view` and `predict` take one")
    if kind is BagSource:
        return BagSource(path, topic, exclude=exclude, cut_ok=cut_ok, name_topic=name_topic)
    if topic and not new_topic:
        raise SettingsError(f"{path} is no bag and has no topic {topic}; take it by itself")
    return kind(path)


def _kind(path: Path) -> type[BagSource | FolderSource | VideoSource | CameraSource]:
    if not path.exists():
        raise DatasetError(f"there is no bag or file {path}; {_instead(path)}")
    if is_camera(path):
        return CameraSource
    if path.is_dir():
        return _kind_of_folder(path)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return FolderSource
    if is_recording(path):
        return BagSource
    if path.is_file() and (path.suffix.lower() not in MJPEG or not path.stat().st_size):
        refuse_still(path)
        refuse_other_kinds(path)
    return VideoSource


def _kind_of_folder(path: Path) -> type[BagSource | FolderSource]:
    if is_bag_folder(path):
        return BagSource
    if list_images(path):
        return FolderSource
    refuse_folder(path)
    return BagSource  # which names what it lacks


def _instead(path: Path) -> str:
    """What to give in place of a path that is not there."""
    if path.is_symlink():
        return f"it is a link to {path.readlink()}, which is not there: is its disk mounted?"
    if path.name.isdecimal() and is_camera(Path(f"/dev/video{path.name}")):
        return f"the camera is /dev/video{path.name}"
    if str(path).startswith("file:/"):
        return f"give its path alone, {unquote(str(path).removeprefix('file:'))}"
    if ADDRESS.match(str(path)):
        return (
            "addresses are not read: save a part of it first, ffmpeg -i ADDRESS -c copy drive.mp4"
        )
    if str(path).startswith("/dev/"):
        return "connect the camera, or start the container with --device"
    return f"give {KINDS}"
