"""Predictions of a recording that was cut by time: of each piece, and joined."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from segnet_model.base.atomic import flush_to_disk
from segnet_model.base.progress import ShareDone
from segnet_model.base.rejected import Rejected
from segnet_model.datasets.sources import BagSource
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings.prediction_files import predict_files

ABOUT = "piece.json"


def predict_piece(
    source: BagSource, predictor: Predictor, out: Path, with_uncertainty: bool, progress: ShareDone
) -> int:
    """Write the files of a piece, and what `join_predictions` has to know; returns their number.

    For arguments and errors see `predict_files`.
    """
    count = predict_files(source, predictor, out, with_uncertainty, progress)
    about = {"count": count, "deep": source.deep, "rejected": source.rejected.saved()}
    (out / ABOUT).write_text(json.dumps(about), encoding="utf-8")
    return count


def join_predictions(pieces: Sequence[Path], out: Path) -> tuple[int, Rejected] | None:
    """Put the files of all pieces, in order, where `predict_files` would.

    Returns:
        The number of images, and those that cannot be used. None, and nothing is written, where
        pieces say less than the whole: there is no image in them, or images of 16-bit samples,
        whose meaning depends on those before.
    """
    abouts = [json.loads((piece / ABOUT).read_text("utf-8")) for piece in pieces]
    count, rejected = sum(about["count"] for about in abouts), Rejected()
    if not count or any(about["deep"] for about in abouts):
        return None
    for about in abouts:
        rejected.update(Rejected.read(about["rejected"]))
    for name in sorted(each.name for each in pieces[0].iterdir() if each.is_dir()):
        (out / name).mkdir(parents=True)
        _join([piece / name for piece in pieces], out / name)
    return count, rejected


def _join(folders: Sequence[Path], out: Path) -> None:
    """Link the files of some folders into one, numbered on where a stamp comes in several."""
    before: Counter[str] = Counter()  # files of a stamp, in the pieces before
    for folder in folders:
        here: Counter[str] = Counter()
        for file in folder.iterdir():
            stamp, _, number = file.stem.partition("_")
            time = before[stamp] + int(number or 1)
            here[stamp] += 1
            _link(file, out / (f"{stamp}.png" if time == 1 else f"{stamp}_{time}.png"))
        before.update(here)
    flush_to_disk(out)


def _link(file: Path, place: Path) -> None:
    """Link a file, or copy it where the disk has no links."""
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)
        flush_to_disk(place)
