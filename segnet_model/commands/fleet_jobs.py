"""The jobs of `segnet fleet`: what a single command does, with what it loads kept loaded."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from segnet_model.base.progress import ShareDone
from segnet_model.commands import arguments, check, extract, label, predict
from segnet_model.fleet.job import Outcome, Task, Work
from segnet_model.weights.shipped import find_weights

FINDINGS = "problems.json"


class CommandJob:
    """A command for each input; goes to each worker, pickled.

    Attributes:
        network: whether it needs PyTorch.
    """

    network = True

    def __init__(self, args: argparse.Namespace, threads: int) -> None:
        """Take a command's options, and the number of a worker's threads.

        Raises:
            SettingsError: options contradict each other.
            WeightsError: there are no such weights.
        """
        self._args, self._threads = args, threads
        if self.network:
            find_weights(args.weights)

    def settings(self) -> dict[str, Any]:
        """All that the outputs depend on, besides the input."""
        own = {name: value for name, value in vars(self._args).items() if name not in NOT_OURS}
        if self.network:
            own["weights"] = find_weights(self._args.weights)
        return own

    def open(self) -> Work:
        """Load the network."""
        raise NotImplementedError


NOT_OURS = ("command", "run")  # of the command line


class LabelJob(CommandJob):
    """`segnet label`."""

    def __init__(self, args: argparse.Namespace, threads: int) -> None:
        """Refuse options before any worker starts."""
        super().__init__(args, threads)
        label.label_settings(args)

    def open(self) -> Work:
        """Load the network."""
        args, predictor = self._args, arguments.load_predictor(self._args)
        return lambda task, source, out, progress: Outcome(
            label.work(args, source, out, predictor, progress)
        )


class PredictJob(CommandJob):
    """`segnet predict`."""

    def open(self) -> Work:
        """Load the network."""
        args, predictor = self._args, arguments.load_predictor(self._args)
        return lambda task, source, out, progress: Outcome(
            predict.work(args, source, out, predictor, progress)
        )


class ExtractJob(CommandJob):
    """`segnet extract`; a data set for each recording."""

    network = False

    def open(self) -> Work:
        """Nothing is loaded."""
        return self._extract

    def _extract(self, task: Task, source: Path, out: Path, progress: ShareDone) -> Outcome:
        from segnet_model.datasets.extraction.manifest import rename_bag

        text = extract.work(self._args, [source], out, progress)
        rename_bag(out, str(source.resolve()), task.input.address)  # where a copy was read
        return Outcome(text)


class CheckJob(CommandJob):
    """`segnet check`; its findings go to `FINDINGS`."""

    network = False

    def open(self) -> Work:
        """Nothing is loaded."""
        return self._check

    def _check(self, task: Task, source: Path, out: Path, progress: ShareDone) -> Outcome:
        report = check.work(self._args, source, progress, self._threads)
        out.mkdir()
        check.write_findings(report, out / FINDINGS)
        *_, counts = check.report_lines(report)
        return Outcome(counts, check.is_faulty(self._args, report))


JOBS: dict[str, type[CommandJob]] = {
    "label": LabelJob,
    "predict": PredictJob,
    "extract": ExtractJob,
    "check": CheckJob,
}
