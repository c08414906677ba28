"""The arguments of every command that says where the robot may drive."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace

from segnet_model.driving.settings import AnswerSettings, GroundSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them; the defaults are the node's."""
    usual = AnswerSettings()
    group = parser.add_argument_group("where the robot may drive")
    group.add_argument(
        "--max-uncertainty", type=float, default=usual.max_uncertainty, metavar="U",
        help="a pixel that is less sure is not drivable, 0 to 1 (%(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--min-area",
        type=float,
        default=usual.drivable_min_area,
        metavar="SHARE",
        help="of the image: smaller specks vanish, smaller holes are filled (%(default)s)",
    )
    group.add_argument(
        "--margin", type=int, default=usual.drivable_margin, metavar="PIXELS",
        help="to keep away from what is not drivable (%(default)s)",
    )  # fmt: skip


def settings(args: argparse.Namespace) -> AnswerSettings:
    """How answers are made into outputs, as the arguments say."""
    how = AnswerSettings(args.max_uncertainty, args.min_area, args.margin)
    return replace(how, base_frame=args.base_frame) if "base_frame" in args else how


# Help of each option of the ground, which all have the names of the node's parameters.
_GROUND = {
    "camera_height": ("M", "height above the ground; drivable_grid needs it"),
    "camera_forward": ("M", "distance before the robot's frame (%(default)s)"),
    "camera_left": ("M", "distance left of the robot's frame (%(default)s)"),
    "camera_pitch": ("RAD", "angle by which it looks down (%(default)s)"),
    "camera_roll": ("RAD", "angle by which it leans to its right (%(default)s)"),
    "camera_yaw": ("RAD", "angle by which it looks to the left (%(default)s)"),
    "rectified": ("", "the images are free of the distortion in camera_info"),
    "grid_resolution": ("M", "side of a cell (%(default)s)"),
    "grid_length": ("M", "reach forward (%(default)s)"),
    "grid_width": ("M", "width from right to left (%(default)s)"),
}


def add_ground_arguments(parser: argparse.ArgumentParser) -> None:
    """Add those that say where the camera is mounted, and which ground is mapped."""
    group = parser.add_argument_group("the camera on the robot, and the grid of the ground")
    for field in fields(GroundSettings):
        unit, text = _GROUND[field.name]
        option = f"--{field.name.replace('_', '-')}"
        if unit:
            group.add_argument(option, type=float, default=field.default, metavar=unit, help=text)
        else:
            group.add_argument(option, action="store_true", help=text)
    group.add_argument(
        "--base-frame", default=AnswerSettings().base_frame, metavar="NAME",
        help="the robot's frame, on the ground (%(default)s)",
    )  # fmt: skip


def ground_settings(args: argparse.Namespace) -> GroundSettings:
    """The camera's place and the grid, as the arguments say."""
    names = (field.name for field in fields(GroundSettings))
    return GroundSettings(**{name: getattr(args, name) for name in names})
