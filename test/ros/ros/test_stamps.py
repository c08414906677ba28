"""Stamps as numbers."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time as Stamp

from segnet_ros.ros.stamps import nanoseconds, seconds

pytestmark = pytest.mark.ros


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (Stamp(sec=7, nanosec=250_000_000), 7_250_000_000),
        (Stamp(), 0),
        (Stamp(sec=-3, nanosec=500_000_000), -2_500_000_000),
        (Stamp(sec=2**31 - 1, nanosec=2**32 - 1), (2**31 - 1) * 10**9 + 2**32 - 1),
    ],
)
def test_any_stamp_is_a_number(stamp, expected):
    assert nanoseconds(stamp) == expected
    assert seconds(stamp) == (expected / 10**9 if expected else None)
