"""Options of the ground map, for the node `segmentation` and `segnet label`: a table.

Nothing heavy is imported, as in `tables`.
"""

from __future__ import annotations

from dataclasses import dataclass

from segnet_model.base.options import check_options, option
from segnet_model.base.tables import CONFIGURE, LIVE

MAP = "ground map"


@dataclass(frozen=True)
class MapOptions:
    """The map of the ground that is fused from the grids over time."""

    map_frame: str = option(
        "odom", "tf frame of the ground map, in which the robot moves without jumps.",
        applies=LIVE, group=MAP, metavar="NAME",
        fault=lambda name: "" if name else "it is empty; name a frame, as odom",
    )  # fmt: skip
    map_size: float = option(
        20.0,
        "Side of the ground map, a square around the robot, in meters. Its cells have "
        "grid_resolution.",
        applies=LIVE, group=MAP, limits=(1.0, 200.0), metavar="M",
    )  # fmt: skip
    map_memory: float = option(
        5.0, "Time in seconds for which ground stays free in the map that no camera sees.",
        applies=LIVE, group=MAP, limits=(0.1, 3600.0), metavar="S",
    )  # fmt: skip
    map_drift: float = option(
        0.01,
        "Error of the odometry as a share of the distance driven; ground this close to other "
        "ground is not free in the map.",
        applies=LIVE, group=MAP, limits=(0.0, 1.0), metavar="SHARE",
    )  # fmt: skip
    map_rate: float = option(
        5.0, "Rate in Hz at which the ground map is published.",
        applies=CONFIGURE, group=MAP, limits=(0.1, 100.0), metavar="HZ",
    )  # fmt: skip
    odometry: str = option(
        "", "Topic of the robot's nav_msgs/Odometry, for the ground map.",
        applies=CONFIGURE, group=MAP, otherwise="the robot's pose in map_frame comes from tf",
        metavar="TOPIC",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_options(self)
