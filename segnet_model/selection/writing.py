"""A round's images, history and contact sheet, written to the data set."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.progress import ShareDone
from segnet_model.datasets.extraction.dataset_writer import DatasetWriter
from segnet_model.datasets.extraction.splits import SPLITS
from segnet_model.datasets.sources import Frame, Key, Source
from segnet_model.datasets.sources.folder import SHEET
from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.pictures.drawing import heat, panel
from segnet_model.selection.history import record_round
from segnet_model.selection.round import UNFINISHED_FILE, Pick, Round, save_round

SHEET_FRAMES = 12
SHEET_SIZE = (320, 240)  # pixels of one frame: width, height


def write_round(
    selected: Round,
    source: Source,
    dataset: DatasetWriter,
    predictor: Predictor,
    progress: ShareDone,
) -> None:
    """Write the images, the manifest, the history and a contact sheet of the best frames.

    The round stays saved as unfinished until all is written; existing images stay as they are.

    Raises:
        BagError: the bag is damaged.
        DatasetError: a file cannot be written, or the source has lost selected frames.
    """
    with dataset:
        save_round(dataset.folder, selected)
        sheet: dict[Key, list[np.ndarray]] = {
            pick.key: [] for pick in selected.train[:SHEET_FRAMES]
        }
        names = _write_images(selected, source, dataset, predictor, sheet, progress)
    rows = [_row(pick, names[pick.key]) for pick in selected.train]
    record_round(dataset.folder, selected.number, rows)
    _write_sheet(dataset.folder, list(sheet.values()))
    (dataset.folder / UNFINISHED_FILE).unlink()


def _write_images(
    selected: Round,
    source: Source,
    dataset: DatasetWriter,
    predictor: Predictor,
    sheet: dict[Key, list[np.ndarray]],
    progress: ShareDone,
) -> dict[Key, str]:
    """Write the images and draw those of the sheet; returns the names of all files."""
    splits = {pick.key: split for split in SPLITS for pick in getattr(selected, split)}
    names: dict[Key, str] = {}
    for frame in source.frames():
        key = frame.key
        image = source.decode(frame) if key in splits and key not in names else None
        if image is None:
            continue
        names[key] = _write_image(frame, image, splits[key], dataset)
        if key in sheet:
            sheet[key] = _draw(predictor, image)
        progress(source.share(frame))
    if lost := len(splits) - len(names):
        raise DatasetError(
            f"{selected.settings.source} has lost {lost} of the frames that were chosen; bring it "
            f"back as it was, or remove {dataset.folder / UNFINISHED_FILE} to choose anew"
        )
    return names


def _write_image(frame: Frame, image: np.ndarray, split: str, dataset: DatasetWriter) -> str:
    origin = dataset.find(frame)
    if origin is None or not dataset.contains(origin):
        origin = dataset.add(frame, image, split, known=origin)
    return origin.name


def _row(pick: Pick, name: str) -> dict[str, str]:
    return {"name": Path(name).stem, "seconds": f"{pick.seconds:.3f}", "score": f"{pick.score:.5f}"}


def _draw(predictor: Predictor, image: np.ndarray) -> list[np.ndarray]:
    """A frame and its uncertainty, both (240, 320, 3) uint8 RGB."""
    found = predictor.predict(image)
    unsure = found.mutual_information
    drawn = heat(found.uncertainty if unsure is None else unsure / max(1e-6, float(unsure.max())))
    return [cv2.resize(each, SHEET_SIZE, interpolation=cv2.INTER_AREA) for each in (image, drawn)]


def _write_sheet(dataset: Path, pairs: list[list[np.ndarray]]) -> None:
    """Write two frames a row, each beside its uncertainty."""
    rows = [[*a, *b] for a, b in zip(pairs[::2], pairs[1::2], strict=False)] or [pairs[0]]
    titles = ["chosen, best first", "where it is unsure: yellow"]
    write_png(dataset / SHEET, panel(rows, titles * (len(rows[0]) // 2)))
