"""Measure weights on labeled images, alone or beside others."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segnet_model.base.atomic import check_output, whole_file
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.marks import MARK
from segnet_model.commands import arguments, outputs
from segnet_model.commands.evaluation_table import print_comparison, print_table

if TYPE_CHECKING:
    from segnet_model.datasets.folder import LabeledFolder
    from segnet_model.evaluation.report import Circumstances, WorstFrames
    from segnet_model.inference.predictor import Predictor

EPILOG = """\
Prints how well each class is found, and whether the network is unsure where it is wrong:

  boundary F1    do outlines follow the true ones?
  ECE            does it say 80 % where it is right 80 times of 100? (0 is best)
  AUROC, AUPR    do unsure pixels turn out wrong? (1 is best)
  PAvPU          share of 4x4 patches that are right and sure, or wrong and unsure
  drivable area  how much of it is drivable, and how much of the ground is in it; where the weights
                 have a bound from segnet calibrate, what became of its promise

With --out a page for people is in report.html: all figures and curves, what each class is taken
for, the frames that went worst. It is one file that needs nothing else, to be mailed or printed.
For scripts the same is in evaluation.json. Images spread over the split are in evaluation.png.

  segnet evaluate my_yard runs/yard/weights.safetensors
  segnet evaluate camvid segnet_basic_camvid --out results
  segnet evaluate drives bayesian_segnet_basic_drives --uncertainty mc --samples 50 --out results

Calibration looks better than it is on images that the temperature was fitted on: `segnet train` and
`segnet calibrate` fit it on val, so measure another split to know.

A data set of other classes than the weights' is mapped to theirs: by the table that ships for the
two label sets, by equal names, and by --map. Classes that its labels lack are not measured:

  segnet evaluate camvid outdoor.safetensors
  segnet evaluate my_yard outdoor.safetensors --map lawn=Grass --map dog=ignore

Where a map from the weights' classes ships, as to the coarser ones of comma10k, or where --map is
one, the answers are mapped:

  segnet evaluate my_yard outdoor.safetensors --map Path=way --map Road=way --map Grass=rest ...

Did it get better? --compare measures both and shows the frames on which they differ most. Means are
over the classes that the labels have and both can answer. Weights of other classes are mapped to
those of the first, or the first and the labels to theirs, by the same tables and --map:

  segnet evaluate my_yard new.safetensors --compare old.safetensors --out results
"""
EXAMPLES = 6  # in evaluation.png
FIGURES, PAGE, SHEET = "evaluation.json", "report.html", "evaluation.png"
UNUSED = arguments.PASSES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    # The images of a data set are no video, so there is no temporal.
    arguments.add_split(parser, "evaluate on")
    arguments.add_network(parser, ("none", "features", "mc"))
    arguments.add_map(
        parser, "class of the weights for a class of the data set, or the other way round; CLASS "
        "may be ignore",
    )  # fmt: skip
    arguments.add_drivable(parser)
    parser.add_argument(
        "--out", type=Path, help="folder to write the report to (default: no report)"
    )
    parser.add_argument(
        "--compare", metavar="WEIGHTS",
        help="weights to evaluate with the same options and to compare with",
    )  # fmt: skip
    parser.add_argument(
        "--curve", action="store_true",
        help="evaluate mIoU after 1, 2, 3, 5 ... passes of mc too; takes twice as long",
    )  # fmt: skip
    arguments.add_overwrite(parser)


def run(args: argparse.Namespace) -> None:
    """Measure, print a table and write the report."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.folder import load_label_set, open_split
    from segnet_model.evaluation.caveats import caveats
    from segnet_model.evaluation.evaluate import COUNTS, evaluate_all
    from segnet_model.evaluation.report import WorstFrames, describe
    from segnet_model.evaluation.sheet import draw_examples
    from segnet_model.images.files import write_png

    folder = open_split(args.dataset, args.split, load_label_set(args.dataset, args.labels))
    if args.out:
        outputs.make_folder(args.out)
        for name in (FIGURES, PAGE, SHEET):
            check_output(args.out / name)
    weights = [args.weights, *([args.compare] if args.compare else [])]
    predictors = [_load(args, each) for each in weights]
    folder, predictors = _mapped(args, folder, weights, predictors)
    counts = [t for t in COUNTS if t <= args.samples] if args.curve else []
    worst = WorstFrames()
    with progress_bar("evaluating") as progress:
        found = evaluate_all(
            predictors, folder, counts, lambda index: progress((index + 1) / len(folder)),
            worst.add, arguments.answer_settings(args),
        )  # fmt: skip
    if not found[0].matrix.pixels.any():
        raise DatasetError(f"no pixel of {args.dataset}/{args.split} is labeled; label some first")
    networks = list(zip(weights, predictors, found, strict=True))
    evaluation = describe(_circumstances(args, folder), networks)
    evaluation["worst_frames"] = worst.to_dict()
    evaluation["caveats"] = caveats(len(folder), found[0].matrix, found[0].seen_in)
    print_table(evaluation)
    if args.compare:
        print_comparison(evaluation)
    for caveat in evaluation["caveats"]:
        print(f"note: {caveat}")
    if args.out:
        _write(args.out, evaluation, folder, worst)
        write_png(args.out / SHEET, draw_examples(predictors[0], folder, EXAMPLES))
        print(f"look at {args.out / PAGE}; beside it {FIGURES}, {SHEET}")


