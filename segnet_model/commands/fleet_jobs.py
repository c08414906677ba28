"""The jobs of `segnet fleet`: what a single command does, with what it loads kept loaded."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.errors import SegNetError
from segnet_model.base.progress import ShareDone
from segnet_model.commands import arguments, check, extract, label, predict, select
from segnet_model.engines.engine import engine_for
from segnet_model.fleet.job import Input, Outcome, Task, Work
from segnet_model.fleet.naming import output_name, settings_of
from segnet_model.weights.shipped import find_weights

if TYPE_CHECKING:
    from segnet_model.inference.predictor import Predictor

FINDINGS = "problems.json"
RANKING = "ranking.npz"
NOT_PICKLED = ("run", "parser", "unused")  # of the command line
OF_FLEET = (
    "command", "work", "bags", "out", "address", "workers", "cpus", "gpus", "piece", "overwrite",
)  # fmt: skip
NetworkWork = Callable[[Task, Path, Path, "Predictor", ShareDone], str]


class CommandJob:
    """A command for each input; goes to each worker, pickled.

    All workers run the engine that is chosen here, so that "auto" gives one kind of output on
    machines of several kinds.

    Attributes:
        network: whether it runs a network.
        args: of the command.
    """

    network = True

    def __init__(self, args: argparse.Namespace) -> None:
        """Take the arguments of `segnet fleet`.

        Raises:
            SettingsError: options contradict each other.
            WeightsError: there are no such weights.
        """
        self.args, self._threads = _without(args, NOT_PICKLED), args.cpus
        if self.network:
            self._engine, self._runs = engine_for(
                find_weights(args.weights), args.engine, args.device, args.precision,
                needs_dropout=UNCERTAINTIES.find(args.uncertainty).needs_dropout,
                gpu=args.gpus > 0,
            )  # fmt: skip

    def settings(self) -> dict[str, Any]:
        """All that the outputs depend on, besides the input."""
        own = vars(_without(self.args, OF_FLEET))
        if not self.network:
            return own
        files = {"weights": find_weights(own["weights"])}
        if self._runs != files["weights"]:
            files["export"] = self._runs
        return {**own, **files}

    def load_predictor(self) -> Predictor:
        """Load the network with the chosen engine."""
        return arguments.load_predictor(
            argparse.Namespace(**{**vars(self.args), "engine": self._engine})
        )

    def tasks(self, inputs: Sequence[Input]) -> list[Task]:
        """A task for each input."""
        settings = settings_of(self.args.work, self.settings())
        return [Task(output_name(item, settings), item) for item in inputs]

    def open(self) -> Work:
        """Load the network."""
        raise NotImplementedError

    def network_work(self, work: NetworkWork) -> Work:
        """The work of a command with a network, which is loaded here and kept."""
        predictor = self.load_predictor()

        def do(task: Task, source: Path, out: Path, progress: ShareDone) -> Outcome:
            predictor.forget()  # two recordings may be parts of one drive
            return Outcome(work(task, source, out, predictor, progress))

        return do


def _without(args: argparse.Namespace, names: Sequence[str]) -> argparse.Namespace:
    return argparse.Namespace(**{k: v for k, v in vars(args).items() if k not in names})


class LabelJob(CommandJob):
    """`segnet label`; `Task.extra` has the folders of pieces, if it was cut."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Refuse options before any worker starts."""
        super().__init__(args)
        label.label_settings(args)

    def open(self) -> Work:
        """Load the network."""
        return self.network_work(self._label)

    def _label(
        self, task: Task, path: Path, out: Path, predictor: Predictor, progress: ShareDone
    ) -> str:
        return label.work(self.args, path, out, predictor, progress, task.extra or ())


class PredictJob(CommandJob):
    """`segnet predict`; `Task.extra` has the folders of pieces, if it was cut."""

    def open(self) -> Work:
        """Load the network."""
        return self.network_work(self._predict)

    def _predict(self, task: Task, path: Path, out: Path, *rest: Any) -> str:
        """Join the pieces, or predict."""
        from segnet_model.recordings.prediction_pieces import join_predictions

        joined = join_predictions(task.extra, out) if task.extra else None
        return (
            predict.summary(out, *joined) if joined else predict.work(self.args, path, out, *rest)
        )


class ExtractJob(CommandJob):
    """`segnet extract`; a data set for each recording."""

    network = False

    def open(self) -> Work:
        """Nothing is loaded."""
        return self._extract

    def _extract(self, task: Task, source: Path, out: Path, progress: ShareDone) -> Outcome:
        from segnet_model.datasets.extraction.extract import TAKEN
        from segnet_model.datasets.extraction.manifest import rename_bag

        try:
            text = extract.work(self.args, [source], out, progress)
        except SegNetError as error:  # a part of a recording is no output
            raise type(error)(str(error).partition(TAKEN)[0]) from None
        if str(source) != task.input.address:  # a copy was read
            rename_bag(out, str(source.resolve()), task.input.address)
        return Outcome(text)


class CheckJob(CommandJob):
    """`segnet check`; its findings go to `FINDINGS`."""

    network = False

    def open(self) -> Work:
        """Nothing is loaded."""
        return self._check

    def _check(self, task: Task, source: Path, out: Path, progress: ShareDone) -> Outcome:
        report = check.work(self.args, source, progress, self._threads)
        out.mkdir()
        check.write_findings(report, out / FINDINGS)
        *_, counts = check.report_lines(report)
        return Outcome(counts, check.is_faulty(self.args, report))


class RankJob(CommandJob):
    """The first half of `segnet select`: the ranking of a recording's frames."""

    def settings(self) -> dict[str, Any]:
        """Without how many frames are selected in the end, so that a next round ranks none anew."""
        rest = {k: v for k, v in super().settings().items() if k not in ("count", "val", "classes")}
        return {**rest, "val": self.args.val > 0}

    def open(self) -> Work:
        """Load the network."""
        return self.network_work(self._rank)

    def _rank(
        self, task: Task, path: Path, out: Path, predictor: Predictor, progress: ShareDone
    ) -> str:
        from segnet_model.datasets.extraction.dataset_writer import DatasetWriter
        from segnet_model.datasets.sources import open_source
        from segnet_model.selection.gathering import ranked_of, save_ranking
        from segnet_model.selection.selecting import Ranking

        settings = select.settings_of(self.args, task.input.address)
        with open_source(path, self.args.topic) as source:
            ranking = Ranking(source, DatasetWriter(out), predictor, settings, progress)
        out.mkdir()
        save_ranking(out / RANKING, ranked_of(ranking))
        return f"{len(ranking.candidates)} candidates"


class PickJob(CommandJob):
    """The second half of `segnet select`: takes selected frames, the keys in `Task.extra`."""

    network = False

    def open(self) -> Work:
        """Nothing is loaded."""
        return self._pick

    def _pick(self, task: Task, path: Path, out: Path, progress: ShareDone) -> Outcome:
        from segnet_model.datasets.sources import open_source
        from segnet_model.selection.picked import take_picked

        with open_source(path, self.args.topic) as source:
            return Outcome(f"{take_picked(source, task.extra, out, progress)} frames")


JOBS: dict[str, type[CommandJob]] = {
    "label": LabelJob,
    "predict": PredictJob,
    "extract": ExtractJob,
    "check": CheckJob,
}
