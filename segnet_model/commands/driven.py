"""Label a recording by where the robot drove, without a label by hand."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.errors import SettingsError
from segnet_model.base.tables import (
    DEFAULT_WEIGHTS,
    GRID,
    AnswerSettings,
    GroundOptions,
    NetworkSettings,
)
from segnet_model.commands import arguments, extract
from segnet_model.commands.places import add_weights
from segnet_model.commands.unused import Unused

if TYPE_CHECKING:
    from segnet_model.recordings.sense_settings import SenseSettings

EPILOG = f"""\
Where the robot's footprint lay, one can drive. This projects the footprint along the way, some
meters ahead and behind, into each image: these pixels are Drivable, but for those where the network
sees a thing before the ground. Where it is sure of a thing (a wall, a person, the sky), pixels are
Blocked. All others have no label. The result is a data set as of `segnet extract`, that
`segnet check` and `segnet train` read:

  segnet driven drive.mcap --footprint 0.6 0.5 --out yard
  segnet check yard
  segnet train yard --init {DEFAULT_WEIGHTS} --out runs/yard

The bag needs three things beside the images, which robots record anyway:

  camera_info       beside the images, or on the topic of --camera-info
  the way           nav_msgs/Odometry or geometry_msgs/PoseStamped (--odometry /odom), or tf from
                    the frame odom to base_link (--odom-frame, --base-frame)
  the camera's pose in /tf_static, or by hand: --camera-height 0.4 --camera-pitch 0.2

Odometry drifts: --drift 0.02 narrows the footprint by 2 cm on each side for each meter of the way
to it, and --reach ends it. What moves may have stood there before: --within ends it in time. Gaps
and jumps of odometry, and a robot that is lifted, end it too, and wheels that slip where --imu or
--compare says so.

Other sensors say where things stand, which is Blocked and never Drivable:

  --scan /scan      sensor_msgs/LaserScan: what stands there now, from the beam to 0.3 m below it;
                    the scanner's pose is in /tf_static, or --scan-pose X Y Z YAW
  --bumper /bumper  std_msgs/Bool, true while pressed, or std_msgs/Empty: the ground right before
                    the footprint; until it is released, odometry is not trusted

