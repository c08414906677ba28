"""Find everything that is wrong with a data set before it is trained on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.atomic import check_output, whole_file
from segnet_model.base.errors import DatasetError
from segnet_model.base.listed import join_first
from segnet_model.base.marks import MARK
from segnet_model.base.terminal import plain
from segnet_model.commands import arguments

if TYPE_CHECKING:
    from segnet_model.base.progress import ShareDone
    from segnet_model.datasets.checking import DatasetReport, SplitFacts
    from segnet_model.datasets.checking.problems import Problem
    from segnet_model.labels import LabelSet

EPILOG = """\
Reads every file of every split and names all problems at once, and how to fix each:

  errors     images without labels and labels without images, files that do not open, sizes that
             differ, ids or colors outside the label set, the same image in two splits
  warnings   a class that train never shows, labels nearly all ignored, palettes of another order,
             images of a split that are nearly those of another, or lie between them by number
  notes      what may well be meant, e.g. images of several sizes

and says of each split how much of it each class is, and in how many images it is seen.

  segnet check yard
  segnet check yard --labels yard.yaml --json problems.json --strict && segnet train yard --out run

Ends with 0 where there is no error, 1 where there is one (with --strict: or a warning), 2 where
there is nothing to check. The screen names a few files of each problem, --json all of them.
"""
BAR = 24  # characters
MOST_SHOWN = 8  # problems of a kind
MOST_FILES = 4  # of a problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "dataset", type=Path, help="data set: folder with train/, trainannot/ and so on"
    )
    add_options(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="file to write all findings to")
    parser.add_argument(
        "--workers", type=arguments.number(1, 1000, int),
        help="threads that read files (default: one per core)",
    )  # fmt: skip
    arguments.add_overwrite(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the data set, the output and the threads, as for `segnet fleet`."""
    arguments.add_labels(parser)
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def run(args: argparse.Namespace) -> int:
    """Check, print and write; returns the exit code."""
    from segnet_model.base.progress import progress_bar

    if args.json:
        check_output(args.json)
    with progress_bar("checking") as progress:
        report = work(args, args.dataset, progress, args.workers)
    for line in report_lines(report):
        print(plain(line))
    if args.json:
        write_findings(report, args.json)
    return int(is_faulty(args, report))


def work(
    args: argparse.Namespace, dataset: Path, progress: ShareDone, threads: int | None
) -> DatasetReport:
    """Check a data set."""
    from segnet_model.datasets.checking import check_dataset
    from segnet_model.datasets.folder import load_label_set

    return check_dataset(dataset, load_label_set(dataset, args.labels), progress, threads)


def write_findings(report: DatasetReport, file: Path) -> None:
    """Write all findings as JSON; DatasetError where that fails."""
    try:
        with whole_file(file) as path:
            path.write_text(json.dumps({"made_by": MARK, **report.to_dict()}, indent=1))
    except OSError as error:
        raise DatasetError(
            f"cannot write {file}: {error}; give another --json, or free some disk"
        ) from None


def is_faulty(args: argparse.Namespace, report: DatasetReport) -> bool:
    """Whether the command ends with 1: the data set has errors, or with --strict warnings."""
    return bool(report.count("error") or (args.strict and report.count("warning")))


def report_lines(report: DatasetReport) -> Iterator[str]:
    """Lines of a report, for people."""
    label_set = report.label_set
    yield f"{report.dataset}: label set {label_set.name}, {label_set.num_classes} classes"
    for name, split in report.splits.items():
        yield ""
        yield from _split(name, split, label_set)
    for _, same in groupby(report.problems, lambda problem: problem.kind):
        yield ""
        yield from _kind(list(same), report)
    counts = ((report.count("error"), "error"), (report.count("warning"), "warning"))
    yield ""
    yield ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts)


def _split(name: str, split: SplitFacts, label_set: LabelSet) -> Iterator[str]:
    sizes = ", ".join(
        f"{w}x{h}" + (f" ({count})" if len(split.sizes) > 1 else "")
        for (h, w), count in split.sizes.most_common(MOST_SHOWN)
    )
    lacking = split.images - split.labeled
    without = f", {lacking} of them without usable labels" if lacking else ""
    yield f"{name}: {split.images} images{without}" + (f", {sizes}" if sizes else "")
    if not split.labeled:
        return
    width = max(14, *(len(each) for each in label_set.names))
    yield f"  {'class':<{width}}{'share':>9}  {'':<{BAR}}  {'images':>7}"
    shares = split.shares(label_set).tolist()
    most = max(shares) or 1.0  # all may be ignored
    for index, (each, share) in enumerate(zip(label_set.names, shares, strict=True)):
        bar = "#" * round(BAR * share / most) or ("." if share else "")
        yield f"  {each:<{width}}{_percent(share):>9}  {bar:<{BAR}}  {split.seen_in[index]:>7}"
    yield f"  {'ignored':<{width}}{_percent(split.ignored(label_set)):>9}"


def _kind(problems: list[Problem], report: DatasetReport) -> Iterator[str]:
    kind = problems[0].kind
    times = f" ({len(problems)})" if len(problems) > 1 else ""
    yield f"{kind.severity}: {kind.name}{times}"
    yield f"  {kind.mend}"
    for problem in problems[:MOST_SHOWN]:
        yield f"    {_problem(problem, report)}"
    if len(problems) > MOST_SHOWN:
        yield f"    ... and {len(problems) - MOST_SHOWN} more"


def _problem(problem: Problem, report: DatasetReport) -> str:
    files = join_first((report.name(path) for path in problem.files), MOST_FILES)
    parts = (files, problem.detail) if len(problem.files) <= MOST_FILES else (problem.detail, files)
    return ": ".join(part for part in parts if part)


def _percent(share: float) -> str:
    return "-" if not share else f"{100 * share:.2f} %"
