"""Take images out of a recording into a data set to label."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.data.extract import Extracted, extract
from segnet_model.progress import progress_bar

EPILOG = """\
Writes OUT/train/STAMP.png and, from the last fifth of the recording, OUT/val/STAMP.png. Label
them as OUT/trainannot/STAMP.png and OUT/valannot/STAMP.png (class ids, or the classes' colours),
remove the images that you leave unlabelled, and train:

  segnet extract drive.mcap --topic /camera/image_raw --every 0.5 --out my_yard
  segnet train my_yard --out runs/yard

A recording that holds labels with the images' stamps needs no labelling:

  segnet extract drive --topic /camera/image_raw --labels-topic /truth/labels --out drives

Repeat the command after an interruption: what is there already stays as it is.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("bag", type=Path, help="a rosbag2 folder, .mcap or .db3 file")
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--topic", help="of the images; needed where the bag has several")
    parser.add_argument(
        "--every", type=float, default=0.5, metavar="S", help="seconds between images (0.5)"
    )
    parser.add_argument("--labels-topic", metavar="T", help="mono8 class ids of the images")
    parser.add_argument(
        "--val", type=float, default=0.2, metavar="SHARE", help="of the time, at the end (0.2)"
    )


def run(args: argparse.Namespace) -> None:
    """Extract with a progress bar."""
    with progress_bar("extracting") as progress:
        found = extract(
            args.bag, args.out, args.topic, args.every, args.labels_topic, args.val, progress
        )
    print(summary(found, args.out))


def summary(found: Extracted, out: Path) -> str:
    """What came out, and what was left out, in words."""
    parts = [f"{out}: {found.train} images to train, {found.val} to val"]
    if found.kept:
        parts.append(f"{found.kept} were there already")
    if found.unlabelled:
        parts.append(f"{found.unlabelled} left out for want of labels")
    if found.malformed:
        parts.append(f"{found.malformed} malformed messages skipped")
    return ", ".join(parts)
