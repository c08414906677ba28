"""Folders that are no source, and the line that names one in them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from segnet_model.bags.kinds import PACKED, SUFFIXES, is_bag_folder
from segnet_model.base.errors import DatasetError
from segnet_model.images.files import IMAGE_SUFFIXES, natural_order

VIDEOS = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mts", ".ts", ".mpg", ".wmv", ".3gp")
RECORDINGS = (*SUFFIXES, ".bag", PACKED)
OTHER_IMAGES = (".heic", ".avif", ".jp2", ".gif", ".pgm", ".ppm", ".exr", ".npy")
RAW_IMAGES = (".dng", ".arw", ".cr2", ".cr3", ".nef", ".raw", ".orf")
MOST = 10_000  # entries that are looked at


def refuse_folder(folder: Path) -> None:
    """Raise DatasetError for a folder without images of its own, where it holds a source.

    Raises:
        OSError: it cannot be read.
    """
    inside = sorted(islice(folder.iterdir(), MOST), key=natural_order)
    hints = (
        (is_bag_folder, "holds bags; name one or more of them, as {0}"),
        (_ends(RECORDINGS), "is no bag: it has no metadata.yaml; name a file in it, as {0}, or run "
         "`ros2 bag reindex` where a recorder crashed"),
        (_ends(VIDEOS), "holds videos; name them, as {0}"),
        (_ends((*OTHER_IMAGES, *RAW_IMAGES)), "holds images of a kind that is not read, as {0}; "
         "save them as PNG or JPEG, e.g. with ImageMagick: mogrify -format png *"),
        (_has_images, "holds no images but folders of them; name one, as {0}"),
    )  # fmt: skip
    for fits, hint in hints:
        if found := next((path for path in inside if fits(path)), None):
            raise DatasetError(f"{folder} {hint.format(found)}")


def _ends(suffixes: tuple[str, ...]) -> Callable[[Path], bool]:
    return lambda path: path.suffix.lower() in suffixes


def _has_images(path: Path) -> bool:
    inside = islice(path.iterdir(), MOST) if path.is_dir() else ()
    return any(each.suffix.lower() in IMAGE_SUFFIXES for each in inside)
