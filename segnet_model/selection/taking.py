"""A round's frames on their way into the data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.progress import ShareDone
from segnet_model.datasets.extraction.store import ImageStore
from segnet_model.datasets.sources import Frame, Source
from segnet_model.inference.predictor import Predictor
from segnet_model.selection.plan import PLAN_FILE, Key, Pick, Plan, save_plan
from segnet_model.selection.rounds import write_round
from segnet_model.selection.sheet import PICTURES, picture, write_sheet


def take_round(
    plan: Plan, source: Source, store: ImageStore, predictor: Predictor, progress: ShareDone
) -> None:
    """Write the images and where they are from, the list of the chosen ones, and a picture.

    The plan is kept in the data set until all is there, and whatever is there already stays.

    Raises:
        BagError: the bag is damaged.
        DatasetError: a file cannot be written, or the source has lost frames of the plan.
    """
    with store:
        save_plan(store.folder, plan)
        best: dict[Key, list[np.ndarray]] = {pick.key: [] for pick in plan.train[:PICTURES]}
        names = _take(plan, source, store, predictor, best, progress)
    rows = [_row(pick, names[pick.key]) for pick in plan.train]
    write_round(store.folder, plan.number, rows)
    write_sheet(store.folder, list(best.values()))
    (store.folder / PLAN_FILE).unlink()


def _take(
    plan: Plan,
    source: Source,
    store: ImageStore,
    predictor: Predictor,
    best: dict[Key, list[np.ndarray]],
    progress: ShareDone,
) -> dict[Key, str]:
    """Write the images and draw the best ones; returns the names of all files."""
    splits = {pick.key: "train" for pick in plan.train} | {pick.key: "val" for pick in plan.val}
    names: dict[Key, str] = {}
    for frame in source.frames():
        key = frame.key[1:]
        image = source.decode(frame) if key in splits and key not in names else None
        if image is None:
            continue
        names[key] = _put(frame, image, splits[key], store)
        if key in best:
            best[key] = picture(predictor, image)
        progress(source.share(frame))
    if lost := len(splits) - len(names):
        raise DatasetError(
            f"{plan.settings.source} has lost {lost} of the frames that were chosen; bring it back "
            f"as it was, or remove {store.folder / PLAN_FILE} to choose anew"
        )
    return names


def _put(frame: Frame, image: np.ndarray, split: str, store: ImageStore) -> str:
    origin = store.find(frame)
    if origin is None or not store.has(origin):
        origin = store.add(frame, image, split, known=origin)
    return origin.name


def _row(pick: Pick, name: str) -> dict[str, str]:
    return {"name": Path(name).stem, "seconds": f"{pick.seconds:.3f}", "score": f"{pick.score:.5f}"}
