"""Take images out of recordings or videos into a data set to label."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.choices import KINDS
from segnet_model.commands import arguments
from segnet_model.datasets.extraction.settings import BLOCK, GAP, SPLIT_WAYS, ExtractSettings

if TYPE_CHECKING:
    from segnet_model.base.progress import ShareDone

EPILOG = f"""\
Writes OUT/train/STAMP.png and, from the last fifth of each recording, OUT/val/STAMP.png. Label
them as OUT/trainannot/STAMP.png and OUT/valannot/STAMP.png (class ids, or the classes' colors),
remove the images that you leave unlabeled, and train:

  segnet extract drive.mcap --topic /camera/image_raw --every 0.5 --out my_yard
  segnet train my_yard --out runs/yard

A robot that waits records the same picture again and again. This takes an image only where it
differs from the last one taken, and never more than two a second (--every 0: however many):

  segnet extract drive.mcap --every 0.5 --unlike 3 --out my_yard

Several bags and cameras; files are then called STAMP_camera-left-image_raw.png:

  segnet extract monday tuesday --topic /camera/left/image_raw --topic /camera/right/image_raw \\
      --split bag --out my_yard

A video, or a folder of images, whose files keep their names and count as a second apart; images of
a video are called VIDEO_NANOSECONDS.png, after the time since its begin. Videos need
pip install 'segnet_ros[video]':

  segnet extract phone.mp4 photos --every 1 --out my_yard

Images that are neighbors in time look alike, so a network that is measured on the neighbors of
what it learned from looks better than it is. No split is made image by image:

  --split time     the last part of each bag is for val, less {GAP:g} s (in a short bag less) where
                   the two parts meet
  --split blocks   blocks of {BLOCK:g} s in turns, less {GAP:g} s where the splits meet: val sees
                   all of a long drive
  --split bag      whole bags are for val, those whose length is nearest to --val: the strictest

A recording that holds labels needs no labeling. Labels are joined to the image whose stamp is
nearest, each once, and images without are left out:

  segnet extract drive --topic /camera/image_raw --labels-topic /truth/labels --out drives

OUT/manifest.csv says which bag, topic and stamp, or which file, each image is from. Repeat the
command after an interruption, or with more bags: what is there already stays as it is, in the split
where it is. Images that would come next to an earlier run's of the other split are left out.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("sources", type=Path, nargs="+", metavar="SOURCE", help=KINDS)
    parser.add_argument("--out", type=Path, required=True, help="data set folder to write to")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the sources and the output, as for `segnet fleet`."""
    arguments.add_classes(parser)
    parser.add_argument(
        "--topic", dest="topics", action="append", default=[], metavar="T",
        help="image topic (may be repeated; default: the only one of each bag)",
    )  # fmt: skip
    add_thinning(parser)
    parser.add_argument(
        "--labels-topic", dest="labels_topics", action="append", default=[], metavar="T",
        help="label topic, mono8 class ids; one for each --topic, in the same order",
    )  # fmt: skip
    parser.add_argument(
        "--tolerance", type=float, metavar="S",
        help="longest time between an image and its labels in seconds (default: 0.001)",
    )  # fmt: skip
    split = parser.add_argument_group("split")
    split.add_argument(
        "--split", choices=SPLIT_WAYS, default=ExtractSettings.split,
        help="how images are split into train and val; see below (default: %(default)s)",
    )  # fmt: skip
    add_val(split)
    split.add_argument(
        "--block", type=float, metavar="S",
        help=f"duration of a block of --split blocks in seconds (default: {BLOCK:g})",
    )  # fmt: skip
    split.add_argument(
        "--gap", type=float, metavar="S",
        help=f"time left out between the splits in seconds (default: {GAP:g}; less in short bags)",
    )  # fmt: skip


def add_thinning(parser: argparse._ActionsContainer) -> None:
    """Add which images are taken of all that come."""
    parser.add_argument(
        "--every", type=float, default=ExtractSettings.every, metavar="S",
        help="shortest time between two images in seconds; 0 takes all (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--unlike", type=float, default=ExtractSettings.unlike, metavar="PERCENT",
        help="smallest difference to the last image taken, in percent over a thumbnail; 1 skips a "
        "standing robot, 5 needs a new view (default: 0, all images)",
    )  # fmt: skip


def add_val(parser: argparse._ActionsContainer) -> None:
    """Add the share of val."""
    parser.add_argument(
        "--val", type=float, default=ExtractSettings.val, metavar="SHARE",
        help="share of the time for val, 0 to 1 (default: %(default)s)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Extract with a progress bar; Ctrl-C ends it in good order."""
    from segnet_model.base.progress import stoppable_bar

    with stoppable_bar("extracting") as progress:
        text = work(args, args.sources, args.out, progress)
    print(text)


def work(args: argparse.Namespace, sources: Sequence[Path], out: Path, progress: ShareDone) -> str:
    """Extract the images of sources; returns what was done, for people."""
    from segnet_model.datasets.extraction.extract import extract

    values = {k: v for k, v in vars(args).items() if k in ExtractSettings.__dataclass_fields__}
    for name in ("topics", "labels_topics"):
        values[name] = tuple(values[name])
    settings = ExtractSettings(**values)
    arguments.write_classes(args, out)
    return f"{out}: {extract(sources, out, settings, progress)}"
