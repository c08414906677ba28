"""Render procedural drives, with exact truth, as a recording or a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.choices import STORAGES, WORLDS
from segnet_model.base.options import ABOVE_0, MANY
from segnet_model.commands import arguments
from segnet_model.commands.arguments import number
from segnet_model.commands.unused import Unused

if TYPE_CHECKING:
    from segnet_model.datasets.drives import DriveSettings
    from segnet_model.scenes import Surfaces

EPILOG = """\
A seed gives the same drive on every machine.

As a recording, with /camera/image_raw, /camera/camera_info, /truth/labels and /truth/pose:

  segnet render --seed 7 --seconds 10 --out drive
  segnet render --seed 7 --seconds 10 --depth --storage sqlite3 --out drive_with_depth

Its camera is 1.5 m above the ground and looks down by 0.05 radians, as the node's drivable_grid
wants to know:

  ros2 launch segnet_ros replay.launch.py bag:=drive image:=/camera/image_raw \\
    camera_height:=1.5 camera_pitch:=0.05

As a data set of 100 drives, seeds 7 to 106, the last tenth of them for validation:

  segnet render --seed 7 --drives 100 --frames 15 --dataset drives

For robots off the street: parks with lawns and ponds, trails through woods and over meadows, yards
between houses, a campus, and suburbs, whose streets have verges, driveways and front gardens. They
need the fourteen classes of `outdoor`:

  segnet render --world park --seed 7 --out park
  segnet render --world trail --drives 100 --dataset trails

To train a network for all of them; the seed of each drive chooses its world, a street or suburb
for four in ten (docs/worlds.md has the shares, and the rules of what is a path):

  segnet render --world mixed --drives 400 --dataset outdoors

A street's truth has CamVid's eleven classes, unless you ask for the fourteen of `outdoor`:

  segnet render --labels outdoor --dataset outdoor_drives

With other surfaces on roads, pavements, walls, roofs, fences and trees in each drive, so that a
network learns shapes and places instead of one asphalt:

  segnet render --textures drawn --dataset drives

With photographs of your own ground: take ten that look straight down, and put them in folders named
by class (Path, Pavement, Grass, ...) or by material (Gravel, Bricks, ...). What has no folder is
drawn; a folder of another name is refused with the list of names.

  segnet render --textures yard --dataset drives     # yard/Path/*.jpg, yard/Grass/*.jpg

Plain drives have sunny and overcast days, one camera, and no fault in it: what a network is
measured on. To train one for real cameras, vary both. Most drives stay ordinary days; some have
autumn leaves, snow, rain, dusk, fog, night, drops or dirt on the lens, a wrong exposure, motion
blur, noise, or a gray or poorly compressed image. Cameras are 0.2 to 1.8 m high, tilted, wide or
narrow, with distorted images of several sizes. The truth is exact in all of them:

  segnet render --conditions varied --cameras varied --dataset varied_drives

In a recording, /camera/camera_info has the intrinsics and the distortion of the drawn camera, and
the command prints its height, pitch and roll.

As a test of uncertainty, with a ball, a sofa, a cow and so on, which are of no class and which the
truth ignores:

  segnet render --seed 7 --unknown --out drive_with_surprises