Look at OUT/driven.png, which shows the labels of twelve images, before you train.
"""
UNUSED = (
    arguments.MOUNTING,
    Unused(
        ("device", "precision", "engine"), lambda args: args.no_network,
        "is of the network, which --no-network leaves out; leave one of both away",
    ),
    Unused(
        ("odom_frame",), lambda args: bool(args.odometry),
        "is of the way in tf, and --odometry takes a topic; leave one of both away",
    ),
    Unused(
        ("scan_pose", "scan_reach"), lambda args: not args.scan,
        "is of --scan TOPIC; give that too, or leave it away",
    ),
    Unused(
        ("compare",), lambda args: args.compare in (args.odometry, args.odom_frame),
        "is the way itself; name another source of it, or leave it away",
    ),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("source", type=Path, help="a bag with images, camera_info and odometry")
    add_weights(parser, arguments.WEIGHTS, f"{DEFAULT_WEIGHTS}, which finds things")
    parser.add_argument(
        "--no-network", action="store_true",
        help="label only the ground that was driven over; things before it are not noticed. "
        "The default network still looks whether images are upright, unless --turned",
    )  # fmt: skip
    parser.add_argument(
        "--turned", action="store_true",
        help="the camera hangs upside down or on its side, and its pose says so; without, such "
        "images and poses are refused. The network knows upright images alone: --no-network",
    )  # fmt: skip
    names = ("device", "precision", "engine")
    options.add_arguments(parser, NetworkSettings, names=names)
    parser.add_argument("--out", type=Path, required=True, help="data set folder to write to")
    arguments.add_topic(parser)
    parser.add_argument(
        "--camera-info", metavar="TOPIC",
        help="CameraInfo topic (default: camera_info beside the images)",
    )  # fmt: skip
    _add_robot(parser.add_argument_group("robot and its way"))
    _add_senses(parser.add_argument_group("other sensors of the robot"))
    images = parser.add_argument_group("images")
    extract.add_thinning(images)
    extract.add_val(images)
    groups = {GRID: parser.add_argument_group("camera on the robot (default: from /tf_static)")}
    mounting = [
        name for name, each in options.options_of(GroundOptions).items()
        if each.group == GRID and name.startswith(("camera", "rectified"))
    ]  # fmt: skip
    options.add_arguments(parser, GroundOptions, groups, names=mounting)
    options.add_arguments(parser, AnswerSettings, groups, names=["base_frame"])


def _add_robot(group: argparse._ArgumentGroup) -> None:
    from segnet_model.driving.way import DrivenSettings

    usual, number = DrivenSettings(), arguments.number
    group.add_argument(
        "--footprint", type=number(0.05, 20), nargs=2, required=True, metavar=("LENGTH", "WIDTH"),
        help="of the robot on the ground in meters; a little less is safer",
    )  # fmt: skip
    group.add_argument(
        "--footprint-forward", type=number(-20, 20), default=0.0, metavar="M",
        help="distance of the footprint's middle before base_frame in meters (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "--odometry", metavar="TOPIC",
        help="Odometry or PoseStamped (default: the only Odometry of the bag, or else tf)",
    )  # fmt: skip
    group.add_argument(
        "--odom-frame", metavar="NAME",
        help="frame in tf that odometry starts in, to take the way from tf (default: odom)",
    )  # fmt: skip
    group.add_argument(
        "--reach", type=number(0.1, 100), default=usual.reach, metavar="M",
        help="meters of the way, ahead and behind, that label an image (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--within", type=number(0.1, 3600), default=usual.seconds, metavar="S",
        help="the same in seconds (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--margin", type=number(0, 1), default=usual.margin, metavar="M",
        help="meters by which the footprint is narrowed on each side (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--drift", type=number(0, 1), default=usual.drift, metavar="SHARE",
        help="further meters for each meter of the way: odometry's error (default: %(default)s)",
    )  # fmt: skip


def _add_senses(group: argparse._ArgumentGroup) -> None:
    from segnet_model.recordings.sense_settings import REACH

    number = arguments.number
    group.add_argument(
        "--scan", metavar="TOPIC", action="append",
        help="LaserScan, whose beams meet what stands there (may be repeated)",
    )  # fmt: skip
    group.add_argument(
        "--scan-pose", type=number(-100, 100), nargs=4, metavar=("X", "Y", "Z", "YAW"),
        help="of a level scanner in base_frame, meters and radians (default: from /tf_static)",
    )  # fmt: skip
    group.add_argument(
        "--scan-reach", type=number(0.1, 100), default=REACH, metavar="M",
        help="meters; beams that end further away are not used, as a robot that nods sees the "
        "ground there (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--bumper", metavar="TOPIC", action="append",
        help="Bool, true while pressed, or Empty for each bump (may be repeated)",
    )  # fmt: skip
    group.add_argument(
        "--imu", metavar="TOPIC",
        help="Imu: where its gyroscope says another turn than odometry, wheels slip, and the way "
        "ends",
    )  # fmt: skip
    group.add_argument(
        "--compare", metavar="SOURCE",
        help="a second source of the way for the same, from a camera or a map: a topic as of "
        "--odometry, or a frame in tf, as map",
    )  # fmt: skip


def _senses(args: argparse.Namespace) -> SenseSettings:
    from segnet_model.recordings.sense_settings import SenseSettings

    pose = tuple(args.scan_pose) if args.scan_pose else None
    if pose and len(args.scan) > 1:
        raise SettingsError("--scan-pose is of one scanner; record /tf_static, or name one --scan")
    return SenseSettings(
        tuple(args.scan or ()), pose, args.scan_reach, tuple(args.bumper or ()), args.imu,
        args.compare,
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Label with a progress bar; Ctrl-C ends it in good order."""
    from segnet_model.base.progress import stoppable_bar
    from segnet_model.datasets.extraction.settings import ExtractSettings
    from segnet_model.datasets.sources.folder import DRIVEN_SHEET
    from segnet_model.driving.driven import Footprint
    from segnet_model.driving.way import DrivenSettings
    from segnet_model.recordings.driven import RobotSettings, label_driven

    robot = RobotSettings(
        Footprint(args.footprint[0], args.footprint[1], args.footprint_forward),
        args.odometry, args.odom_frame, args.base_frame,
        arguments.ground_settings(args), args.camera_info,
        DrivenSettings(args.reach, args.within, args.margin, args.drift), _senses(args),
        args.turned,
    )  # fmt: skip
    images = ExtractSettings(
        (args.topic,) if args.topic else (), args.every, args.unlike, val=args.val
    )
    if args.no_network and args.weights:
        raise SettingsError(f"--no-network leaves {args.weights} out; leave one of both away")
    args.weights = args.weights or DEFAULT_WEIGHTS
    predictor = None if args.no_network else arguments.load_predictor(args)
    with stoppable_bar("labeling") as progress:
        found = label_driven(args.source, args.out, robot, predictor, images, progress)
    print(f"{args.out}: {found}; look at {args.out / DRIVEN_SHEET}")
