"""Which other sensors of a robot are read; it imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

from dataclasses import dataclass

REACH = 5.0  # meters; further away, a robot that nods sees the ground


@dataclass(frozen=True)
class SenseSettings:
    """Topics and places of a robot's other sensors; by default it has none.

    Attributes:
        scans: topics of sensor_msgs/LaserScan.
        scan_pose: x, y, z and yaw of the scanner in the robot's frame, meters and radians; None
            takes it from /tf_static.
        scan_reach: meters; beams that end further away are not used.
        bumpers: topics of std_msgs/Bool or std_msgs/Empty.
        imu: topic of sensor_msgs/Imu, by which slip of the wheels is noticed.
        compare: a second source of the way for the same: a topic as of odometry, or a frame in tf,
            whose name does not begin with a slash.
    """

    scans: tuple[str, ...] = ()
    scan_pose: tuple[float, float, float, float] | None = None
    scan_reach: float = REACH
    bumpers: tuple[str, ...] = ()
    imu: str | None = None
    compare: str | None = None
