"""Messages of a robot's other sensors: laser scans, bumpers, gyroscopes."""

from __future__ import annotations

import numpy as np

from segnet_model.bags.messages import make_header, standard_types


def laser_scan(stamp, ranges, start, step, frame="laser", **changed):
    """A sensor_msgs/LaserScan of ranges (n,) in meters from an angle on, in steps in radians."""
    fields = {
        "angle_min": start, "angle_max": start + step * (len(ranges) - 1), "angle_increment": step,
        "time_increment": 0.0, "scan_time": 0.1, "range_min": 0.1, "range_max": 30.0, **changed,
    }  # fmt: skip
    return standard_types().types["sensor_msgs/msg/LaserScan"](
        header=make_header(stamp, frame), ranges=np.asarray(ranges, np.float32),
        intensities=np.empty(0, np.float32), **fields,
    )  # fmt: skip


def pressed(value):
    """A std_msgs/Bool."""
    return standard_types().types["std_msgs/msg/Bool"](data=value)


def bump():
    """A std_msgs/Empty."""
    return standard_types().types["std_msgs/msg/Empty"]()


def imu(stamp, rate, frame="imu", covariance=0.0):
    """A sensor_msgs/Imu that turns at a rate (3,), radians a second."""
    types = standard_types().types
    vector = types["geometry_msgs/msg/Vector3"]
    unknown = np.zeros(9)
    unknown[0] = covariance
    return types["sensor_msgs/msg/Imu"](
        header=make_header(stamp, frame),
        orientation=types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0),
        orientation_covariance=np.zeros(9), angular_velocity=vector(*map(float, rate)),
        angular_velocity_covariance=unknown, linear_acceleration=vector(x=0.0, y=0.0, z=9.8),
        linear_acceleration_covariance=np.zeros(9),
    )  # fmt: skip
