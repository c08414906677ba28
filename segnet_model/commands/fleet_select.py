"""`segnet fleet select`: the best frames of all recordings, in one data set."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from segnet_model.base.atomic import check_output
from segnet_model.base.errors import DatasetError
from segnet_model.commands import arguments
from segnet_model.commands.select import compare_classes, settings_of, summary
from segnet_model.fleet.job import Input, Task
from segnet_model.fleet.naming import output_name
from segnet_model.fleet.storage import Output
from segnet_model.fleet.working_copy import WorkingCopy, working_copy

if TYPE_CHECKING:
    from segnet_model.commands.fleet_run import FleetRun, Made
    from segnet_model.datasets.extraction.dataset_writer import DatasetWriter
    from segnet_model.selection import Round, SelectSettings
    from segnet_model.selection.gathering import Ranked
    from segnet_model.selection.picked import PickedSource

HIDDEN = ".fleet"  # in the data set
RANKINGS, PICKED = f"{HIDDEN}/rankings", f"{HIDDEN}/picked"


def select(args: argparse.Namespace, out: Output, inputs: Sequence[Input]) -> int:
    """Rank what is not ranked yet, select, and write a round; returns the exit code."""
    from segnet_model.datasets.extraction.dataset_writer import check_folder
    from segnet_model.datasets.sources.folder import SHEET

    if out.local:
        check_folder(out.local)
    with working_copy(out, HIDDEN) as copy:
        check_output(copy.folder / SHEET)
        return _write(args, out, copy, inputs)


def _write(
    args: argparse.Namespace, out: Output, copy: WorkingCopy, inputs: Sequence[Input]
) -> int:
    from segnet_model.base.progress import progress_bar
    from segnet_model.commands.fleet_jobs import RankJob
    from segnet_model.commands.fleet_run import FleetRun
    from segnet_model.datasets.extraction.dataset_writer import DatasetWriter
    from segnet_model.selection import load_round, save_round, write_round

    settings, rank = settings_of(args, " ".join(args.bags)), RankJob(args)
    selected = load_round(copy.folder, settings)
    tasks = rank.tasks(inputs)
    with FleetRun(args) as fleet:
        made = fleet.complete(rank, out.below(RANKINGS), tasks)
        predictor = rank.load_predictor()
        arguments.write_classes(args, copy.folder, args.out)
        compare_classes(args.weights, predictor.info.labels, copy.folder, args.out)
        dataset = DatasetWriter(copy.folder)
        selected = selected or _select(settings, out, dataset, tasks, made)
        source = _take(args, out, copy, fleet, selected, inputs)
    save_round(copy.folder, selected)
    copy.store()  # so that a round that is interrupted goes on with the same frames
    with progress_bar("writing") as progress:
        write_round(selected, source, dataset, predictor, progress)
    with progress_bar("storing") as progress:
        copy.store(progress)
    out.remove(PICKED)
    print(f"{args.out}: {summary(copy.folder, selected, args.out)}")
    made.print_set_aside()
    return int(bool(made.set_aside))


def _select(
    settings: SelectSettings, out: Output, dataset: DatasetWriter, tasks: list[Task], made: Made
) -> Round:
    """Select a round of all rankings; DatasetError where no frame is left."""
    from segnet_model.datasets.folder import split_images
    from segnet_model.datasets.sources import Key
    from segnet_model.images.files import read_image
    from segnet_model.images.thumbnails import thumbnail
    from segnet_model.selection import Round
    from segnet_model.selection.gathering import select_of_all, spread_val
    from segnet_model.selection.history import next_number

    number, rankings = next_number(dataset.folder), _Rankings(out, tasks, made)
    listed = (each for each in dataset.origins.values() if dataset.contains(each))
    existing = {Key(each.bag, each.topic, each.stamp_ns, each.receive_ns) for each in listed}
    known = [thumbnail(read_image(path)) for path in split_images(dataset.folder, "train")]
    train = select_of_all(rankings, settings.count, existing, known)
    if not train:
        raise DatasetError("no frame is left to choose; give other recordings, or less --every")
    val = spread_val(rankings.loaders, rankings.val, settings.val, existing)
    return Round(settings, number, rankings.total, tuple(train), tuple(val))


class _Rankings:
    """The rankings of recordings, read one after the other.

    Attributes:
        loaders: a function for each that reads it.
        val: number of frames for val of each, after an iteration.
        total: number of candidates of all, after an iteration.
    """

    def __init__(self, out: Output, tasks: Sequence[Task], made: Made) -> None:
        ranked = [task for task in tasks if task.input.address not in made.set_aside]
        self.loaders = [partial(self._load, out.below(RANKINGS), task) for task in ranked]
        self.val: list[int] = []
        self.total = 0

    def __iter__(self) -> Iterator[Ranked]:
        self.val, self.total = [], 0
        for load in self.loaders:
            ranked = load()
            self.val.append(len(ranked.val))
            self.total += ranked.total
            yield ranked

    @staticmethod
    def _load(rankings: Output, task: Task) -> Ranked:
        from segnet_model.commands.fleet_jobs import RANKING
        from segnet_model.selection.gathering import load_ranking

        return load_ranking(rankings.read(task.name, RANKING), task.input.address)


def _take(
    args: argparse.Namespace,
    out: Output,
    copy: WorkingCopy,
    fleet: FleetRun,
    selected: Round,
    inputs: Sequence[Input],
) -> PickedSource:
    """Take the selected frames out of their recordings; returns a source of them."""
    from segnet_model.commands.fleet_jobs import PickJob
    from segnet_model.selection.picked import PickedSource

    keys = defaultdict(list)
    for pick in (*selected.train, *selected.val):
        keys[pick.source].append(pick.key[1:])
    tasks = [
        Task(output_name(item, {"keys": sorted(keys[item.address])}), item, keys[item.address])
        for item in inputs if item.address in keys
    ]  # fmt: skip
    picked = out.below(PICKED)
    made = fleet.complete(PickJob(args), picked, tasks)
    if made.set_aside:
        made.print_set_aside()
        raise DatasetError("selected frames cannot be read again; bring their recordings back")
    folders = {task.input.address: copy.fetched(picked, task.name) for task in tasks}
    return PickedSource(selected.settings.source, folders)
