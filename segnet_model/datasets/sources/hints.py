"""Folders that are no source, and the line that names one in them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from segnet_model.bags.kinds import PACKED, SUFFIXES, is_bag_folder
from segnet_model.base.errors import DatasetError
from segnet_model.images.files import IMAGE_SUFFIXES, natural_order

MJPEG = (".mjpeg", ".mjpg")  # JPEG files one after the other
VIDEOS = (
    ".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mts", ".m2ts", ".ts", ".mpg", ".wmv", ".3gp",
    ".h264", ".hevc", ".h265", *MJPEG,
)  # fmt: skip
RECORDINGS = (*SUFFIXES, ".bag", ".active", PACKED)
STILLS = (".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".tga", ".pgm", ".ppm", ".exr", ".npy")
RAW_IMAGES = (".dng", ".arw", ".cr2", ".cr3", ".nef", ".raw", ".orf", ".rw2", ".raf")
OTHER_IMAGES = (".gif", *STILLS, *RAW_IMAGES)
SAVE = "save them as PNG or JPEG, e.g. with ImageMagick: mogrify -format png *"
MOST = 10_000  # entries that are looked at


def refuse_folder(folder: Path) -> None:
    """Raise DatasetError for a folder without images of its own, where it holds a source.

    Raises:
        OSError: it cannot be read.
    """
    inside = _visible(folder)
    hints = (
        (is_bag_folder, "holds bags; name one or more of them, as {0}"),
        (_ends(RECORDINGS), "is no bag: it has no metadata.yaml; name a file in it, as {0}, or run "
         "`ros2 bag reindex` where a recorder crashed"),
        (_ends(VIDEOS), "holds videos; name them, as {0}"),
        (_ends(OTHER_IMAGES), f"holds images of a kind that is not read, as {{0}}; {SAVE}"),
        (_has_images, "holds no images but folders of them; name one, as {0}"),
    )  # fmt: skip
    for fits, hint in hints:
        if found := next((path for path in inside if fits(path)), None):
            raise DatasetError(f"{folder} {hint.format(found)}")


def refuse_still(file: Path) -> None:
    """Raise DatasetError for an image of a kind that is not read: FFmpeg might take a part of it.

    Phones store a HEIC image in tiles, each a video of its own.
    """
    if file.suffix.lower() in (*STILLS, *RAW_IMAGES):
        raise DatasetError(f"{file} is an image of a kind that is not read; {SAVE}")


def name_unread(folder: Path) -> str:
    """The images and videos in a folder of images that are passed over; empty without any.

    A raw photo beside its JPEG is the same image.
    """
    inside = _visible(folder)
    read = {path.stem for path in inside if path.suffix.lower() in IMAGE_SUFFIXES}
    kinds = (*OTHER_IMAGES, *VIDEOS)
    others = [path for path in inside if path.suffix.lower() in kinds and path.stem not in read]
    if not others:
        return ""
    count = f" and {len(others) - 1} more are" if len(others) > 1 else " is"
    return f"{folder}: {others[0].name}{count} of another kind and not read; of images, {SAVE}"


def _visible(folder: Path) -> list[Path]:
    """The entries of a folder in natural order, without those that macOS hides beside files."""
    inside = islice(folder.iterdir(), MOST)
    return sorted((each for each in inside if not each.name.startswith(".")), key=natural_order)


def _ends(suffixes: tuple[str, ...]) -> Callable[[Path], bool]:
    return lambda path: path.suffix.lower() in suffixes


def _has_images(path: Path) -> bool:
    inside = islice(path.iterdir(), MOST) if path.is_dir() else ()
    return any(each.suffix.lower() in IMAGE_SUFFIXES for each in inside)
