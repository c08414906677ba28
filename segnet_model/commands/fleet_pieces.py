"""Long recordings of `segnet fleet`, cut by time so that several workers work on one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.bags.kinds import is_bag_folder, is_recording
from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.progress import ShareDone
from segnet_model.commands import label
from segnet_model.commands.fleet_jobs import CommandJob, LabelJob, PredictJob
from segnet_model.datasets.sources import BagSource
from segnet_model.fleet import records
from segnet_model.fleet.job import Task, Work
from segnet_model.fleet.pieces import FOLDER, pieces_of
from segnet_model.fleet.storage import Output

if TYPE_CHECKING:
    from segnet_model.commands.fleet_run import FleetRun
    from segnet_model.inference.predictor import Predictor

GIGABYTE = 1e9
DONE = (records.DONE, records.FAULTY)


class LabelPieces(LabelJob):
    """The answers of a piece of a recording, `Task.extra`."""

    def open(self) -> Work:
        """Load the network."""
        return self.network_work(self._answer)

    def _answer(
        self, task: Task, path: Path, out: Path, predictor: Predictor, progress: ShareDone
    ) -> str:
        from segnet_model.recordings.answer_pieces import answer_piece

        settings = label.label_settings(self.args)
        with BagSource(path, self.args.topic, exclude=settings.prefix) as source:
            span = task.extra.span(source.start_ns, source.end_ns)
            return f"{answer_piece(source, span, out, predictor, settings, progress)} images"


class PredictPieces(PredictJob):
    """The masks of a piece of a recording, `Task.extra`."""

    def open(self) -> Work:
        """Load the network."""
        return self.network_work(self._predict_piece)

    def _predict_piece(
        self, task: Task, path: Path, out: Path, predictor: Predictor, progress: ShareDone
    ) -> str:
        from segnet_model.recordings.prediction_pieces import predict_piece

        unsure = self.args.uncertainty != "none"
        with BagSource(path, self.args.topic) as source:
            part = source.between(*task.extra.span(source.start_ns, source.end_ns))
            return f"{predict_piece(part, predictor, out, unsure, progress)} images"


JOBS: dict[str, Callable[[argparse.Namespace], CommandJob]] = {
    "label": LabelPieces,
    "predict": PredictPieces,
}


def with_pieces(
    args: argparse.Namespace, fleet: FleetRun, out: Output, tasks: Sequence[Task]
) -> list[Task]:
    """Make the pieces of long recordings that are missing.

    A piece that fails is left to the worker that joins the recording, which names the error of the
    whole.

    Returns:
        The tasks, with the folders of their pieces as `extra`.
    """
    if out.local is None or not _can_be_cut(args):
        return list(tasks)
    states, hidden = records.read_states(out), Output(out.path(FOLDER))
    cut = {
        task.name: [
            Task(f"{task.name}.{piece.number}-of-{piece.count}", task.input, piece)
            for piece in pieces
        ]
        for task in tasks
        if states.get(task.name) not in DONE
        and len(pieces := pieces_of(task.input, args.piece * GIGABYTE)) > 1
        and _is_recording(task.input.address)
    }
    if not cut:
        return list(tasks)
    fleet.complete(JOBS[args.work](args), hidden, [*chain(*cut.values())])
    made = records.read_states(hidden)
    whole = {
        name: [Path(hidden.path(each.name)) for each in pieces]
        for name, pieces in cut.items()
        if all(made.get(each.name) in DONE for each in pieces)
    }
    return [replace(task, extra=whole.get(task.name)) for task in tasks]


def _can_be_cut(args: argparse.Namespace) -> bool:
    """Whether no image's output depends on the images before; --every counts from the last one."""
    part = [getattr(args, name, None) for name in ("start", "seconds", "every")]
    if args.work not in JOBS or any(part):
        return False
    return not UNCERTAINTIES.find(args.uncertainty).averages


def _is_recording(address: str) -> bool:
    """Whether there is a bag at an address; one in an object store would be fetched for each."""
    path = Path(address)
    return path.exists() and (is_bag_folder(path) if path.is_dir() else is_recording(path))
