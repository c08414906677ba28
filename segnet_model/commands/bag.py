"""Make a recording of a folder of images."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.base.choices import STORAGES

EPILOG = """\
The images are taken in the order of their names. `ros2 bag play` and the node bag_player play the
result.

  segnet bag camvid/val --out camvid_val
  segnet bag camvid/val --labels camvid/valannot --out camvid_val_with_labels
  segnet bag my_images --fps 30 --compressed --topic /camera/image_raw/compressed --out drive
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", type=Path, help="with PNG or JPEG files")
    parser.add_argument("--out", type=Path, required=True, help="the rosbag2 folder to make")
    parser.add_argument("--topic", default="/camera/image_raw", help="(/camera/image_raw)")
    parser.add_argument("--fps", type=float, default=10.0, help="images a second (10)")
    parser.add_argument(
        "--compressed", action="store_true", help="put the files in as they are: CompressedImage"
    )
    parser.add_argument("--labels", type=Path, metavar="FOLDER", help="label images, same names")
    parser.add_argument("--labels-topic", default="/truth/labels", help="(/truth/labels)")
    parser.add_argument("--label-set", default="camvid", help="a name or YAML file (camvid)")
    parser.add_argument("--storage", choices=STORAGES, default="mcap", help="(mcap)")


def run(args: argparse.Namespace) -> None:
    """Write the recording with a progress bar."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.folder_to_bag import folder_to_bag
    from segnet_model.labels import LabelSet

    with progress_bar("writing") as progress:
        count = folder_to_bag(
            args.folder,
            args.out,
            args.topic,
            args.fps,
            args.compressed,
            args.labels,
            args.labels_topic,
            LabelSet.load(args.label_set),
            args.storage,
            progress,
        )
    print(f"{args.out}: {count} images on {args.topic}")
