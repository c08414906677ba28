"""Choose the frames of a recording whose labels would teach the network the most."""

from __future__ import annotations

import argparse
import logging
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.atomic import check_output
from segnet_model.base.options import MANY
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.commands import arguments
from segnet_model.commands.unused import Unused
from segnet_model.datasets.extraction.settings import GAP

if TYPE_CHECKING:
    from segnet_model.labels import LabelSet
    from segnet_model.selection import Round, SelectSettings

EPILOG = f"""\
Runs the network on each frame several times with dropout, and takes the frames where its
answers disagree most, spread over time and appearance. What is in OUT already is not taken again,
and what looks like it is taken last. Writes OUT/train/STAMP.png, OUT/selection.csv (each round's
frames, best first) and OUT/selection.png (those of the last round).

  segnet select drive.mcap bayesian_segnet_basic_drives --count 50 --out yard \\
      --classes path,grass,person
  segnet prelabel yard {DEFAULT_WEIGHTS} --out to_correct.zip

The same command again is the next round: it takes the next fifty. After an interruption it goes on
with the same fifty instead; OUT/selection.unfinished.json holds them until they are written.

OUT/manifest.csv says which bag, topic and stamp each file is from; `segnet extract` goes on with
the same list. Where another image has a file's name, as with the cameras of a stereo pair, the
topic is added: STAMP_camera-right-image_raw.png.

OUT/val, to measure on, gets frames of the last fifth of the recording, evenly spaced: hard frames
alone would make every network look bad, and neighbors of training frames every network look good.
Nothing to learn from is taken there, and {GAP:g} s (less in a short recording) is left out between.

A network without dropout runs once: --uncertainty none ranks by its entropy, which also rises
where classes merely look alike. The weights' classes need not be those of the data set.
"""
logger = logging.getLogger(__name__)
UNUSED = (
    *arguments.PASSES,
    Unused(("refine",), lambda args: True, "changes no frame's rank; leave it away"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    arguments.add_source(parser)
    parser.add_argument("--out", type=Path, required=True, help="data set folder to write to")
    add_options(parser)
    arguments.add_overwrite(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the source and the output, as for `segnet fleet`."""
    arguments.add_topic(parser)
    arguments.add_network(parser, ("mc", "none"))
    parser.set_defaults(uncertainty="mc", samples=8)
    arguments.add_classes(parser)
    parser.add_argument(
        "--count", type=arguments.number(1, MANY, int), default=50,
        help="number of frames to select for train (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--val", type=arguments.number(0, MANY, int), default=10,
        help="number of frames to select for val (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--every", type=arguments.number(0, 1e6), default=0.5, metavar="S",
        help="shortest time between two candidates in seconds (default: %(default)s)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Rank the frames, choose the best and write them; or finish an interrupted round."""
    from segnet_model.base.lock import locked
    from segnet_model.datasets.extraction.dataset_writer import check_folder

    settings = settings_of(args, str(args.source.resolve()))
    check_folder(args.out)
    with locked(args.out, "command"):
        _select(args, settings)


def settings_of(args: argparse.Namespace, source: str) -> SelectSettings:
    """The settings of a selection; SettingsError where they cannot be."""
    from segnet_model.selection import SelectSettings

    names = (field.name for field in fields(SelectSettings) if field.name != "source")
    return SelectSettings(source, **{name: getattr(args, name) for name in names})


def _select(args: argparse.Namespace, settings: SelectSettings) -> None:
    from segnet_model.base.progress import progress_bar, stoppable_bar
    from segnet_model.datasets.extraction.dataset_writer import DatasetWriter
    from segnet_model.datasets.sources import open_source
    from segnet_model.datasets.sources.folder import SHEET
    from segnet_model.selection import load_round, select_round, write_round

    check_output(args.out / SHEET)
    selected, dataset = load_round(args.out, settings), DatasetWriter(args.out)
    with open_source(args.source, args.topic) as source:
        predictor = arguments.load_predictor(args)
        arguments.write_classes(args, args.out)
        compare_classes(args.weights, predictor.info.labels, args.out)
        if selected is None:
            with progress_bar("ranking") as progress:
                selected = select_round(source, dataset, predictor, settings, progress)
        else:
            logger.info("%s: going on with round %d", args.out, selected.number)
        with stoppable_bar("writing") as progress:
            write_round(selected, source, dataset, predictor, progress)
    print(f"{args.out}: {summary(args.out, selected)}")


def compare_classes(
    weights: str, labels: LabelSet, dataset: Path, shown: str | None = None
) -> None:
    """Warn where the own classes of a data set, for people `shown`, differ from the network's."""
    from segnet_model.datasets.folder import LABELS_FILE, own_label_set

    own = own_label_set(dataset)
    if own and own.names != labels.names:
        logger.warning(
            "the classes of %s (%s) are not those of %s/%s; frames are ranked by how unsure it is "
            "of its own classes",
            weights, labels.name, shown or dataset, LABELS_FILE,
        )  # fmt: skip


def summary(out: Path, selected: Round, shown: str | None = None) -> str:
    """A round that was written to a data set, `shown` as this, for people."""
    from segnet_model.datasets.extraction.splits import SPLITS
    from segnet_model.datasets.folder import split_images

    train, val = (len(split_images(out, split)) for split in SPLITS)
    return (
        f"round {selected.number}: {len(selected.train)} of {selected.candidates} frames in train, "
        f"{len(selected.val)} in val, which now hold {train} and {val}; to be labeled in "
        f"trainannot and valannot; look at {shown or out}/selection.png"
    )
