"""Stamps of messages as numbers. rclpy's Time raises on a negative one, which anybody may send."""

from __future__ import annotations

from builtin_interfaces.msg import Time as Stamp

from segnet_model.base.units import NANOSECONDS


def nanoseconds(stamp: Stamp) -> int:
    """Since the epoch; 0 where there is no stamp, and less where a publisher is wrong."""
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)


def seconds(stamp: Stamp) -> float | None:
    """Since the epoch; None where there is no stamp."""
    return nanoseconds(stamp) / NANOSECONDS or None
