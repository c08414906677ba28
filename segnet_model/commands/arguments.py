"""Arguments that several commands share, and the objects that are made from them."""

from __future__ import annotations

import argparse
import logging
import math
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.choices import KINDS, LABEL_SETS, UNCERTAINTIES
from segnet_model.base.class_maps import load_map, read_map
from segnet_model.base.options import ABOVE_0
from segnet_model.base.tables import (
    GRID,
    IDS_ALONE,
    NETWORK,
    AnswerSettings,
    GroundOptions,
    NetworkSettings,
    uncertainty_help,
)
from segnet_model.commands import outputs
from segnet_model.commands.places import add_weights
from segnet_model.commands.unused import Unused

if TYPE_CHECKING:
    from segnet_model.datasets.sources import Source
    from segnet_model.driving.settings import GroundSettings
    from segnet_model.inference.predictor import Predictor

logger = logging.getLogger(__name__)
MOST_SECONDS = 1e9  # 31 years: no recording is longer
PASSES = (
    Unused(
        ("samples",), lambda args: args.uncertainty != "mc",
        "is the number of passes of --uncertainty mc; give that too, or leave it away",
    ),
    Unused(
        ("seed",), lambda args: args.uncertainty not in ("mc", "temporal"),
        "is of the dropout masks of --uncertainty mc or temporal; give that too, or leave it away",
    ),
)  # fmt: skip
MOUNTING = Unused(
    [f"camera_{name}" for name in ("forward", "left", "pitch", "roll", "yaw")],
    lambda args: not args.camera_height,
    "needs --camera-height: without it the camera's whole pose comes from tf",
)
DRIVABLE = ("max_uncertainty", "drivable_min_area", "drivable_margin")  # of `add_drivable`
WEIGHTS = "weights file (.safetensors), exported network, or name of shipped weights"
ORIGINALS = "weights file (.safetensors), adopted network (.onnx), or name of shipped weights"


def add_network(
    parser: argparse.ArgumentParser, uncertainties: Collection[str], otherwise: str | None = None
) -> None:
    """Add the weights, and how the network runs.

    Args:
        parser: of the command.
        uncertainties: those of `UNCERTAINTIES` that the command can use.
        otherwise: what the command does without weights; None where it needs them.
    """
    assert set(uncertainties) <= set(UNCERTAINTIES)
    add_weights(parser, WEIGHTS, otherwise)
    ways = {"choices": uncertainties, "help": uncertainty_help(uncertainties)}
    names = [name for name in options.options_of(NetworkSettings) if name != "weights"]
    options.add_arguments(parser, NetworkSettings, names=names, uncertainty=ways)


def load_predictor(args: argparse.Namespace) -> Predictor:
    """Load the predictor of `add_network`."""
    from segnet_model.inference.predictor import Predictor

    chosen = options.from_arguments(NetworkSettings, args)
    predictor = Predictor.load(
        chosen.weights, chosen.device, chosen.precision, chosen.engine,
        uncertainty=chosen.uncertainty, samples=chosen.samples, seed=chosen.seed,
        refine=chosen.refine, trusted=chosen.trusted_networks,
    )  # fmt: skip
    if predictor.info.answers_ids and getattr(args, "max_uncertainty", 0) != 1:
        logger.warning(IDS_ALONE)
    return predictor


def add_source(parser: argparse.ArgumentParser, *, live: bool = False) -> None:
    """Add the source of the images."""
    camera = ", or a camera as /dev/video0, until Ctrl-C" if live else ""
    parser.add_argument("source", type=Path, help=KINDS + camera)


def add_topic(parser: argparse.ArgumentParser) -> None:
    """Add the topic of the images in the source."""
    parser.add_argument("--topic", help="image topic (default: the only one of the bag)")


def add_part(parser: argparse.ArgumentParser) -> None:
    """Add start, duration and rate of a part of a source."""
    group = parser.add_argument_group("part; an image of a folder lasts one second")
    group.add_argument(
        "--start", type=number(0, MOST_SECONDS), default=0.0, metavar="S",
        help="start of the part in seconds (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "--seconds", type=number(ABOVE_0, MOST_SECONDS), metavar="S",
        help="duration of the part in seconds (default: all)",
    )  # fmt: skip
    group.add_argument(
        "--every", type=number(0, MOST_SECONDS), default=0.0, metavar="S",
        help="shortest time between two images in seconds (default: 0)",
    )  # fmt: skip


def part_of(source: Source, args: argparse.Namespace) -> Source:
    """The part of an open source that `add_part` describes."""
    return source.part(args.start, args.seconds, args.every)


