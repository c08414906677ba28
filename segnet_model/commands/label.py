"""Add the node's topics to a recording, to images or to a video, without ROS."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.choices import KINDS, PREFIX, STORAGES, UNCERTAINTIES
from segnet_model.base.map_table import MapOptions
from segnet_model.base.tables import DEFAULT_WEIGHTS, NetworkSettings
from segnet_model.commands import arguments
from segnet_model.inference.outputs import DEFAULT_OUTPUTS, LATCHED, OUTPUTS

if TYPE_CHECKING:
    from segnet_model.base.progress import ShareDone
    from segnet_model.inference.predictor import Predictor
    from segnet_model.recordings.label_settings import LabelSettings

_HELP = {name: output.help for name, output in OUTPUTS.items()}
_HELP["drivable_map"] = "the ground around the robot, from all grids so far"
_HELP |= {name: text for name, (_, text) in LATCHED.items()}
_LIST = "\n".join(f"  {name:<20}{text}" for name, text in _HELP.items())
EPILOG = f"""\
The result is a new bag. All that is in the recording stays as it is, byte for byte. Each answer has
the header of its image and the time at which that was recorded, as if a node without delay had run
beside the recorder: `ros2 bag play`, Foxglove and RViz show images and answers together, and Nav2
can be tried on them.

  segnet label drive.mcap {DEFAULT_WEIGHTS} --out labeled
  segnet label drive runs/yard/weights.safetensors --topic /camera/image_raw --out labeled
  segnet label drive enet_camvid --topics mask uncertainty class_map --out labeled

Two cameras, one after the other:

  segnet label drive enet_camvid --topic /left/image --prefix /segmentation/left --out one
  segnet label one enet_camvid --topic /right/image --prefix /segmentation/right --out both

Images of a folder, an image or a video come into a new bag, with the answers. They are rgb8, which
is much for a long video; a topic that ends in /compressed takes JPEG. A video keeps its times, and
the images of a folder are a second apart; `segnet bag --fps` makes a bag of other times.

  segnet label drive.mp4 {DEFAULT_WEIGHTS} --topic /camera/image_raw/compressed --out labeled

The ground before the robot, as an OccupancyGrid, needs the camera's calibration in the recording
and its place on the robot. This comes from the recording's tf, or from you:

  segnet label drive enet_camvid --out labeled --base-frame base_footprint
  segnet label drive enet_camvid --out labeled --camera-height 1.2 --camera-pitch 0.1

Topics below the prefix ({" ".join(DEFAULT_OUTPUTS)} if none are named,
camera_info where the recording holds it, drivable_grid where the camera's place is known too, and
drivable_map where the robot's place in --map-frame is, by tf or --odometry):

{_LIST}

The bag appears when it is whole. After Ctrl-C, a full disk or a crash the same command goes on: the
answers so far are in a hidden file beside it, .OUT.answers, until then; remove that to start anew.
Images that cannot be decoded are copied and counted.
"""
UNUSED = (*arguments.PASSES, arguments.MOUNTING)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("source", type=Path, help=KINDS)
    parser.add_argument("--out", type=Path, required=True, help="rosbag2 folder to write")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the source and the output, as for `segnet fleet`."""
    arguments.add_network(parser, UNCERTAINTIES)
    arguments.add_drivable(parser)
    arguments.add_ground(parser)
    options.add_arguments(parser, MapOptions)
    parser.add_argument(
        "--topic",
        help="image topic (default: the only one of the bag, /camera/image_raw in a new bag)",
    )
    parser.add_argument(
        "--topics", nargs="+", choices=tuple(_HELP), metavar="NAME", help="topics to add; see below"
    )
    parser.add_argument(
        "--camera-info", metavar="TOPIC",
        help="CameraInfo topic (default: camera_info beside the images)",
    )  # fmt: skip
    parser.add_argument(
        "--prefix", default=PREFIX, help="namespace of the new topics (default: %(default)s)"
    )
    parser.add_argument(
        "--storage", choices=STORAGES,
        help="storage format of the new bag (default: that of the recording)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Label with a progress bar; after Ctrl-C, the same command goes on."""
    from segnet_model.base.progress import stoppable_bar
    from segnet_model.recordings.answer_store import path_beside

    label_settings(args)  # refuses before the network is loaded
    predictor = arguments.load_predictor(args)
    stopped = f"stopped; the same command goes on after the answers in {path_beside(args.out)}"
    if predictor.averages:
        stopped = f"stopped; {args.out} was not made, and temporal begins with the first image"
    with stoppable_bar("labeling", stopped) as progress:
        text = work(args, args.source, args.out, predictor, progress)
    print(text)


def label_settings(args: argparse.Namespace) -> LabelSettings:
    """The settings of a labeling; SettingsError where they cannot be."""
    from segnet_model.recordings.label_settings import LabelSettings

    return LabelSettings(
        args.topic, args.topics, args.prefix, args.storage,
        arguments.answer_settings(args), arguments.ground_settings(args), args.camera_info,
        options.from_arguments(MapOptions, args),
    )  # fmt: skip


def work(
    args: argparse.Namespace,
    source: Path,
    out: Path,
    predictor: Predictor,
    progress: ShareDone,
    pieces: Sequence[Path] = (),
) -> str:
    """Label a source; returns what was done, for people.

    Args:
        args: of the command.
        source: of the images.
        out: the bag to make.
        predictor: the network.
        progress: called with the share that is done.
        pieces: folders of `answer_piece`, in order, whose answers are taken.
    """
    from segnet_model.recordings.labeling import label_source

    settings, network = label_settings(args), options.from_arguments(NetworkSettings, args)
    found = label_source(source, out, predictor, args.weights, settings, progress, network, pieces)
    rate = (found.frames - found.resumed) / found.seconds
    before = f", {found.resumed} of them before it was stopped" if found.resumed else ""
    lines = [f"{out}: {found.frames} images on {found.topic} labeled{before}, {rate:.1f} a second"]
    for images, what in (
        (found.rejected, "could not be used"),
        (found.without_grid, "have no drivable_grid"),
        (found.without_map, "are not in drivable_map"),
        (found.distrusted, "have nothing drivable, as they are not to be trusted"),
    ):
        if len(images):
            lines.append(f"{len(images)} images {what}:\n{images}")
    return "\n".join(lines)