def _load(args: argparse.Namespace, weights: str) -> Predictor:
    """Load a predictor; errors name its weights."""
    with _named(weights):
        return arguments.load_predictor(argparse.Namespace(**{**vars(args), "weights": weights}))


@contextmanager
def _named(weights: str) -> Iterator[None]:
    """Let errors name the weights."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{weights}: {error}") from None


def _mapped(
    args: argparse.Namespace, folder: LabeledFolder, weights: list[str], predictors: list[Predictor]
) -> tuple[LabeledFolder, list[Predictor]]:
    """The folder and the predictors with their labels mapped to one label set."""
    from segnet_model.evaluation.mapped import (
        check_map,
        check_used,
        mapped_predictor,
        mapped_truth,
    )

    renamed = arguments.class_map(args)
    label_sets = [folder.label_set, *(each.info.labels for each in predictors)]
    check_map(renamed, list(dict.fromkeys(label_sets)))
    refused = []
    for name, leading in zip(weights, predictors, strict=True):  # whose classes are to be measured
        try:
            with _named(name):
                truth = mapped_truth(folder, leading.info.labels, renamed)
            mapped = []
            for each, predictor in zip(weights, predictors, strict=True):
                with _named(each):
                    mapped.append(mapped_predictor(predictor, truth, renamed))
            changed = [p for p, m in zip(predictors, mapped, strict=True) if m is not p]
            check_used(renamed, [folder.label_set, *(each.info.labels for each in changed)])
            return truth, mapped
        except SettingsError as error:
            refused.append(error)
    raise refused[0]


def _circumstances(args: argparse.Namespace, folder: LabeledFolder) -> Circumstances:
    from segnet_model.evaluation.report import Circumstances

    return Circumstances(
        datetime.now(timezone.utc), str(args.dataset), args.split, len(folder),
        folder.label_set.name, args.uncertainty, args.samples, args.seed, args.refine,
        _map_facts(folder),
    )  # fmt: skip


def _map_facts(folder: LabeledFolder) -> dict[str, Any]:
    """How the labels were mapped, as plain values; empty where they were not."""
    from segnet_model.evaluation.report import map_facts

    if folder.label_map is None:
        return {}
    names = zip(folder.label_set.names, folder.measurable, strict=True)
    missing = [name for name, measured in names if not measured]
    return {**map_facts(folder.label_map), "not_measured": missing}


def _write(
    out: Path, evaluation: dict[str, Any], folder: LabeledFolder, worst: WorstFrames
) -> None:
    """Write evaluation.json and report.html, whole or not at all."""
    from segnet_model.evaluation.report import render

    page = render(evaluation, folder.label_set, worst.frames)
    figures = json.dumps({"made_by": MARK, **evaluation}, indent=1)
    texts = {FIGURES: figures, PAGE: f"{page}\n<!-- {MARK} -->\n"}
    try:
        for name, text in texts.items():
            with whole_file(out / name) as path:
                # A file name may hold bytes that are not UTF-8.
                path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise SettingsError(f"cannot write to {out}: {error}; is the disk full?") from None
