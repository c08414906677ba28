"""Make a recording of a folder of images, or of a video."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.base.choices import STORAGES

EPILOG = """\
The images of a folder are taken in the order of their names, f2 before f10; a video keeps its times
(pip install 'segnet_ros[video]'). `ros2 bag play` and the node bag_player play the result.

  segnet bag camvid/val --out camvid_val
  segnet bag camvid/val --labels camvid/valannot --out camvid_val_with_labels
  segnet bag drive.mp4 --compressed --topic /camera/image_raw/compressed --out drive
  segnet bag my_images --fps 30 --compressed --topic /camera/image_raw/compressed --out drive
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("source", type=Path, help="a folder of images, an image or a video")
    parser.add_argument("--out", type=Path, required=True, help="the rosbag2 folder to make")
    parser.add_argument("--topic", default="/camera/image_raw", help="(/camera/image_raw)")
    parser.add_argument("--fps", type=float, default=10.0, help="images a second of a folder (10)")
    parser.add_argument(
        "--compressed",
        action="store_true",
        help="put files in as they are, a video's frames as JPEG: CompressedImage",
    )
    parser.add_argument("--labels", type=Path, metavar="FOLDER", help="label images, same names")
    parser.add_argument("--labels-topic", default="/truth/labels", help="(/truth/labels)")
    parser.add_argument("--label-set", default="camvid", help="a name or YAML file (camvid)")
    parser.add_argument("--storage", choices=STORAGES, default="mcap", help="(mcap)")


def run(args: argparse.Namespace) -> None:
    """Write the recording with a progress bar."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.images_to_bag import images_to_bag
    from segnet_model.labels import LabelSet

    with progress_bar("writing") as progress:
        count = images_to_bag(
            args.source,
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