"""
UNUSED = (
    Unused(
        ("drives", "frames", "val", "workers", "overwrite"), lambda args: bool(args.out),
        "is of a data set, and --out writes a recording; give --dataset, or leave it away",
    ),
    Unused(
        ("seconds", "depth", "storage"), lambda args: bool(args.folder),
        "is of a recording, and --dataset writes none; give --out, or leave it away",
    ),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--seed", type=number(0, MANY, int), default=0,
        help="random seed of the first drive (default: %(default)s)",
    )  # fmt: skip
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, metavar="BAG", help="rosbag2 folder to write")
    what.add_argument(
        "--dataset", dest="folder", type=Path, metavar="FOLDER", help="data set folder to write"
    )
    bag = parser.add_argument_group("recording")
    bag.add_argument(
        "--seconds", type=number(ABOVE_0, 86_400), default=10.0,
        help="duration of the drive in seconds (default: %(default)s)",
    )  # fmt: skip
    bag.add_argument(
        "--depth", action="store_true", help="record /truth/depth too; doubles the size"
    )
    bag.add_argument(
        "--storage", choices=STORAGES, default="mcap", help="storage format (default: %(default)s)"
    )
    data = parser.add_argument_group("data set")
    data.add_argument(
        "--drives", type=number(1, 1_000_000, int), default=100,
        help="number of drives (default: %(default)s)",
    )  # fmt: skip
    data.add_argument(
        "--frames", type=number(1, 1_000_000, int), default=15,
        help="frames per drive (default: %(default)s)",
    )  # fmt: skip
    data.add_argument(
        "--val", type=number(0, 1), default=0.1,
        help="share of the drives in val (default: %(default)s)",
    )  # fmt: skip
    data.add_argument(
        "--workers", type=number(1, 1000, int), help="processes (default: one per core)"
    )
    parser.add_argument(
        "--world", choices=WORLDS, default="street",
        help="where the drive leads: %(choices)s (default: %(default)s)", metavar="WORLD",
    )  # fmt: skip
    parser.add_argument(
        "--unknown", action="store_true", help="add objects that belong to no class"
    )
    parser.add_argument(
        "--labels", choices=("camvid", "outdoor"),
        help="label set of the truth (default: camvid on the street, else outdoor)",
    )  # fmt: skip
    parser.add_argument(
        "--textures", metavar="FOLDER",
        help="cover ground, walls and plants with photographs from folders by material or class; "
        "'drawn' needs no folder (default: plain streets; other worlds are drawn)",
    )  # fmt: skip
    parser.add_argument(
        "--conditions", choices=("plain", "varied"), default="plain",
        help="days with a good camera, or each drive its own light, weather and camera faults "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--cameras", choices=("default", "varied"), default="default",
        help="one camera, or each drive its own height, tilt, field of view and distortion "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--fps",
        type=number(0.001, 1000),
        help="frame rate in Hz (default: 10 for a recording, a frame every 8 m for a data set)",
    )
    arguments.add_overwrite(data)


def run(args: argparse.Namespace) -> None:
    """Render with a progress bar."""
    from segnet_model.datasets.drives import DriveSettings

    settings = DriveSettings(
        unknown=args.unknown, labels=args.labels, surfaces=_find_surfaces(args.textures),
        world=args.world, conditions=args.conditions, cameras=args.cameras,
    )  # fmt: skip
    write = _write_recording if args.out else _write_dataset
    write(args, settings)


def _write_recording(args: argparse.Namespace, settings: DriveSettings) -> None:
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.drives import IMAGE_TOPIC, write_drive

    with progress_bar("rendering") as progress:
        count = write_drive(
            args.out, args.seed, args.seconds, args.fps or 10.0, args.storage, args.depth,
            progress, settings,
        )  # fmt: skip
    print(f"{args.out}: {count} frames on {IMAGE_TOPIC}, the truth beside them")
    camera = settings.camera(args.seed)
    print(
        f"the camera: camera_height:={camera.mount_height:.3f} "
        f"camera_pitch:={camera.pitch:.3f} camera_roll:={camera.roll:.3f}"
    )


def _write_dataset(args: argparse.Namespace, settings: DriveSettings) -> None:
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.drives import write_dataset

    seeds = range(args.seed, args.seed + args.drives)
    with progress_bar("rendering") as progress:
        train, val = write_dataset(
            args.folder, seeds, args.frames, args.fps, args.val, args.workers, progress, settings
        )
    print(f"{args.folder}: {train} images to train, {val} to val")


def _find_surfaces(textures: str | None) -> Surfaces | None:
    from segnet_model.scenes import Surfaces

    if textures is None:
        return None
    return Surfaces.procedural() if textures == "drawn" else Surfaces.load(textures)
