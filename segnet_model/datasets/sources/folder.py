"""The images of a folder, or one image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

from segnet_model.base.errors import DatasetError
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame, Key
from segnet_model.datasets.sources.source import Source
from segnet_model.images.files import list_images, read_image

NUMBERS = re.compile("([0-9]+)")


def natural_order(path: Path) -> tuple[list[str | int], str]:
    """A key that sorts f2 before f10."""
    parts = NUMBERS.split(path.name)  # text and numbers in turn, so that they compare
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], path.name


class FolderSource(Source):
    """Image files in natural order, which count as a second apart.

    Attributes:
        files: the images.
    """

    timed = False

    def __enter__(self) -> FolderSource:
        """Look what is there; DatasetError where there is no image."""
        is_folder = self.path.is_dir()
        self.files = sorted(list_images(self.path), key=natural_order) if is_folder else [self.path]
        if not self.files:
            raise DatasetError(f"{self.path} holds no images; give a folder of PNG or JPEG files")
        self._places = {path.name: i * NANOSECONDS for i, path in enumerate(self.files)}
        self.end_ns = len(self.files) * NANOSECONDS
        return self

    @property
    def id(self) -> str:
        """The absolute path of the folder, also for one image."""
        # As manifests have it: the folder that was named, or that of the image.
        return str((self.path if self.path.is_dir() else self.path.parent).resolve())

    def place(self, key: tuple[str, int, int]) -> int | None:
        """The place of the file of this name; None where it is gone."""
        return self._places.get(key[0])

    def _read(self) -> Iterator[Frame]:
        folder = quote(Path(self.id).name, safe="", errors="surrogateescape")
        for path in self.files:
            yield Frame(
                Key(self.id, path.name, 0, 0),
                path.stem,
                self._places[path.name],
                self._places[path.name],
                partial(read_image, path),
                ("", f"_{folder}"),
                timed=False,
            )
