"""Make a recording of a folder of images, or of a video."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.base.choices import STORAGES
from segnet_model.base.errors import SettingsError
from segnet_model.base.topics import info_topic
from segnet_model.commands.arguments import number

LABELS_TOPIC = "/truth/labels"
EPILOG = """\
The images of a folder are taken in the order of their names, f2 before f10; a video keeps its times
(pip install 'segnet_ros[video]'). `ros2 bag play` and the node bag_player play the result.

  segnet bag camvid/val --out camvid_val
  segnet bag camvid/val --labels camvid/valannot --out camvid_val_with_labels
  segnet bag drive.mp4 --compressed --topic /camera/image_raw/compressed --out drive
  segnet bag drive.mp4 --camera-info ost.yaml --out drive
  segnet bag my_images --fps 30 --compressed --topic /camera/image_raw/compressed --out drive
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("source", type=Path, help="a folder of images, an image or a video")
    parser.add_argument("--out", type=Path, required=True, help="rosbag2 folder to write")
    parser.add_argument(
        "--topic", default="/camera/image_raw", help="image topic (default: %(default)s)"
    )
    parser.add_argument(
        "--fps", type=number(0.001, 1000),
        help="rate of a folder's images in Hz (default: 10; a video keeps its times)",
    )  # fmt: skip
    parser.add_argument(
        "--compressed", action="store_true",
        help="store CompressedImage: files unchanged, frames of a video as JPEG",
    )  # fmt: skip
    parser.add_argument(
        "--camera-info", type=Path, metavar="FILE",
        help="calibration of the camera, the YAML that ROS's camera_calibration writes; goes to "
        "camera_info beside the images",
    )  # fmt: skip
    parser.add_argument(
        "--labels", type=Path, metavar="FOLDER", help="folder with label images of the same names"
    )
    parser.add_argument("--labels-topic", help=f"topic of --labels (default: {LABELS_TOPIC})")
    parser.add_argument(
        "--label-set", help="label set of --labels: a name or a YAML file (default: camvid)"
    )  # fmt: skip
    parser.add_argument(
        "--storage", choices=STORAGES, default="mcap", help="storage format (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Write the recording with a progress bar."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.images_to_bag import images_to_bag
    from segnet_model.labels import LabelSet

    if args.labels is None and (args.labels_topic or args.label_set):
        raise SettingsError("--labels-topic and --label-set are of --labels; give that too")
    labels = LabelSet.load(args.label_set or "camvid")
    topic = args.labels_topic or LABELS_TOPIC
    with progress_bar("writing") as progress:
        count = images_to_bag(
            args.source, args.out, args.topic, args.fps, args.compressed, args.labels,
            topic, labels, args.storage, progress, args.camera_info,
        )  # fmt: skip
    also = f", their calibration on {info_topic(args.topic)}" if args.camera_info else ""
    print(f"{args.out}: {count} images on {args.topic}{also}")
