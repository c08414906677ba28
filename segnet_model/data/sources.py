"""Images from wherever people have them: a folder, a single file, or a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segnet_model.data.bag_messages import NANOSECONDS
from segnet_model.data.bags import BagReader
from segnet_model.data.files import list_images, read_image
from segnet_model.errors import DatasetError


@dataclass(frozen=True, eq=False)
class NamedImage:
    """An image and what it is called: its file's name, or its stamp in nanoseconds."""

    name: str
    stamp: float | None  # seconds; None for files
    image: np.ndarray  # (H, W, 3) uint8 RGB
    share: float  # of the source that lies behind it, 0 to 1


def named_images(
    source: Path, topic: str | None = None, every: float = 0.0
) -> Iterator[NamedImage]:
    """Read one image after the other.

    Args:
        source: a folder of images, an image, or a bag.
        topic: of the images in a bag that has several.
        every: least seconds between two images of a bag.

    Raises:
        DatasetError: there is nothing of this name, or a file is no image.
        BagError: the bag is damaged or has no such topic.
    """
    files = image_files(source)
    if not files:
        yield from _of_bag(source, topic, every)
    for index, path in enumerate(files, 1):
        yield NamedImage(path.stem, None, read_image(path), index / len(files))


def image_files(source: Path) -> list[Path]:
    """The images of a folder, or the image itself; none of a bag.

    Raises:
        DatasetError: there is nothing of this name.
    """
    if not source.exists():
        raise DatasetError(f"there is no {source}; give a bag, a folder of images, or an image")
    if (source / "metadata.yaml").is_file():  # a bag's folder, whatever pictures lie in it
        return []
    files = list_images(source if source.is_dir() else source.parent)
    return [path for path in files if path == source] if source.is_file() else files


def _of_bag(source: Path, topic: str | None, every: float) -> Iterator[NamedImage]:
    with BagReader(source) as bag:
        span = max(1, bag.end_ns - bag.start_ns)
        for each in bag.images(topic, every_ns=round(every * NANOSECONDS)):
            share = min(1.0, (each.receive_ns - bag.start_ns) / span)
            yield NamedImage(str(each.stamp_ns), each.stamp_ns / NANOSECONDS, each.image, share)
