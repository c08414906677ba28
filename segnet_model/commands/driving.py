"""The arguments of every command that says where the robot may drive."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.tables import GRID, AnswerSettings, GroundOptions

if TYPE_CHECKING:
    from segnet_model.driving.settings import GroundSettings

_AREA = ("max_uncertainty", "drivable_min_area", "drivable_margin")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add those of the drivable area; the defaults are the node's."""
    options.add_arguments(parser, AnswerSettings, names=_AREA)


def add_ground_arguments(parser: argparse.ArgumentParser) -> None:
    """Add those of the camera's mounting and of the ground grid."""
    group = parser.add_argument_group("camera on the robot, and ground grid")
    groups = {GRID: group}
    options.add_arguments(parser, GroundOptions, groups, camera_height={"otherwise": "no grid"})
    options.add_arguments(parser, AnswerSettings, groups, names=["base_frame"])


def settings(args: argparse.Namespace) -> AnswerSettings:
    """How outputs are made of answers, as the arguments say."""
    return options.from_arguments(AnswerSettings, args)


def ground_settings(args: argparse.Namespace) -> GroundSettings:
    """The camera's mounting and the ground grid, as the arguments say."""
    from segnet_model.driving.settings import GroundSettings

    return options.from_arguments(GroundSettings, args)
