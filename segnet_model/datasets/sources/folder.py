"""The images of a folder, or one image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame, Key, escape
from segnet_model.datasets.sources.source import Source
from segnet_model.images.files import list_images, read_image

NUMBERS = re.compile("([0-9]+)")


def natural_order(path: Path) -> tuple[list[str | int], str]:
    """Sort key that puts f2 before f10."""
    parts = NUMBERS.split(path.name)  # alternates text and numbers, so that they compare
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], path.name


class FolderSource(Source):
    """Image files in natural order, with one second from each to the next."""

    timed = False

    def __enter__(self) -> FolderSource:
        """List the images; DatasetError where there are none."""
        is_folder = self.path.is_dir()
        files = sorted(list_images(self.path), key=natural_order) if is_folder else [self.path]
        if not files:
            raise DatasetError(f"{self.path} holds no images; give a folder of PNG or JPEG files")
        # Manifests name the folder, for one image its parent.
        self._folder = (self.path if is_folder else self.path.parent).resolve()
        self._files = files
        self._times = {path.name: i * NANOSECONDS for i, path in enumerate(files)}
        self.end_ns = len(files) * NANOSECONDS
        return self

    @property
    def id(self) -> str:
        """The absolute path of the folder, also for one image."""
        return str(self._folder)

    def receive_ns_of(self, key: tuple[str, int, int]) -> int | None:
        """Time of the file of this name; None where it is gone."""
        return self._times.get(key[0])

    def _read(self) -> Iterator[Frame]:
        suffixes = ("", f"_{escape(self._folder.name)}")
        for path, time in zip(self._files, self._times.values(), strict=True):
            key = Key(self.id, path.name, 0, 0)
            yield Frame(
                key, path.stem, time, time, partial(read_image, path), suffixes, timed=False
            )
