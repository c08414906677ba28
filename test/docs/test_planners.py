"""The rule in docs/planners.md is run as it stands there."""

import math
import re
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("geometry_msgs.msg")
pytest.importorskip("segnet_ros.msg")
from segnet_ros.msg import SegmentationStats

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "planners.md").read_text()
NAV2 = ROOT / "config" / "nav2"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def speed():
    (code,) = blocks("python")
    names = {"__name__": "planners"}
    exec(compile(code, "docs/planners.md", "exec"), names)
    return names["speed"]


def stats(uncertainty=0.0, latency_ms=0.0, drivable=0.5):
    return SegmentationStats(
        mean_uncertainty=uncertainty, latency_ms=latency_ms, drivable_fraction=drivable
    )


def test_the_robot_slows_down_where_it_is_unsure_late_or_blocked(speed):
    assert speed(stats()) == 1.0
    assert speed(stats(uncertainty=0.2)) == pytest.approx(0.5)
    assert speed(stats(uncertainty=0.9)) == 0.0
    assert speed(stats(latency_ms=250.0)) == pytest.approx(0.75)
    assert speed(stats(latency_ms=5000.0)) == 0.0
    assert speed(stats(drivable=0.1)) == pytest.approx(0.5)
    assert speed(stats(drivable=0.0)) == 0.0


def test_the_settings_for_nav2_are_the_files_of_config():
    """Which test/ros/segmentation/node/test_nav2_files.py compares with the node."""
    shown = re.findall(r"```\{literalinclude\} \.\./config/nav2/(.*)\n", TEXT)
    assert sorted(shown) == sorted(path.name for path in NAV2.iterdir())
    assert not blocks("yaml")


def test_a_stamp_that_is_missing_stops_nobody_silently(speed):
    # max(0, nan) is 0 in Python, so that the robot stands still.
    assert not math.isnan(speed(stats(latency_ms=math.nan)))
