"""Predictions of a source's images as PNG files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from segnet_model.base.atomic import check_output, flush_to_disk
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.progress import ShareDone
from segnet_model.base.undo import make_folders
from segnet_model.datasets.sources import Source
from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.pictures.drawing import annotated, heat
from segnet_model.recordings.prefetch import prefetch


def predict_files(
    source: Source, predictor: Predictor, out: Path, with_uncertainty: bool, progress: ShareDone
) -> int:
    """Write masks/NAME.png, overlays/NAME.png and uncertainty/NAME.png; returns the image count.

    Args:
        source: an open source; a thread reads and decodes ahead.
        predictor: the network.
        out: parent of the three folders.
        with_uncertainty: write uncertainty/ too.
        progress: called with the share of the source that is done.

    Raises:
        DatasetError: two image files have the same name but for their endings.
        SettingsError: a file would be written over an image, or over one that segnet did not write.
        SegNetError: the source cannot be read to its end, or a file cannot be written.
    """
    names = ("masks", "overlays", *(["uncertainty"] if with_uncertainty else []))
    folders = [out / name for name in names]
    if not source.timed:
        _check_files(source, folders)
    for folder in folders:
        make_folders(folder)
    times: Counter[str] = Counter()  # that each name came
    with closing(prefetch(source.images())) as images:
        for frame, image in images:
            times[frame.name] += 1
            name = _numbered(frame.name, times[frame.name])
            pictures = _pictures(predictor, image, frame.seconds, with_uncertainty)
            for folder, picture in zip(folders, pictures, strict=True):
                write_png(folder / name, picture, flush=False)
            progress(source.share(frame))
    _flush(folders, times)
    return times.total()


def _check_files(source: Source, folders: Sequence[Path]) -> None:
    """Raise an error before any work where the pictures of image files have no place."""
    images: dict[str, Path] = {}
    for frame in source.frames():
        path = Path(frame.key.source, frame.key.topic)
        if frame.name in images:
            raise DatasetError(
                f"{images[frame.name]} and {path} would both give {frame.name}.png; rename one"
            )
        images[frame.name] = path
    inputs = {path.resolve() for path in images.values()}
    for target in (folder / f"{name}.png" for folder in folders for name in images):
        if target.resolve() in inputs:
            raise SettingsError(f"{target} is an input of this command; give another --out")
        check_output(target)


def _numbered(name: str, time: int) -> str:
    """File name of a frame: messages of a bag may have the same stamp."""
    return f"{name}.png" if time == 1 else f"{name}_{time}.png"


def _flush(folders: Sequence[Path], times: Counter[str]) -> None:
    """Wait for the disk, which is quicker for all files together than for each."""
    for folder in folders:
        for name, count in times.items():
            for time in range(1, count + 1):
                flush_to_disk(folder / _numbered(name, time))
        flush_to_disk(folder)


def _pictures(
    predictor: Predictor, image: np.ndarray, seconds: float | None, with_uncertainty: bool
) -> list[np.ndarray]:
    """Mask, (H, W) uint8 ids, overlay and uncertainty, (H, W, 3) uint8 RGB."""
    found = predictor.predict(image, seconds)
    drawn = annotated(image, found.labels, predictor.info.labels)
    pictures = [found.labels, drawn]
    return [*pictures, heat(found.uncertainty)] if with_uncertainty else pictures
