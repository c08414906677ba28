"""Predictions of a source's images as PNG files."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from segnet_model.base.progress import ShareDone
from segnet_model.datasets.sources import Source
from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.pictures.drawing import heat, overlay
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
        SegNetError: the source cannot be read to its end, or a file cannot be written.
    """
    for folder in ("masks", "overlays", *(["uncertainty"] if with_uncertainty else [])):
        (out / folder).mkdir(parents=True, exist_ok=True)
    count = 0
    with closing(prefetch(source.images())) as images:
        for count, (frame, image) in enumerate(images, 1):  # noqa: B007
            for folder, picture in _pictures(predictor, image, frame.seconds, with_uncertainty):
                write_png(out / folder / f"{frame.name}.png", picture)
            progress(source.share(frame))
    return count


def _pictures(
    predictor: Predictor, image: np.ndarray, seconds: float | None, with_uncertainty: bool
) -> list[tuple[str, np.ndarray]]:
    """(folder, picture) pairs of an image: (H, W) uint8 ids, or (H, W, 3) uint8 RGB."""
    found = predictor.predict(image, seconds)
    drawn = overlay(image, found.labels, predictor.info.labels)
    pictures = [("masks", found.labels), ("overlays", drawn)]
    return [*pictures, ("uncertainty", heat(found.uncertainty))] if with_uncertainty else pictures
