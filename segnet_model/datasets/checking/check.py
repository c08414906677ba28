"""The whole check: list, read, compare.

`open_split` and `read` stop at the first problem; the check collects them all.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.duplicates import find_duplicates
from segnet_model.datasets.checking.inspect import Inspection, inspect
from segnet_model.datasets.checking.listing import list_split
from segnet_model.datasets.checking.problems import SEVERITIES, Problem
from segnet_model.datasets.checking.report import DatasetReport, SplitFacts
from segnet_model.datasets.layout import layout_of
from segnet_model.labels import LabelSet

WHITE = 255  # what many tools paint a thing with


def check_dataset(
    dataset: Path,
    label_set: LabelSet,
    progress: ShareDone = no_progress,
    workers: int | None = None,
) -> DatasetReport:
    """Find all problems of a data set.

    Every file is read once. Memory holds the class counts, a digest and a thumbnail of 576 numbers
    of each image.

    Args:
        dataset: the folder that holds the splits.
        label_set: the meaning of the ids.
        progress: called with the share that is done.
        workers: threads; None takes one for each core, as decoding runs outside Python's lock.

    Raises:
        DatasetError: there is no such folder.
        SettingsError: workers is below 1.

    Example:
        >>> from segnet_model.datasets.drives import write_dataset
        >>> write_dataset("drives", seeds=[1, 2], frames=1, val=0.5, workers=1)
        (1, 1)
        >>> Path("drives/trainannot/000001_0000.png").unlink()
        >>> report = check_dataset(Path("drives"), LabelSet.load("camvid"))
        >>> [problem.kind.name for problem in report.problems]
        ['image without labels']
    """
    if workers is not None and workers < 1:
        raise SettingsError(f"workers is {workers}; give at least 1")
    layout = layout_of(dataset)
    listed = {split: list_split(layout, split) for split in layout.splits()}
    found = [problem for _, problems in listed.values() for problem in problems]
    splits = {split: SplitFacts() for split in listed}
    kept: dict[str, list[Inspection]] = {split: [] for split in listed}
    pairs = list(chain.from_iterable(pairs for pairs, _ in listed.values()))
    with (
        ThreadPoolExecutor(workers or os.cpu_count()) as pool,
        closing(_closing_results(pool.map(partial(inspect, label_set=label_set), pairs))) as all_,
    ):
        for done, seen in enumerate(all_, 1):
            splits[seen.pair.split].add(seen, label_set.ignore_id)
            found += seen.problems
            seen.counts = None
            kept[seen.pair.split].append(seen)
            progress(done / len(pairs))
    found += [*find_duplicates(kept), *_class_problems(splits, label_set), *_split_problems(splits)]
    order = {kind: first for first, kind in enumerate(dict.fromkeys(each.kind for each in found))}
    found.sort(key=lambda each: (SEVERITIES.index(each.kind.severity), order[each.kind]))
    return DatasetReport(dataset, label_set, splits, found)


def _closing_results(
    results: Iterator[Inspection],
) -> Generator[Inspection, None, None]:
    """The same results; closing cancels the tasks that are left, as at Ctrl-C."""
    try:
        yield from results
    finally:
        if hasattr(results, "close"):
            results.close()


def _class_problems(splits: dict[str, SplitFacts], label_set: LabelSet) -> Iterator[Problem]:
    """Classes that train lacks, if it has labels at all."""
    train = splits.get("train")
    if not train or not train.labeled:
        return
    shown = np.flatnonzero(train.pixels[: label_set.num_classes])
    if len(shown) == 1 < label_set.num_classes:
        yield Problem(kinds.ONE_CLASS, "train", detail=label_set.names[shown[0]])
    for split, facts in splits.items():
        labels = np.flatnonzero(facts.pixels[: label_set.num_classes])
        if split != "train" and len(labels) == 1 < label_set.num_classes:
            yield Problem(kinds.ONE_CLASS_MEASURED, split, detail=label_set.names[labels[0]])
    beside = np.flatnonzero(train.beside_ignored[: label_set.num_classes])
    if label_set.ignore_id == WHITE and shown.tolist() == [0, 1] and beside.tolist() == [0]:
        counts = int(train.seen_in[WHITE]), int(train.seen_in[1])
        yield Problem(kinds.TWO_NUMBERINGS, "train", detail="{} and {} files".format(*counts))
    for index, name in enumerate(label_set.names):
        if train.pixels[index]:
            continue
        others = {split: int(each.seen_in[index]) for split, each in splits.items()}
        held = [f"{count} images of {split} show it" for split, count in others.items() if count]
        kind = kinds.ONLY_ELSEWHERE if held else kinds.NEVER_IN_TRAIN
        yield Problem(kind, "train", detail=", ".join([name, *held]))


def _split_problems(splits: dict[str, SplitFacts]) -> Iterator[Problem]:
    for name, kind in (("train", kinds.NO_TRAIN), ("val", kinds.NO_VAL)):
        if name not in splits:
            yield Problem(kind, name, detail=f"there is no {name}/")
    for name, each in splits.items():
        if len(each.sizes) > 1:
            sizes = (f"{count} of {w}x{h}" for (h, w), count in each.sizes.most_common())
            yield Problem(
                kinds.SEVERAL_SIZES, name, tuple(each.examples.values()), ", ".join(sizes)
            )
