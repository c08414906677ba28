"""Add the node's topics to a copy of a recording, without ROS."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from segnet_model.base.choices import PREFIX, STORAGES
from segnet_model.commands import asking, driving
from segnet_model.inference.outputs import LATCHED, OUTPUTS, USUAL

_HELP = {name: output.help for name, output in OUTPUTS.items()}
_HELP |= {name: text for name, (_, text) in LATCHED.items()}
_LIST = "\n".join(f"  {name:<20}{text}" for name, text in _HELP.items())
EPILOG = f"""\
All that is in the recording stays as it is, byte for byte. Each answer has the header of its image
and the time at which that was recorded, as if a node without delay had run beside the recorder:
`ros2 bag play`, Foxglove and RViz show images and answers together, and Nav2 can be tried on them.

  segnet label drive.mcap segnet_basic_drives --out labelled
  segnet label drive runs/yard/weights.safetensors --topic /camera/image_raw --out labelled
  segnet label drive enet_camvid --topics mask uncertainty class_map --out labelled

Two cameras, one after the other:

  segnet label drive enet_camvid --topic /left/image --prefix /segmentation/left --out one
  segnet label one enet_camvid --topic /right/image --prefix /segmentation/right --out both

The ground before the robot, as an OccupancyGrid, needs the camera's calibration in the recording
and its place on the robot:

  segnet label drive enet_camvid --out labelled --camera-height 1.2 --camera-pitch 0.1

Topics below the prefix ({" ".join(USUAL)} if none are named,
camera_info where the recording holds it, and drivable_grid where --camera-height is given too):

{_LIST}

The bag appears when it is whole; Ctrl-C leaves nothing behind. Images that cannot be decoded are
copied and counted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("bag", type=Path, help="a rosbag2 folder, a .mcap or a .db3 file")
    asking.add_arguments(parser, ("none", "mc", "temporal"))
    driving.add_arguments(parser)
    driving.add_ground_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="the rosbag2 folder to make")
    parser.add_argument("--topic", help="of the images in a bag that has several")
    parser.add_argument(
        "--topics", nargs="+", choices=tuple(_HELP), metavar="NAME", help="what to add; see below"
    )
    parser.add_argument(
        "--camera-info", metavar="TOPIC",
        help="the camera's calibration (camera_info beside the images)",
    )  # fmt: skip
    parser.add_argument("--prefix", default=PREFIX, help="of the new topics (%(default)s)")
    parser.add_argument("--storage", choices=STORAGES, help="of the new bag (the recording's own)")


def run(args: argparse.Namespace) -> None:
    """Label with a progress bar; Ctrl-C leaves nothing behind."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.base.signals import stop_on_signals
    from segnet_model.recordings.labelling import LabelSettings, label_bag

    settings = LabelSettings(
        args.topic, args.topics, args.prefix, args.storage,
        driving.settings(args), driving.ground_settings(args), args.camera_info,
    )  # fmt: skip
    predictor = asking.load(args)
    with stop_on_signals() as should_stop, progress_bar("labelling") as bar:

        def progress(share: float) -> None:
            bar(share)
            if should_stop():
                raise KeyboardInterrupt

        try:
            found = label_bag(args.bag, args.out, predictor, args.weights, settings, progress)
        except KeyboardInterrupt:
            print(f"stopped; {args.out} was not made", file=sys.stderr)
            raise
    rate = found.frames / found.seconds
    print(f"{args.out}: {found.frames} images on {found.topic} labelled, {rate:.1f} a second")
    if len(found.rejected):
        print(f"{len(found.rejected)} images could not be used:\n{found.rejected}")
