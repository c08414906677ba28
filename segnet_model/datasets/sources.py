"""Images from wherever people have them: a folder, a single file, or a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import DatasetError
from segnet_model.base.units import NANOSECONDS
from segnet_model.images.files import list_images, read_image


@dataclass(frozen=True, eq=False)
class NamedImage:
    """An image and what it is called: its file's name, or its stamp in nanoseconds."""

    name: str
    stamp: float | None  # seconds; None for files
    image: np.ndarray  # (H, W, 3) uint8 RGB


def named_images(source: Path, topic: str | None = None) -> Iterator[NamedImage]:
    """Read one image after the other.

    Args:
        source: a folder of images, an image, or a bag.
        topic: of the images in a bag that has several.

    Raises:
        DatasetError: there is nothing of this name, or a file is no image.
        BagError: the bag is damaged or has no such topic.
    """
    files = image_files(source)
    if not files:
        yield from _of_bag(source, topic)
    for path in files:
        yield NamedImage(path.stem, None, read_image(path))


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


def _of_bag(source: Path, topic: str | None) -> Iterator[NamedImage]:
    with BagReader(source) as bag:
        for each in bag.images(topic):
            yield NamedImage(str(each.stamp_ns), each.stamp_ns / NANOSECONDS, each.image)
