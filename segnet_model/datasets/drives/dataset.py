"""Rendered drives as data sets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from segnet_model.base.atomic import check_output, write_rules
from segnet_model.base.errors import SettingsError
from segnet_model.base.lock import locked
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.drives.settings import PLAIN, DriveSettings
from segnet_model.datasets.folder import make_folders, write_label_set
from segnet_model.datasets.layout import CamVidLayout
from segnet_model.images.files import write_png
from segnet_model.labels import LabelMap


def write_dataset(
    folder: str | Path,
    seeds: Sequence[int],
    frames: int,
    fps: float | None = None,
    val: float = 0.1,
    workers: int | None = None,
    progress: ShareDone = no_progress,
    settings: DriveSettings = PLAIN,
) -> tuple[int, int]:
    """Render drives into a data set in CamVid's form; returns the images of train and of val.

    Args:
        folder: the data set; created if missing. Files are named by seed and frame.
        seeds: of the drives. The last ones become the validation split, whole drives each.
        frames: images a drive.
        fps: frames a second; None draws a frame every 8 meters.
        val: share of the drives in the validation split, 0 to 1.
        workers: processes that render; None takes one for each core.
        progress: called with the share of drives that is done.
        settings: what the drives show.

    Raises:
        DatasetError: a file cannot be written, or the folder has labels of another set.
        SettingsError: a number is out of range, or there is no such label set.
    """
    if frames < 1 or not seeds or not 0 <= val <= 1:
        raise SettingsError(
            f"cannot render {len(seeds)} drives of {frames} frames with a share of {val} to val; "
            "ask for 1 or more of both, and a share from 0 to 1"
        )
    if workers is not None and workers < 1:
        raise SettingsError(f"workers is {workers}; give at least 1")
    with locked(Path(folder), "command"):
        return _write_dataset(Path(folder), seeds, frames, fps, val, workers, progress, settings)


def _write_dataset(
    folder: Path,
    seeds: Sequence[int],
    frames: int,
    fps: float | None,
    val: float,
    workers: int | None,
    progress: ShareDone,
    settings: DriveSettings,
) -> tuple[int, int]:
    first_val = len(seeds) - round(len(seeds) * val)
    jobs = [(seed, "val" if i >= first_val else "train") for i, seed in enumerate(seeds)]
    mapped = settings.label_map()
    for (seed, split), index in product(jobs, range(frames)):
        for path in _paths(folder, split, seed, index):
            check_output(path)
    make_folders(folder)
    write_label_set(folder, mapped.target)
    render = partial(_render, folder, frames, fps, mapped, settings)
    if workers == 1:
        _report(map(render, jobs), len(jobs), progress)
    else:
        # Forking a process in which PyTorch or ROS runs threads can hang.
        context = get_context("spawn")
        with _hidden_main(), ProcessPoolExecutor(workers or os.cpu_count(), context) as pool:
            _report(pool.map(render, jobs), len(jobs), progress)
    return first_val * frames, (len(seeds) - first_val) * frames


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Keep new processes from running the main program, which may have no main guard."""
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)
    }
    main.__spec__ = None
    try:
        yield
    finally:
        vars(main).update(hidden)


def _paths(folder: Path, split: str, seed: int, index: int) -> tuple[Path, Path]:
    """Paths of an image's labels, and of the image."""
    image = folder / split / f"{seed:06d}_{index:04d}.png"
    return CamVidLayout(folder).label_path(image), image


def _render(
    folder: Path,
    frames: int,
    fps: float | None,
    mapped: LabelMap,
    settings: DriveSettings,
    job: tuple[int, str],
) -> None:
    seed, split = job
    for index, frame in enumerate(settings.drive(seed, fps).frames(frames)):
        labels, image = _paths(folder, split, seed, index)
        with write_rules(overwrite=True):  # the paths have been checked
            write_png(labels, mapped.map(frame.labels))
            write_png(image, frame.image)


def _report(done: Iterable[None], total: int, progress: ShareDone) -> None:
    for number, _ in enumerate(done, 1):
        progress(number / total)