def add_split(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add a data set, its split and its label set; purpose completes "split to"."""
    parser.add_argument("dataset", type=Path, help="data set: folder with val/ and valannot/")
    parser.add_argument("--split", default="val", help=f"split to {purpose} (default: val)")
    add_labels(parser)


def add_labels(parser: argparse.ArgumentParser) -> None:
    """Add the label set of a data set."""
    parser.add_argument(
        "--labels", metavar="LABELS",
        help=f"label set: a YAML file, or one of {', '.join(LABEL_SETS)} "
        "(default: the data set's own)",
    )  # fmt: skip


def add_classes(parser: argparse.ArgumentParser) -> None:
    """Add the classes of a new data set; see `write_classes`."""
    parser.add_argument(
        "--classes", metavar="NAMES", type=lambda text: [each.strip() for each in text.split(",")],
        help="classes that will be labeled, as path,grass,person; written to labels.yaml in OUT "
        "with colors, and as drivable if the shipped class of this name is",
    )  # fmt: skip


def write_classes(args: argparse.Namespace, out: Path, shown: str | None = None) -> None:
    """Write the classes of `add_classes`, if they are given, to the data set `out`.

    Args:
        args: of the command.
        out: the data set, or the copy of one that is `shown`.
        shown: its name for people; None for `out`.

    Raises:
        SettingsError: they are no names.
        DatasetError: the data set has others.
    """
    from segnet_model.datasets.folder import write_label_set
    from segnet_model.labels import label_set_of

    if args.classes is None:
        return
    labels = label_set_of(args.classes, out.resolve().name)
    outputs.make_folder(out)
    write_label_set(out, labels)
    names = [f"{each.name} (drivable)" if each.drivable else each.name for each in labels.classes]
    print(f"{shown or out}/labels.yaml: {', '.join(names)}")


def add_map(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add `--map NAME=CLASS`, which may be repeated, and `--map-file`; see `class_map`."""
    parser.add_argument(
        "--map", action="append", default=[], metavar="NAME=CLASS",
        help=f"{help_text} (may be repeated)",
    )  # fmt: skip
    add_map_file(parser)


def add_map_file(parser: argparse._ActionsContainer) -> None:
    """Add `--map-file` alone; see `file_map`."""
    parser.add_argument(
        "--map-file", type=Path, metavar="FILE",
        help="as --map in a YAML file, with a line NAME: CLASS for each; --map comes first",
    )  # fmt: skip


def class_map(args: argparse.Namespace) -> dict[str, str]:
    """The class map of `add_map`."""
    return {**file_map(args), **read_map(args.map)}


def file_map(args: argparse.Namespace) -> dict[str, str]:
    """The class map of `--map-file` alone."""
    return load_map(args.map_file) if args.map_file else {}


def add_drivable(parser: argparse.ArgumentParser) -> None:
    """Add the options of the drivable area; the defaults are the node's."""
    options.add_arguments(parser, AnswerSettings, names=DRIVABLE)


def add_ground(parser: argparse.ArgumentParser) -> None:
    """Add the camera's mounting and the ground grid."""
    group = parser.add_argument_group("camera on the robot, and ground grid")
    groups = {GRID: group, NETWORK: group}
    options.add_arguments(parser, GroundOptions, groups)
    of_grid = [n for n, each in options.options_of(AnswerSettings).items() if each.group == GRID]
    options.add_arguments(parser, AnswerSettings, groups, names=of_grid)


def answer_settings(args: argparse.Namespace) -> AnswerSettings:
    """Settings of the outputs, from `add_drivable` and `add_ground`."""
    return options.from_arguments(AnswerSettings, args)


def ground_settings(args: argparse.Namespace) -> GroundSettings:
    """The camera's mounting and the ground grid, from `add_ground`."""
    from segnet_model.driving.settings import GroundSettings

    return options.from_arguments(GroundSettings, args)


def add_overwrite(parser: argparse._ActionsContainer) -> None:
    """Add `--overwrite`; `segnet_model.cli` passes it to the writer of all files."""
    parser.add_argument(
        "--overwrite", action="store_true",
        help="replace files that segnet did not write, or that were changed since",
    )  # fmt: skip


def number(low: float, high: float = math.inf, kind: type = float) -> Callable[[str], float]:
    """A type for argparse: a finite number from low to high, both allowed; whole if kind is int."""
    limits = options.Option(0, "", limits=(low, high))

    def read(text: str) -> float:
        try:
            value: float = kind(text)
        except ValueError:
            whole = "whole " if kind is int else ""
            raise argparse.ArgumentTypeError(f"{text!r} is not a {whole}number") from None
        if not (low <= value <= high and value < math.inf):
            raise argparse.ArgumentTypeError(f"{text} is out of range; give {limits.range}")
        return value

    return read


def size(text: str) -> tuple[int, int]:
    """Read HEIGHTxWIDTH, for argparse: (height, width) in pixels."""
    try:
        height, width = (int(side) for side in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not HEIGHTxWIDTH, e.g. 360x480") from None
    return height, width
