"""The images of a folder, or one image."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources.frame import Frame, Key, escape
from segnet_model.datasets.sources.hints import name_unread, refuse_folder
from segnet_model.datasets.sources.source import Source
from segnet_model.images.files import is_deep_gray, list_images, read_image

SHEET, HISTORY = "selection.png", "selection.csv"  # that `segnet select` writes to a data set
DRIVEN_SHEET = "driven.png"  # of `segnet driven`, beside the manifest of the images
logger = logging.getLogger(__name__)


class FolderSource(Source):
    """Image files in natural order, with one second from each to the next."""

    timed = False

    def __enter__(self) -> FolderSource:
        """List the images; DatasetError where there are none."""
        is_folder = self.path.is_dir()
        files = _images_to_read(self.path) if is_folder else [self.path]
        if not files:  # but the sheet of a data set, whose images are in its folders
            refuse_folder(self.path)
            raise DatasetError(f"{self.path} holds no images; give a folder of PNG or JPEG files")
        if is_folder and (unread := name_unread(self.path)):
            logger.warning("%s", unread)
        if is_deep_gray(files[0]):
            logger.warning(
                "%s holds gray samples of 16 bits, and is read as a picture: where they are depths,"
                " give the color images", files[0],
            )  # fmt: skip
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


def _images_to_read(folder: Path) -> list[Path]:
    """The images of a folder, without the sheets that commands drew of a data set."""
    drawn = {SHEET: HISTORY, DRIVEN_SHEET: "manifest.csv"}
    ours = {sheet for sheet, beside in drawn.items() if (folder / beside).is_file()}
    return [path for path in list_images(folder) if path.name not in ours]
